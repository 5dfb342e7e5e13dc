// A host for unit tests: keeps whatever a plugin says, answers HTTP from a lambda, has the clocks that the
// test sets. Its functions come from any thread, as those of the real host.
#ifndef RELANCE_TESTKIT_FAKE_HOST_HPP
#define RELANCE_TESTKIT_FAKE_HOST_HPP

#include <relance/http.hpp>
#include <relance/proof.hpp>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>

namespace relance::testkit {

struct LogLine {
  std::int32_t level{0};
  std::string text;
  std::map<std::string, std::string> fields;
};
struct HealthReport {
  sdk::HealthLevel level{sdk::HealthLevel::up};
  std::string code, text;
  std::int64_t retry_at_ms{0};
};

class FakeHost {
 public:
  FakeHost() {
    face_.table.size = sizeof face_.table;
    face_.table.abi_minor = RELANCE_ABI_MINOR;
    face_.self = this;
    fill(face_.table);
  }
  FakeHost(const FakeHost &) = delete;
  FakeHost &operator=(const FakeHost &) = delete;

  /// What the provider's API answers; runs on the plugin's own thread. Unset: no byte leaves the host.
  std::function<sdk::HttpReply(const sdk::HttpRequest &)> on_http{};
  /// The provider's answers are lost: a call ends only when the plugin cancels it, as unknown.
  std::atomic<bool> loses_replies{false};
  std::string webhook_url{};                      ///< empty: no listener
  std::atomic<std::size_t> inbound_room{10'000};  ///< so many raw items are taken in all

  void set_wall_ms(std::int64_t now) { wall_ms_ = now; }
  void set_business_ms(std::int64_t now) { business_ms_ = now; }
  [[nodiscard]] std::int64_t wall_ms() const { return wall_ms_; }
  [[nodiscard]] std::int64_t business_ms() const { return business_ms_; }

  /// Waits until `fact` returns something; throws when it does not within the patience of a test.
  template <class F>
  auto wait(const char *what, F &&fact) {
    std::unique_lock lock(mutex_);
    decltype(fact()) found{};
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [&] { return static_cast<bool>(found = fact()); }))
      throw std::runtime_error(std::string{"did not come: "} + what);
    return found;
  }
  sdk::Outcome outcome_of(sdk::Token token) {
    return *wait("the end of a message", [&] { return find(outcomes_, token); });
  }
  sdk::Recalled recalled(sdk::Token token) {
    return *wait("the end of a recall", [&] { return find(recalled_, token); });
  }
  sdk::Discarded discarded(sdk::Token token) {
    return *wait("the end of a discard", [&] { return find(discarded_, token); });
  }
  sdk::Parsed parsed(sdk::Token token) {
    return *wait("the end of a parse", [&] { return find(parsed_, token); });
  }
  sdk::Polled polled(sdk::Token token) {
    return *wait("the end of a poll", [&] { return find(polled_, token); });
  }
  sdk::Fetched fetched(sdk::Token token) {
    return *wait("the end of a fetch", [&] { return find(fetched_, token); });
  }
  /// How often tokens were ended, of whatever kind; more than tokens were given is a fault of the plugin.
  std::size_t end_count() {
    return locked([&] { return end_count_; });
  }
  std::vector<sdk::Inbound> inbound() {
    return locked([&] { return inbound_; });
  }
  /// For facts that wait() looks at.
  [[nodiscard]] std::size_t inbound_unlocked() const { return inbound_.size(); }
  /// How often a raw item found no room; an item offered again counts again.
  [[nodiscard]] std::size_t refused_inbound_unlocked() const { return refused_inbound_; }
  /// Waits for a line of the log that has these words in its text.
  void await_log(std::string_view words) {
    wait("a line of the log", [&] {
      return std::any_of(log_.begin(), log_.end(),
                         [&](const LogLine &line) { return line.text.find(words) != line.text.npos; });
    });
  }
  std::vector<LogLine> log() {
    return locked([&] { return log_; });
  }
  std::vector<HealthReport> health() {
    return locked([&] { return health_; });
  }
  std::vector<std::uint32_t> credits() {
    return locked([&] { return credits_; });
  }
  std::map<std::string, double> metrics() {
    return locked([&] { return metrics_; });
  }
  std::map<std::string, std::string> state() {
    return locked([&] { return state_; });
  }
  std::optional<std::uint32_t> wake_after_ms() {
    return locked([&] { return wake_after_ms_; });
  }

