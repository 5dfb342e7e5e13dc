// Unit tests of a plugin, with any test framework: a fake host, and one instance of a driver on it, called
// through the very table that the real host calls, in C, C++ or what else it was written in.
//
// clang-format off
//   using namespace relance;
//   testkit::FakeHost host;
//   host.on_http = [](const sdk::HttpRequest &) { return testkit::replied(201, R"({"id": "m-1"})"); };
//   testkit::Instance plugin{relance_plugin_v1(0), host, R"({"url": "https://api.example.com"})"};
//   const auto outcome = plugin.send(testkit::TestMessage::to("+33612345678", "Bonjour"));
// clang-format on
#ifndef RELANCE_TESTKIT_HPP
#define RELANCE_TESTKIT_HPP

#include <relance/testkit/fake_host.hpp>
#include <relance/testkit/message.hpp>
#include <relance/webhook.hpp>

#include <future>
#include <thread>

namespace relance::testkit {

inline sdk::HttpReply replied(std::uint32_t status, std::string body = {}, sdk::HttpHeaders headers = {}) {
  return {.result = sdk::HttpReply::Result::replied,
          .status = status,
          .headers = std::move(headers),
          .body = std::move(body)};
}
inline sdk::HttpReply not_sent(std::string error = "could not connect") {
  return {.result = sdk::HttpReply::Result::not_sent, .error = std::move(error)};
}
inline sdk::HttpReply unknown(std::string error = "the connection ended before the reply") {
  return {.result = sdk::HttpReply::Result::unknown, .error = std::move(error)};
}

struct SettingsIssue {
  std::string path, message;
  bool is_fatal{false};
};

/// What create() says of these settings; nothing is started.
inline std::vector<SettingsIssue> check_settings(const relance_plugin *driver, const FakeHost &host,
                                                 const std::string &settings_json) {
  std::vector<SettingsIssue> issues;
  const relance_issue_sink sink{&issues, [](void *all, const relance_issue *issue) {
                                  static_cast<std::vector<SettingsIssue> *>(all)->push_back(
                                      {std::string{sdk::to_view(issue->path)},
                                       std::string{sdk::to_view(issue->message)}, issue->fatal != 0});
                                }};
  driver->create(host.raw(), RELANCE_LIT("test"), sdk::to_str(settings_json), &sink, nullptr);
  return issues;
}

/// An attempt that a poll is told of.
struct OpenAttempt {
  std::string key{};
  std::vector<std::string> refs{};
};

class Instance {
 public:
  /// Created and started, as the host does it; throws what was wrong with the settings.
  Instance(const relance_plugin *driver, FakeHost &host, std::string settings_json)
      : driver_(driver), host_(host), settings_(std::move(settings_json)), thread_([this] { serve(); }) {
    host_.deliver_reply = [this](sdk::Token token, sdk::HttpReply reply) {
      post([this, token, said = std::move(reply)] { give(token, said); });
    };
    std::vector<SettingsIssue> issues = check_settings(driver_, host_, settings_);
    on_thread([&] {
      const relance_issue_sink sink{nullptr, [](void *, const relance_issue *) {}};
      if (driver_->create(host_.raw(), RELANCE_LIT("test"), sdk::to_str(settings_), &sink, &instance_) ==
              RELANCE_OK &&
          driver_->start(instance_) != RELANCE_OK)
        fault_ = "start() failed";
    });
    if (instance_ == nullptr)
      fault_ = issues.empty() ? "create() failed" : "settings " + issues[0].path + ": " + issues[0].message;
    if (fault_.empty()) return;
    end();
    throw std::runtime_error(fault_);
  }
  Instance(const Instance &) = delete;
  Instance &operator=(const Instance &) = delete;
  ~Instance() { end(); }

  /// Hands over and returns the token at once.
  sdk::Token submit(TestMessage message) {
    auto &box = *boxes_.emplace_back(std::make_unique<MessageBox>(std::move(message), ++last_token_,
                                                                  host_.wall_ms(), host_.business_ms()));
    post([this, raw = box.raw()] { driver_->submit(instance_, &raw, 1); });
    return box.raw()->token;
  }
  /// Hands over and waits for the end.
  sdk::Outcome send(TestMessage message) { return host_.outcome_of(submit(std::move(message))); }

