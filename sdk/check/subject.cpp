#include "sdk/check/subject.hpp"

#include "sdk/check/handed_over.hpp"
#include "sdk/check/test.hpp"
#include "sdk/check/verdict.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <cxxabi.h>
#include <exception>
#include <pthread.h>
#include <thread>

namespace relance::check {
namespace {

constexpr std::size_t kTightMax{64};          ///< messages at once with a guard page for each thing
constexpr std::size_t kDefaultInFlight{256};  ///< what a host hands over where traits say 0
constexpr const char *kCallLife{" was used after the call had returned"};
constexpr const char *kTokenLife{" was used after its token had ended"};

struct Guarded {
  explicit Guarded(const char *life = kCallLife) : arena(life, Arena::Style::tight) {}
  Arena arena;
};

void report_issue(void *context, const relance_issue *issue) {
  if (!has_size(issue->size, sizeof *issue, "relance_issue")) return;
  static_cast<std::vector<SaidIssue> *>(context)->push_back(
      {issue->fatal != 0, copy_text(issue->path, "relance_issue.path"),
       copy_text(issue->message, "relance_issue.message")});
}

std::vector<relance_str> place_all(const std::vector<std::string> &texts, Arena &arena, const char *what) {
  std::vector<relance_str> list;
  for (const auto &text : texts) list.push_back(arena.text(text, what));
  return list;
}

std::string what_was_thrown() {
  const auto *type = abi::__cxa_current_exception_type();
  try {
    throw;
  } catch (const std::exception &e) {
    return std::string(type != nullptr ? type->name() : "") + ": " + e.what();
  } catch (...) {
    return type != nullptr ? type->name() : "something foreign";
  }
}

}  // namespace

Subject::Subject(const relance_plugin *plugin, Options options)
    : plugin_(plugin),
      options_(std::move(options)),
      host_(std::make_unique<RecordingHost>(options_.host, plugin->descriptor->capabilities)) {}

Subject::~Subject() {
  if (instance_ == nullptr) return;
  if (is_started_ && !is_stopped_) stop();
  destroy();
}

void Subject::call(const char *name, const std::string &said, const std::function<void()> &run) {
  step(said.empty() ? std::string(name) + "()" : said);
  const auto watched = [&] {
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    const auto began = Clock::now();
    try {
      run();
    } catch (...) {
      finding(std::string("an exception left ") + name + "(): " + what_was_thrown(),
              "catch everything inside each function of the table (relance/channel.hpp does): no exception "
              "passes the border",
              "R5");
    }
    const std::chrono::duration<double, std::milli> took{Clock::now() - began};
    durations_[name].push_back(took.count());
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (int signal{1}; signal < SIGRTMAX; ++signal)
      if (sigismember(&before, signal) != sigismember(&after, signal)) {
        finding(std::string(name) + "() came back with signal " + std::to_string(signal) + " (" +
                    ::strsignal(signal) + (sigismember(&after, signal) == 1 ? ") blocked" : ") unblocked"),
                "leave the masks of the host's threads alone; block signals only in threads of your own",
                "R5");
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        break;
      }
  };
  if (options_.changes_threads) {
    std::thread(watched).join();
  } else {
    watched();
  }
  step("waiting after " + (said.empty() ? std::string(name) + "()" : said));
}

relance_status Subject::build(relance_instance **out) {
  relance_status status{RELANCE_E_INTERNAL};
  issues_.clear();
  Guarded memory;
  const auto name = memory.arena.text("check", "create()'s instance_name");
  const auto settings = memory.arena.text(options_.settings, "create()'s settings_json");
  const relance_issue_sink sink{&issues_, report_issue};
  const auto *placed = memory.arena.put(sink, "relance_issue_sink");
  memory.arena.seal();
  call("create", out == nullptr ? "create() that only checks" : "",
       [&] { status = plugin_->create(host_->table(), name, settings, placed, out); });
  const bool is_fatal{std::any_of(issues_.begin(), issues_.end(), [](const auto &i) { return i.is_fatal; })};
  for (const auto &issue : issues_) {
    host_->heard("an issue", issue.path);
    host_->heard("an issue", issue.message);
    if (!issue.path.empty() && issue.path.front() != '/')
      finding("an issue has the path \"" + issue.path + "\"",
              "the path is a JSON pointer into the settings: empty for all of them, else it starts with /",
              "relance_issue.path");
    if (issue.message.empty())
      finding("an issue at \"" + issue.path + "\" has no message",
              "say in words what is wrong and what to write instead", "relance_issue.message");
  }
  if (status == RELANCE_E_SETTINGS && !is_fatal)
    finding("create() returned E_SETTINGS without a fatal issue",
            "report what is wrong through `issues`, with `fatal` 1: the "
            "operator sees nothing else",
            "RELANCE_E_SETTINGS");
  if (status == RELANCE_OK && is_fatal)
    finding("create() returned OK although it reported a fatal issue: " + issues_.front().message,
            "a fatal issue goes with E_SETTINGS; what may stay so is a warning, `fatal` 0",
            "relance_plugin.create");
  if (status != RELANCE_OK && status != RELANCE_E_SETTINGS && status != RELANCE_E_INTERNAL &&
      status != RELANCE_E_TOO_LARGE)
    finding("create() returned " + std::to_string(status), "RELANCE_OK or one of RELANCE_E_*",
            "relance_status");
  return status;
}

relance_status Subject::check_settings() {
  return build(nullptr);
}

relance_status Subject::create() {
  relance_instance *made{nullptr};
  const auto status = build(&made);
  if (status == RELANCE_OK && made == nullptr)
    abandon("create() returned OK without an instance", "store the instance in *out before OK is returned",
            "relance_plugin.create");
  if (status != RELANCE_OK) {
    if (made != nullptr)
      finding("create() returned " + std::to_string(status) + " and an instance all the same",
              "destroy what was half built, and leave *out alone: the host never destroys what was refused",
              "relance_plugin.create");
    return status;
  }
  instance_ = made;
  const auto *promised = traits();
  capabilities_ = promised == nullptr ? 0 : promised->capabilities & plugin_->descriptor->capabilities;
  if (plugin_->extension != nullptr) {
    const void *table{nullptr};
    Guarded memory;
    const auto *id = static_cast<const char *>(
        memory.arena.place(RELANCE_HTTP_ID, sizeof RELANCE_HTTP_ID, "extension()'s id"));
    memory.arena.seal();
    call("extension", "extension(\"" RELANCE_HTTP_ID "\")",
         [&] { table = plugin_->extension(instance_, id); });
    host_->connect_http(static_cast<const relance_http_client *>(table), instance_);
  }
  return status;
}

relance_status Subject::start() {
  relance_status status{RELANCE_OK};
  call("start", "", [&] { status = plugin_->start(instance_); });
  is_started_ = status == RELANCE_OK;
  if (status > 0)
    finding("start() returned " + std::to_string(status), "0, or a negative RELANCE_E_*", "relance_status");
  return status;
}

void Subject::create_and_start() {
  if (const auto status = create(); status != RELANCE_OK) {
    std::string said;
    for (const auto &issue : issues_) said += "; " + issue.path + ": " + issue.message;
    skip("create() returned " + std::to_string(status) + " for the settings at hand" + said +
         " (see settings.valid: write a profile)");
  }
  if (const auto status = start(); status != RELANCE_OK)
    skip("start() returned " + std::to_string(status) +
         " for the settings at hand (see settings.valid: write a profile)");
}

void Subject::stop() {
  const auto grace_ms = static_cast<std::uint32_t>(stop_grace().count());
  call("stop", "", [&] { plugin_->stop(instance_, grace_ms); });
  is_stopped_ = true;
}

void Subject::destroy() {
  call("destroy", "", [&] { plugin_->destroy(instance_); });
  instance_ = nullptr;
  host_->close();
}

const relance_traits *Subject::traits() {
  const relance_traits *promised{nullptr};
  call("traits", "", [&] { promised = plugin_->traits(instance_); });
  if (promised == nullptr)
    finding("traits() returned NULL", "point to a relance_traits that lives until destroy()", "R2");
  return promised;
}

std::size_t Subject::max_in_flight() {
  const auto *promised = traits();
  return promised == nullptr || promised->max_in_flight == 0 ? kDefaultInFlight : promised->max_in_flight;
}

std::vector<relance_token> Subject::submit_now(const std::vector<Letter> &letters) {
  std::vector<relance_token> tokens;
  std::vector<const relance_message *> messages;
  const auto style = letters.size() > kTightMax ? Arena::Style::packed : options_.host.style;
  for (const auto &letter : letters) {
    auto life = std::make_shared<Arena>(kTokenLife, style);
    tokens.push_back(host_->open(Operation::submit, life, "message " + letter.idempotency_key));
    messages.push_back(place(letter, tokens.back(), host_->wall_ms(), options_.host.age, *life));
  }
  Guarded memory;
  const auto *array = memory.arena.array(messages, "submit()'s array");
  memory.arena.seal();
  host_->spend_credit(letters.size());
  call("submit", "submit() of " + std::to_string(letters.size()),
       [&] { plugin_->submit(instance_, array, letters.size()); });
  return tokens;
}

std::vector<relance_token> Subject::submit(const std::vector<Letter> &letters, std::size_t batch_max) {
  std::vector<relance_token> tokens;
  const auto window = max_in_flight();
  for (std::size_t at{0}; at < letters.size();) {
    const auto free = [&] {
      const auto open = host_->open_count();
      const auto credit = host_->credit();
      const auto slots = window - std::min(window, open);
      return credit < 0 ? slots : std::min(slots, static_cast<std::size_t>(credit));
    };
    if (!pump_until([&] { return free() > 0; }, end_patience())) break;
    const auto count = std::min({letters.size() - at, batch_max, free()});
    const auto from = letters.begin() + static_cast<std::ptrdiff_t>(at);
    const auto some = submit_now({from, from + static_cast<std::ptrdiff_t>(count)});
    tokens.insert(tokens.end(), some.begin(), some.end());
    at += count;
  }
  return tokens;
}

/// commit, discard, recall and query: a key, references, and who had sent it.
template <class T>
static T made(const std::string &key, const std::vector<std::string> &refs, relance_token token, Age age,
              Arena &life) {
  T item{};
  item.size = sizeof item;
  item.token = token;
  item.idempotency_key = life.text(key, "the operation's idempotency_key");
  item.refs = life.array(place_all(refs, life, "the operation's refs"), "the operation's refs");
  item.ref_count = refs.size();
  relance_sender sender{};
  sender.name = life.text("Relance", "the operation's sender");
  sender.address = life.text("office@relance.test", "the operation's sender");
  item.sender = place_aged(sender, sizeof sender, age, life, "relance_sender");
  return item;
}

relance_token Subject::commit(const std::string &key, const std::vector<std::string> &refs,
                              std::int64_t not_after_ms) {
  auto life = std::make_shared<Arena>(kTokenLife, Arena::Style::tight);
  const auto token = host_->open(Operation::commit, life, "commit " + key);
  auto item = made<relance_commit>(key, refs, token, options_.host.age, *life);
  item.not_after_ms = not_after_ms;
  const std::vector<const relance_commit *> list{
      place_aged(item, sizeof item, options_.host.age, *life, "relance_commit")};
  life->seal();
  Guarded memory;
  const auto *array = memory.arena.array(list, "commit()'s array");
  memory.arena.seal();
  call("commit", "", [&] { plugin_->commit(instance_, array, 1); });
  return token;
}

relance_token Subject::discard(const std::string &key, const std::vector<std::string> &refs) {
  auto life = std::make_shared<Arena>(kTokenLife, Arena::Style::tight);
  const auto token = host_->open(Operation::discard, life, "discard " + key);
  const std::vector<const relance_discard *> list{
      place_aged(made<relance_discard>(key, refs, token, options_.host.age, *life), sizeof(relance_discard),
                 options_.host.age, *life, "relance_discard")};
  life->seal();
  Guarded memory;
  const auto *array = memory.arena.array(list, "discard()'s array");
  memory.arena.seal();
  call("discard", "", [&] { plugin_->discard(instance_, array, 1); });
  return token;
}

relance_token Subject::recall(const std::string &key, const std::vector<std::string> &refs) {
  auto life = std::make_shared<Arena>(kTokenLife, Arena::Style::tight);
  const auto token = host_->open(Operation::recall, life, "recall " + key);
  const std::vector<const relance_recall *> list{
      place_aged(made<relance_recall>(key, refs, token, options_.host.age, *life), sizeof(relance_recall),
                 options_.host.age, *life, "relance_recall")};
  life->seal();
  Guarded memory;
  const auto *array = memory.arena.array(list, "recall()'s array");
  memory.arena.seal();
  call("recall", "", [&] { plugin_->recall(instance_, array, 1); });
  return token;
}

relance_token Subject::query(const std::string &key, const std::vector<std::string> &refs) {
  auto life = std::make_shared<Arena>(kTokenLife, Arena::Style::tight);
  const auto token = host_->open(Operation::query, life, "query " + key);
  const std::vector<const relance_query *> list{
      place_aged(made<relance_query>(key, refs, token, options_.host.age, *life), sizeof(relance_query),
                 options_.host.age, *life, "relance_query")};
  life->seal();
  Guarded memory;
  const auto *array = memory.arena.array(list, "query()'s array");
  memory.arena.seal();
  call("query", "", [&] { plugin_->query(instance_, array, 1); });
  return token;
}

relance_token Subject::parse(std::string_view kind, std::string_view bytes, std::int64_t received_at_ms) {
  auto life = std::make_shared<Arena>(kTokenLife, Arena::Style::tight);
  const auto token =
      host_->open(Operation::parse, life, "parse of " + std::to_string(bytes.size()) + " bytes");
  relance_raw raw{};
  raw.token = token;
  raw.kind = life->text(kind, "raw.kind");
  raw.bytes = life->text(bytes, "raw.bytes");
  raw.received_at_ms = received_at_ms;
  const std::vector<const relance_raw *> list{
      place_aged(raw, sizeof raw, options_.host.age, *life, "relance_raw")};
  life->seal();
  Guarded memory;
  const auto *array = memory.arena.array(list, "parse()'s array");
  memory.arena.seal();
  call("parse", "parse() of " + std::to_string(bytes.size()) + " bytes of \"" + std::string(kind) + "\"",
       [&] { plugin_->parse(instance_, array, 1); });
  return token;
}

relance_token Subject::poll(std::string_view cursor) {
  auto life = std::make_shared<Arena>(kTokenLife, Arena::Style::tight);
  const auto token = host_->open(Operation::poll, life, "poll");
  relance_open_ref open{};
  open.idempotency_key = life->text("rc0000000000000000000000000000", "open_ref.idempotency_key");
  open.refs = life->array(place_all({"an-open-reference"}, *life, "open_ref.refs"), "open_ref.refs");
  open.ref_count = 1;
  open.accepted_at_ms = host_->wall_ms() - 60'000;
  const std::vector<const relance_open_ref *> list{
      place_aged(open, sizeof open, options_.host.age, *life, "relance_open_ref")};
  relance_poll item{};
  item.flags = options_.host.age == Age::newer ? 0x7fff0000u : 0;
  item.token = token;
  item.cursor = life->text(cursor, "poll.cursor");
  item.open = life->array(list, "poll.open");
  item.open_count = 1;
  const auto *placed = place_aged(item, sizeof item, options_.host.age, *life, "relance_poll");
  life->seal();
  call("poll", "", [&] { plugin_->poll(instance_, placed); });
  return token;
}

relance_token Subject::fetch(const std::string &reference) {
  Guarded ids;
  const auto *id = static_cast<const char *>(
      ids.arena.place(RELANCE_EVIDENCE_ID, sizeof RELANCE_EVIDENCE_ID, "extension()'s id"));
  ids.arena.seal();
  const void *table{nullptr};
  if (plugin_->extension == nullptr) return 0;
  call("extension", "extension(\"" RELANCE_EVIDENCE_ID "\")",
       [&] { table = plugin_->extension(instance_, id); });
  const auto *source = static_cast<const relance_evidence_source *>(table);
  if (source == nullptr || source->fetch == nullptr) return 0;
  auto life = std::make_shared<Arena>(kTokenLife, Arena::Style::tight);
  const auto token = host_->open(Operation::fetch, life, "fetch " + reference);
  relance_evidence_fetch item{};
  item.token = token;
  item.reference = life->text(reference, "evidence_fetch.reference");
  item.media_type = life->text("application/pdf", "evidence_fetch.media_type");
  const std::vector<const relance_evidence_fetch *> list{
      place_aged(item, sizeof item, options_.host.age, *life, "relance_evidence_fetch")};
  life->seal();
  Guarded memory;
  const auto *array = memory.arena.array(list, "fetch()'s array");
  memory.arena.seal();
  call("fetch", "", [&] { source->fetch(instance_, array, 1); });
  return token;
}

void Subject::stored(const std::vector<relance_token> &tokens) {
  Guarded memory;
  const auto *array = memory.arena.array(tokens, "stored()'s array");
  memory.arena.seal();
  call("stored", "", [&] { plugin_->stored(instance_, array, tokens.size()); });
}

void Subject::room() {
  call("room", "", [&] { plugin_->room(instance_); });
}

void Subject::wake() {
  call("wake", "", [&] { plugin_->wake(instance_); });
}

std::uint32_t Subject::authenticate(const std::string &method, const std::string &url,
                                    const std::vector<std::pair<std::string, std::string>> &headers,
                                    const std::string &body) {
  Guarded memory;
  std::vector<relance_kv> list;
  for (const auto &[name, value] : headers)
    list.push_back({memory.arena.text(name, "request.headers"), memory.arena.text(value, "request.headers")});
  relance_http_request request{};
  request.method = memory.arena.text(method, "request.method");
  request.url = memory.arena.text(url, "request.url");
  request.remote_address = memory.arena.text("192.0.2.7", "request.remote_address");
  request.headers = memory.arena.array(list, "request.headers");
  request.header_count = list.size();
  request.body = memory.arena.text(body, "request.body");
  request.received_at_ms = host_->wall_ms();
  const auto *placed =
      place_aged(request, sizeof request, options_.host.age, memory.arena, "relance_http_request");
  const relance_http_sink sink{
      nullptr, [](void *, const relance_http_response *response) {
        static_cast<void>(has_size(response->size, sizeof *response, "relance_http_response"));
        if (response->status < 100 || response->status > 599)
          finding("authenticate() reported the status " + std::to_string(response->status),
                  "a status of HTTP: 200 to 599", "relance_http_response.status");
      }};
  const auto *placed_sink = memory.arena.put(sink, "relance_http_sink");
  memory.arena.seal();
  std::uint32_t verdict{RELANCE_AUTH_FORGED};
  call("authenticate", "", [&] { verdict = plugin_->authenticate(instance_, placed, placed_sink); });
  if (verdict > RELANCE_AUTH_CHALLENGE)
    finding("authenticate() returned " + std::to_string(verdict), "one of RELANCE_AUTH_*",
            "relance_plugin.authenticate");
  return verdict;
}

Subject::Quoted Subject::quote(const Letter &letter) {
  Guarded memory("  was used after quote() had returned");
  const auto *message = place(letter, 1, host_->wall_ms(), options_.host.age, memory.arena);
  Quoted quoted;
  const relance_quote_sink sink{
      &quoted, [](void *context, const relance_quote *said) {
        auto &all = *static_cast<Quoted *>(context);
        ++all.reports;
        if (!has_size(said->size, sizeof *said, "relance_quote")) return;
        is_zero(said->zero, "relance_quote.zero");
        all.said += std::to_string(said->segments) + "/" + std::to_string(said->pages);
        if (said->price != nullptr)
          all.said += " " + std::to_string(said->price->micro_units) +
                      copy_text(said->price->currency, "relance_price.currency");
        for (std::size_t i{0}; i < said->issue_count; ++i)
          all.said += " " + copy_text(said->issues[i]->path, "relance_issue.path") + ": " +
                      copy_text(said->issues[i]->message, "relance_issue.message");
      }};
  Guarded sinks;
  const auto *placed = sinks.arena.put(sink, "relance_quote_sink");
  sinks.arena.seal();
  call("quote", "", [&] { static_cast<void>(plugin_->quote(instance_, message, placed)); });
  host_->heard("a quote", quoted.said);
  return quoted;
}

bool Subject::pump_until(const std::function<bool()> &holds, Milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (;;) {
    std::function<void()> owed;
    while (instance_ != nullptr && host_->take_posted(owed))
      call("replied", "replied() of relance.http/1", owed);
    if (instance_ != nullptr && host_->take_wake()) {
      if (plugin_->wake == nullptr) {
        finding("host->wake() was called, but the table has no wake()", "write wake(), or do not ask for it",
                "relance_plugin.wake");
      } else {
        wake();
      }
    }
    if (holds()) return true;
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
}

void Subject::pump_for(Milliseconds time) {
  pump_until([] { return false; }, time);
}

bool Subject::wait_for_ends(Milliseconds limit) {
  return pump_until([this] { return host_->open_count() == 0; }, limit);
}

const End *Subject::await(Operation operation, relance_token token, Milliseconds limit) {
  pump_until([&] { return !host_->is_open(operation, token); }, limit);
  return host_->end_of(operation, token);
}

bool Subject::wait_for_credit(Milliseconds limit) {
  return pump_until([this] { return host_->credit() != 0; }, limit);
}

}  // namespace relance::check