  [[nodiscard]] const relance_host *raw() const { return &face_.table; }
  /// Where replies of HTTP go: set by the instance that has this host.
  std::function<void(sdk::Token, sdk::HttpReply)> deliver_reply{};

 private:
  struct Face {  // what the plugin holds is &table
    relance_host table{};
    FakeHost *self{nullptr};
  };
  static FakeHost &self(const relance_host *host) {
    return *reinterpret_cast<const Face *>(host)->self;  // the first member
  }
  template <class F>
  std::invoke_result_t<F &> locked(F &&look) {
    const std::lock_guard lock(mutex_);
    return look();
  }
  template <class F>
  void note(F &&change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  template <class M>
  static std::optional<typename M::mapped_type> find(const M &map, sdk::Token token) {
    const auto found = map.find(token);
    return found == map.end() ? std::nullopt : std::optional{found->second};
  }
  static std::string own(relance_str text) { return std::string{sdk::to_view(text)}; }
  static std::optional<sdk::Price> own(const relance_price *price) {
    if (price == nullptr) return std::nullopt;
    return sdk::Price{price->micro_units, own(price->currency)};
  }
  static std::int64_t copy(std::string_view value, void *buffer, std::size_t cap) {
    if (value.size() <= cap) std::copy(value.begin(), value.end(), static_cast<char *>(buffer));
    return static_cast<std::int64_t>(value.size());
  }

  static sdk::Outcome to_outcome(const relance_result &r) {
    sdk::Outcome outcome{.kind = static_cast<sdk::OutcomeKind>(r.outcome),
                         .failure = static_cast<sdk::FailureClass>(r.failure),
                         .code = own(r.code),
                         .text = own(r.text),
                         .retry_after_ms = r.retry_after_ms,
                         .whole_instance = (r.flags & RELANCE_RESULT_WHOLE_INSTANCE) != 0,
                         .price = own(r.price),
                         .part_count = r.part_count};
    for (std::size_t i{0}; i < r.ref_count; ++i) outcome.refs.push_back(own(r.refs[i]));
    return outcome;
  }
  static sdk::Receipt to_receipt(const relance_receipt &r) {
    sdk::Receipt receipt{.ref = own(r.ref),
                         .idempotency_key = own(r.idempotency_key),
                         .part_index = r.part_index,
                         .part_count = r.part_count,
                         .kind = static_cast<sdk::ReceiptKind>(r.kind),
                         .is_final = (r.flags & RELANCE_RECEIPT_FINAL) != 0,
                         .failure = static_cast<sdk::FailureClass>(r.failure),
                         .code = own(r.code),
                         .text = own(r.text),
                         .provider_time_ms = r.provider_time_ms,
                         .price = own(r.price)};
    for (std::size_t i{0}; i < r.evidence_count; ++i) receipt.evidence.push_back(to_evidence(*r.evidence[i]));
    return receipt;
  }
  static sdk::Evidence to_evidence(const relance_evidence &e) {
    return {own(e.media_type), own(e.file_name), own(e.bytes), own(e.reference)};
  }
  static sdk::Reply to_reply(const relance_reply &r) {
    return {.kind = static_cast<sdk::ReplyKind>(r.kind),
            .from = own(r.from),
            .to = own(r.to),
            .subject = own(r.subject),
            .text = own(r.text),
            .ref = own(r.ref),
            .idempotency_key = own(r.idempotency_key),
            .amount_minor = r.amount_minor,
            .currency = own(r.currency),
            .date_days = r.date_days};
  }
  static sdk::Parsed to_parsed(const relance_parsed &p) {
    sdk::Parsed parsed{.status = static_cast<sdk::Parsed::Status>(p.status), .error = own(p.error)};
    for (std::size_t i{0}; i < p.receipt_count; ++i) parsed.receipts.push_back(to_receipt(*p.receipts[i]));
    for (std::size_t i{0}; i < p.reply_count; ++i) parsed.replies.push_back(to_reply(*p.replies[i]));
    return parsed;
  }
  static sdk::Fetched to_fetched(const relance_evidence_fetched &f) {
    sdk::Fetched fetched{.status = static_cast<sdk::Fetched::Status>(f.status),
                         .error = own(f.error),
                         .retry_after_ms = f.retry_after_ms};
    if (f.document != nullptr) fetched.document = to_evidence(*f.document);
    return fetched;
  }
  static sdk::HttpRequest to_request(const relance_http_call &call) {
    sdk::HttpRequest request{own(call.method), own(call.url), {}, own(call.body), call.not_after_ms, {}};
    for (std::size_t i{0}; i < call.header_count; ++i)
      request.headers.emplace_back(own(call.headers[i].key), own(call.headers[i].value));
    return request;
  }

  void add_inbound(const relance_inbound &in) {
    inbound_.push_back({in.token, own(in.kind), own(in.name), own(in.bytes), in.received_at_ms, in.cause});
  }

  static const relance_http *http_table() {
    static const relance_http table{
        sizeof table, 0,
        [](const relance_host *host, const relance_http_call *call) -> relance_status {
          auto &me = self(host);
          const auto request = to_request(*call);
          auto reply = me.on_http ? me.on_http(request)
                                  : sdk::HttpReply{.result = sdk::HttpReply::Result::not_sent,
                                                   .error = "could not connect: this test answers no HTTP"};
          if (me.deliver_reply && !me.loses_replies) me.deliver_reply(call->token, std::move(reply));
          return RELANCE_OK;
        },
        [](const relance_host *host, relance_token token) {
          auto &me = self(host);
          if (me.deliver_reply && me.loses_replies) me.deliver_reply(token, {.error = "cancelled"});
        }};
    return &table;
  }
  static const relance_evidence_store *evidence_table() {
    static const relance_evidence_store table{
        sizeof table, 0,
        [](const relance_host *host, const relance_evidence_fetched *const *results, std::size_t count) {
          auto &me = self(host);
          me.note([&] {
            for (std::size_t i{0}; i < count; ++i, ++me.end_count_)
              me.fetched_[results[i]->token] = to_fetched(*results[i]);
          });
        }};
    return &table;
  }

  static void fill(relance_host &t) {
    fill_ends(t);
    t.inbound = [](const relance_host *host, const relance_inbound *const *batch,
                   std::size_t count) -> std::size_t {
      auto &me = self(host);
      std::size_t taken{0};
      me.note([&] {
        while (taken < count && me.inbound_.size() < me.inbound_room) me.add_inbound(*batch[taken++]);
        me.refused_inbound_ += count - taken;
      });
      return taken;
    };
    t.ready = [](const relance_host *host, std::uint32_t credit) {
      self(host).note([&] { self(host).credits_.push_back(credit); });
    };
    t.health = [](const relance_host *host, const relance_health *h) {
      self(host).note([&] {
        self(host).health_.push_back(
            {static_cast<sdk::HealthLevel>(h->level), own(h->code), own(h->text), h->retry_at_ms});
      });
    };
    t.wake = [](const relance_host *host, std::uint32_t after_ms) {
      self(host).note([&] { self(host).wake_after_ms_ = after_ms; });
    };
    t.log = [](const relance_host *host, std::int32_t level, relance_str text, const relance_kv *fields,
               std::size_t count) {
      LogLine line{level, own(text), {}};
      for (std::size_t i{0}; i < count; ++i) line.fields[own(fields[i].key)] = own(fields[i].value);
      self(host).note([&] { self(host).log_.push_back(std::move(line)); });
    };
    t.metric = [](const relance_host *host, std::uint32_t kind, relance_str name, double value,
                  const relance_kv *, std::size_t) {
      self(host).note([&] {
        auto &metric = self(host).metrics_[own(name)];
        metric = kind == RELANCE_METRIC_ADD ? metric + value : value;
      });
    };
    t.state_get = [](const relance_host *host, relance_str key, void *buffer,
                     std::size_t cap) -> std::int64_t {
      return self(host).locked([&]() -> std::int64_t {
        const auto found = self(host).state_.find(own(key));
        return found == self(host).state_.end() ? -1 : copy(found->second, buffer, cap);
      });
    };
    t.state_put = [](const relance_host *host, relance_str key, relance_str value) -> relance_status {
      self(host).note([&] {
        if (value.len == 0)
          self(host).state_.erase(own(key));
        else
          self(host).state_[own(key)] = own(value);
      });
      return RELANCE_OK;
    };
    t.business_ms = [](const relance_host *host) -> std::int64_t { return self(host).business_ms_; };
    t.wall_ms = [](const relance_host *host) -> std::int64_t { return self(host).wall_ms_; };
    t.extension = [](const relance_host *, const char *id) -> const void * {
      const std::string_view name{id};
      if (name == RELANCE_HTTP_ID) return http_table();
      return name == RELANCE_EVIDENCE_ID ? evidence_table() : nullptr;
    };
    t.webhook_url = [](const relance_host *host, void *buffer, std::size_t cap) -> std::int64_t {
      return copy(self(host).webhook_url, buffer, cap);
    };
  }
  static void fill_ends(relance_host &t) {
    t.complete = [](const relance_host *host, const relance_result *const *results, std::size_t count) {
      auto &me = self(host);
      me.note([&] {
        for (std::size_t i{0}; i < count; ++i, ++me.end_count_)
          me.outcomes_[results[i]->token] = to_outcome(*results[i]);
      });
    };
    t.recalled = [](const relance_host *host, const relance_recalled *const *results, std::size_t count) {
      auto &me = self(host);
      me.note([&] {
        for (std::size_t i{0}; i < count; ++i, ++me.end_count_)
          me.recalled_[results[i]->token] = {static_cast<sdk::RecallKind>(results[i]->kind),
                                             own(results[i]->text)};
      });
    };
    t.discarded = [](const relance_host *host, const relance_discarded *const *results, std::size_t count) {
      auto &me = self(host);
      me.note([&] {
        for (std::size_t i{0}; i < count; ++i, ++me.end_count_)
          me.discarded_[results[i]->token] = {static_cast<sdk::DiscardKind>(results[i]->kind),
                                              own(results[i]->text)};
      });
    };
    t.parsed = [](const relance_host *host, const relance_parsed *const *results, std::size_t count) {
      auto &me = self(host);
      me.note([&] {
        for (std::size_t i{0}; i < count; ++i, ++me.end_count_)
          me.parsed_[results[i]->token] = to_parsed(*results[i]);
      });
    };
    t.polled = [](const relance_host *host, const relance_polled *p) {
      auto &me = self(host);
      me.note([&] {
        ++me.end_count_;
        me.polled_[p->token] = {
            .cursor = own(p->cursor), .error = own(p->error), .next_poll_ms = p->next_poll_ms};
      });
    };
  }

  Face face_;
  std::atomic<std::int64_t> wall_ms_{1'780'000'000'000},
      business_ms_{1'780'000'000'000};  ///< a day in May 2026
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<sdk::Token, sdk::Outcome> outcomes_;
  std::map<sdk::Token, sdk::Recalled> recalled_;
  std::map<sdk::Token, sdk::Discarded> discarded_;
  std::map<sdk::Token, sdk::Parsed> parsed_;
  std::map<sdk::Token, sdk::Polled> polled_;
  std::map<sdk::Token, sdk::Fetched> fetched_;
  std::size_t end_count_{0};
  std::vector<sdk::Inbound> inbound_;
  std::size_t refused_inbound_{0};
  std::vector<LogLine> log_;
  std::vector<HealthReport> health_;
  std::vector<std::uint32_t> credits_;
  std::map<std::string, double> metrics_;
  std::map<std::string, std::string> state_;
  std::optional<std::uint32_t> wake_after_ms_;
};

}  // namespace relance::testkit
#endif