  /// Of these operations `from` is the sender that they carry; null: none.
  sdk::Outcome commit(const std::vector<std::string> &refs, const std::string &key = {},
                      const relance_sender *from = nullptr) {
    const auto views = to_strs(refs);
    relance_commit request{};
    request.idempotency_key = sdk::to_str(key);
    request.sender = from;
    return ask(request, views, driver_->commit, [&] { return host_.outcome_of(request.token); });
  }
  sdk::Outcome query(const std::string &key, const std::vector<std::string> &refs,
                     const relance_sender *from = nullptr) {
    const auto views = to_strs(refs);
    relance_query request{};
    request.idempotency_key = sdk::to_str(key);
    request.sender = from;
    return ask(request, views, driver_->query, [&] { return host_.outcome_of(request.token); });
  }
  sdk::Recalled recall(const std::vector<std::string> &refs, const std::string &key = {},
                       const relance_sender *from = nullptr) {
    const auto views = to_strs(refs);
    relance_recall request{};
    request.idempotency_key = sdk::to_str(key);
    request.sender = from;
    return ask(request, views, driver_->recall, [&] { return host_.recalled(request.token); });
  }
  /// One draft, by all its references.
  sdk::Discarded discard(const std::vector<std::string> &refs, const std::string &key = {},
                         const relance_sender *from = nullptr) {
    const auto views = to_strs(refs);
    relance_discard request{};
    request.idempotency_key = sdk::to_str(key);
    request.sender = from;
    return ask(request, views, driver_->discard, [&] { return host_.discarded(request.token); });
  }
  sdk::Parsed parse(const std::string &kind, const std::string &bytes) {
    relance_raw raw{};
    raw.size = sizeof raw;
    raw.token = ++last_token_;
    raw.kind = sdk::to_str(kind);
    raw.bytes = sdk::to_str(bytes);
    raw.received_at_ms = host_.wall_ms();
    const relance_raw *pointer{&raw};
    on_thread([&] { driver_->parse(instance_, &pointer, 1); });
    return host_.parsed(raw.token);
  }
  /// `open`: the attempts whose last receipt has not come, for a driver that asks to be told of them.
  sdk::Polled poll(const std::string &cursor, const std::vector<OpenAttempt> &open = {}) {
    std::deque<relance_open_ref> raws;
    std::deque<std::vector<relance_str>> refs;
    std::vector<const relance_open_ref *> pointers;
    for (const auto &attempt : open) {
      auto &raw = raws.emplace_back();
      raw.size = sizeof raw;
      raw.idempotency_key = sdk::to_str(attempt.key);
      raw.refs = refs.emplace_back(to_strs(attempt.refs)).data();
      raw.ref_count = attempt.refs.size();
      raw.accepted_at_ms = host_.business_ms();
      pointers.push_back(&raw);
    }
    relance_poll request{};
    request.open = pointers.data();
    request.open_count = pointers.size();
    request.size = sizeof request;
    request.token = ++last_token_;
    request.cursor = sdk::to_str(cursor);
    on_thread([&] { driver_->poll(instance_, &request); });
    return host_.polled(request.token);
  }
  sdk::Fetched fetch(const std::string &reference) {
    const auto *source = static_cast<const relance_evidence_source *>(
        driver_->extension == nullptr ? nullptr : driver_->extension(instance_, RELANCE_EVIDENCE_ID));
    if (source == nullptr) throw std::runtime_error("the plugin fetches no evidence");
    relance_evidence_fetch request{};
    request.size = sizeof request;
    request.token = ++last_token_;
    request.reference = sdk::to_str(reference);
    const relance_evidence_fetch *pointer{&request};
    on_thread([&] { source->fetch(instance_, &pointer, 1); });
    return host_.fetched(request.token);
  }
  void stored(const std::vector<sdk::Token> &tokens) {
    on_thread([&] { driver_->stored(instance_, tokens.data(), tokens.size()); });
  }
  void room() {
    on_thread([&] { driver_->room(instance_); });
  }
  void wake() {
    on_thread([&] { driver_->wake(instance_); });
  }
  sdk::Verdict authenticate(const sdk::WebhookRequest &request, sdk::WebhookAnswer *answer = nullptr) {
    std::vector<relance_kv> headers;
    for (const auto &[name, value] : request.headers)
      headers.push_back({sdk::to_str(name), sdk::to_str(value)});
    relance_http_request raw{};
    raw.size = sizeof raw;
    raw.method = sdk::to_str(request.method);
    raw.url = sdk::to_str(request.url);
    raw.remote_address = sdk::to_str(request.remote_address);
    raw.headers = headers.data();
    raw.header_count = headers.size();
    raw.body = sdk::to_str(request.body);
    raw.received_at_ms = request.received_at_ms == 0 ? host_.wall_ms() : request.received_at_ms;
    const relance_http_sink sink{answer, [](void *out, const relance_http_response *response) {
                                   if (out == nullptr) return;
                                   auto &said = *static_cast<sdk::WebhookAnswer *>(out);
                                   said.status = response->status;
                                   said.body = sdk::to_view(response->body);
                                 }};
    return static_cast<sdk::Verdict>(driver_->authenticate(instance_, &raw, &sink));
  }
  /// As the host calls it when it stops the instance; what is open must end soon.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds{10}) {
    if (!std::exchange(is_stopped_, true))
      on_thread([&] { driver_->stop(instance_, static_cast<std::uint32_t>(grace.count())); });
  }
  [[nodiscard]] const relance_traits &traits() const { return *driver_->traits(instance_); }

 private:
  static std::vector<relance_str> to_strs(const std::vector<std::string> &texts) {
    std::vector<relance_str> views;
    for (const auto &text : texts) views.push_back(sdk::to_str(text));
    return views;
  }
  template <class C, class F, class W>
  std::invoke_result_t<W &> ask(C &request, const std::vector<relance_str> &refs, F function, W &&wait) {
    request.size = sizeof request;
    request.token = ++last_token_;
    request.refs = refs.data();
    request.ref_count = refs.size();
    const C *pointer{&request};
    on_thread([&] { function(instance_, &pointer, 1); });
    return wait();
  }
  void give(sdk::Token token, const sdk::HttpReply &said) {
    if (instance_ == nullptr || driver_->extension == nullptr) return;
    const auto *client =
        static_cast<const relance_http_client *>(driver_->extension(instance_, RELANCE_HTTP_ID));
    if (client == nullptr) return;
    std::vector<relance_kv> headers;
    for (const auto &[name, value] : said.headers) headers.push_back({sdk::to_str(name), sdk::to_str(value)});
    relance_http_reply reply{};
    reply.size = sizeof reply;
    reply.result = static_cast<std::uint32_t>(said.result);
    reply.token = token;
    reply.status = said.status;
    reply.headers = headers.data();
    reply.header_count = headers.size();
    reply.body = sdk::to_str(said.body);
    reply.error = sdk::to_str(said.error);
    const relance_http_reply *pointer{&reply};
    client->replied(instance_, &pointer, 1);
  }

  void end() {
    if (!thread_.joinable()) return;
    if (instance_ != nullptr) {
      if (fault_.empty()) stop();
      // On that thread: a reply that came during destroy() is given next, and must find nobody.
      on_thread([&] { driver_->destroy(std::exchange(instance_, nullptr)); });
    }
    post({});
    thread_.join();
    host_.deliver_reply = nullptr;
  }
  void post(std::function<void()> call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
    changed_.notify_one();
  }
  void on_thread(const std::function<void()> &call) {
    std::promise<void> done;
    post([&] {
      call();
      done.set_value();
    });
    done.get_future().wait();
  }
  void serve() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !calls_.empty(); });
      const auto call = std::move(calls_.front());
      calls_.pop_front();
      lock.unlock();
      if (!call) return;
      call();
    }
  }

  const relance_plugin *driver_;
  FakeHost &host_;
  std::string settings_, fault_;
  relance_instance *instance_{nullptr};
  bool is_stopped_{false};
  sdk::Token last_token_{0};
  std::vector<std::unique_ptr<MessageBox>> boxes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> calls_;
  std::thread thread_;  // last: it uses what stands above
};

}  // namespace relance::testkit
#endif
