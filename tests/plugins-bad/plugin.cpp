// A small, honest channel on the C interface: messages go to an HTTP provider, reports come from its inbox
// and by signed webhook. Every fault that relance-check is there for is one line of it, asked for by
// is_bad().
#include "tests/plugins-bad/exchange.hpp"
#include "tests/plugins-bad/faults.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <relance/evidence.h>
#include <relance/http.h>
#include <relance/plugin.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

constexpr std::int64_t kReplayWindowMs{300'000};

std::string_view view(relance_str text) {
  return text.len == 0 ? std::string_view{} : std::string_view{text.data, text.len};
}
std::string copy(relance_str text) {
  return std::string(view(text));
}
relance_str str(std::string_view text) {
  return {text.data(), text.size()};
}

/// What one request to the provider is for, with copies of all that it needs.
struct Job {
  enum class Kind { message, commit, query, recall, poll, acknowledge, discard } kind;
  relance_token token{0};
  std::string key{}, ref{}, method{}, target{}, headers{}, body{}, text{};
  std::int64_t not_after_ms{0};
  const relance_message *borrowed{nullptr};  // of faults only
};

struct Item {  // of the provider's inbox, on its way in
  relance_token token;
  std::string line;
};

struct Instance {
  Instance(const relance_host *its_host, std::string key, std::string secret, std::string url)
      : host(its_host),
        api_key(std::move(key)),
        webhook_secret(std::move(secret)),
        provider(std::move(url)) {}
  const relance_host *host;
  std::string api_key, webhook_secret;
  std::string_view kept_settings;
  bool has_two_phases{false};
  Provider provider;
  relance_traits traits{};

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;
  std::deque<Item> items;      // that the host had no room for
  relance_token open_poll{0};  // that waits for them
  std::string open_cursor;
  std::uint64_t next_item{1};
  std::uint64_t accepted{0};
  bool is_ending{false}, has_asked_for_wake{false};
  std::vector<std::thread>
      senders;  // several, so that one silent answer does not hold up what comes after it
};
Instance &self(relance_instance *instance) {
  return *reinterpret_cast<Instance *>(instance);
}

std::atomic<bool> any_is_ending{false};  // of one_for_all
thread_local bool is_started_here{false};

void log(const relance_host *host, int level, std::string_view text, std::string_view field = {}) {
  const relance_kv fields[]{{RELANCE_LIT("what"), str(field)}};
  host->log(host, level, str(text), fields, field.empty() ? 0 : 1);
}

struct Verdict {
  std::uint32_t outcome, failure{RELANCE_FAIL_NONE}, flags{0};
  std::string ref{}, code{};
  std::int64_t retry_after_ms{0};
};

void end(const relance_host *host, relance_token token, const Verdict &verdict) {
  const relance_str ref{str(verdict.ref)};
  relance_result result{};
  result.size = is_bad(Fault::sizeless_result) ? 0 : sizeof result;
  result.outcome = verdict.outcome;
  result.token = is_bad(Fault::cuts_tokens) ? static_cast<std::uint32_t>(token) : token;
  result.failure = verdict.failure;
  result.flags = verdict.flags;
  result.refs = &ref;
  result.ref_count = verdict.ref.empty() ? 0 : 1;
  result.zero = is_bad(Fault::fills_the_zero) ? 7 : 0;
  result.code = str(verdict.code);
  result.retry_after_ms = verdict.retry_after_ms;
  const relance_result *list[]{&result};
  host->complete(host, list, 1);
  if (is_bad(Fault::ends_twice)) host->complete(host, list, 1);
}

std::string id_in(const std::string &body) {
  const auto at = body.find("\"id\": \"");
  return at == std::string::npos ? "" : body.substr(at + 7, body.find('"', at + 7) - at - 7);
}

Verdict judge(const Instance &instance, const Job &job, const Answered &answered) {
  if (!answered.was_sent) {
    if (is_bad(Fault::doubts_a_refusal))
      return {RELANCE_OUT_UNKNOWN, RELANCE_FAIL_TEMPORARY, 0, "", "connect"};
    return {RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, RELANCE_RESULT_WHOLE_INSTANCE, "", "connect"};
  }
  if (!answered.is_whole) {
    if (is_bad(Fault::not_sent_after_all))
      return {RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, 0, "", "no answer"};
    return {RELANCE_OUT_UNKNOWN, RELANCE_FAIL_TEMPORARY, 0, "", "no answer"};
  }
  const auto code = std::to_string(answered.status);
  if (answered.status >= 200 && answered.status < 300) {
    if (is_bad(Fault::reads_no_id)) return {RELANCE_OUT_REJECTED, RELANCE_FAIL_POLICY, 0, "", code};
    auto ref = id_in(answered.body);
    if (ref.empty()) return {RELANCE_OUT_UNKNOWN, RELANCE_FAIL_TEMPORARY, 0, "", "no id"};
    if (is_bad(Fault::same_reference)) ref = "sim-0";
    return {job.kind == Job::Kind::message && instance.has_two_phases ? RELANCE_OUT_PREPARED
                                                                      : RELANCE_OUT_ACCEPTED,
            0, 0, ref, code};
  }
  if (answered.status == 401) {
    if (is_bad(Fault::logs_the_secret)) log(instance.host, RELANCE_LOG_ERROR, "refused", instance.api_key);
    if (is_bad(Fault::rejects_wrong_password))
      return {RELANCE_OUT_REJECTED, RELANCE_FAIL_CONFIGURATION, 0, "", code};
    return {RELANCE_OUT_NOT_SENT, RELANCE_FAIL_CONFIGURATION, RELANCE_RESULT_WHOLE_INSTANCE, "", code};
  }
  if (answered.status == 429) {
    Verdict pause{RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, RELANCE_RESULT_WHOLE_INSTANCE, "", code};
    const auto seconds = header_of(answered.head, "retry-after");
    if (!is_bad(Fault::swallows_retry_after)) pause.retry_after_ms = std::atoll(seconds.c_str()) * 1'000;
    return pause;
  }
  if (answered.status >= 500) {
    if (is_bad(Fault::error_is_final)) return {RELANCE_OUT_REJECTED, RELANCE_FAIL_POLICY, 0, "", code};
    return {RELANCE_OUT_UNKNOWN, RELANCE_FAIL_TEMPORARY, 0, "", code};
  }
  if (is_bad(Fault::logs_the_message)) log(instance.host, RELANCE_LOG_WARNING, "rejected", job.text);
  if (is_bad(Fault::not_found_to_submit) && answered.status == 404)
    return {RELANCE_OUT_NOT_FOUND, 0, 0, "", code};
  return {RELANCE_OUT_REJECTED, RELANCE_FAIL_ADDRESS_DEAD, 0, "", code};
}

void remember(Instance &instance, const Job &job) {
  const auto *host = instance.host;
  if (is_bad(Fault::state_grows)) {
    const auto value = std::string(900, 'x');
    host->state_put(host, str(job.key), str(value));
  } else {
    const auto count = std::to_string(++instance.accepted);
    host->state_put(host, RELANCE_LIT("accepted"), str(count));
  }
}

bool is_too_late(const Instance &instance, std::int64_t not_after_ms) {
  const auto *host = instance.host;
  return not_after_ms != 0 &&
         not_after_ms < (is_bad(Fault::wrong_clock) ? host->business_ms(host) : host->wall_ms(host));
}

void send(Instance &instance, const Job &job) {
  const auto *host = instance.host;
  const bool looks{job.kind == Job::Kind::commit ? !is_bad(Fault::commit_too_late)
                                                 : !is_bad(Fault::ignores_not_after)};
  if (looks && is_too_late(instance, job.not_after_ms))
    return end(host, job.token, {RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, 0, "", "too late"});
  const auto answered = instance.provider.ask(job.method, job.target, job.headers, job.body);
  auto verdict = judge(instance, job, answered);
  bool was_stopped;
  {
    const std::lock_guard lock(instance.mutex);
    was_stopped = instance.is_ending;
    if (verdict.outcome == RELANCE_OUT_ACCEPTED) remember(instance, job);
  }
  if (was_stopped && is_bad(Fault::silence_is_not_sent) && verdict.outcome == RELANCE_OUT_UNKNOWN)
    verdict.outcome = RELANCE_OUT_NOT_SENT;
  if (is_bad(Fault::chatty))
    for (int i{0}; i < 10; ++i) log(host, RELANCE_LOG_INFO, "one more line about one message");
  if (is_bad(Fault::changing_traits) && instance.traits.max_in_flight > 10) --instance.traits.max_in_flight;
  end(host, job.token, verdict);
  if (is_bad(Fault::keeps_the_message) && job.borrowed != nullptr)
    log(host, RELANCE_LOG_DEBUG, "sent", view(job.borrowed->addressee->country));
}

void query(Instance &instance, const Job &job) {
  const auto answered = instance.provider.ask(job.method, job.target, job.headers, "");
  Verdict verdict{RELANCE_OUT_UNKNOWN};
  if (answered.is_whole && answered.status == 200 && !id_in(answered.body).empty())
    verdict = {RELANCE_OUT_ACCEPTED, 0, 0, id_in(answered.body)};
  if (answered.is_whole && answered.status == 404) verdict = {RELANCE_OUT_NOT_FOUND};
  if (is_bad(Fault::query_denies) && !answered.is_whole) verdict = {RELANCE_OUT_NOT_FOUND};
  end(instance.host, job.token, verdict);
}

void recall(Instance &instance, const Job &job) {
  const auto answered = instance.provider.ask(job.method, job.target, job.headers, "");
  relance_recalled recalled{};
  recalled.size = sizeof recalled;
  recalled.token = job.token;
  recalled.kind = answered.is_whole && answered.status == 200   ? RELANCE_RECALL_CANCELLED
                  : answered.is_whole && answered.status == 404 ? RELANCE_RECALL_TOO_LATE
                                                                : RELANCE_RECALL_UNKNOWN;
  if (is_bad(Fault::recall_boasts) && !answered.is_whole) recalled.kind = RELANCE_RECALL_CANCELLED;
  const relance_recalled *list[]{&recalled};
  instance.host->recalled(instance.host, list, 1);
}

void end_discard(const relance_host *host, relance_token token, std::uint32_t kind) {
  if (is_bad(Fault::discard_forgets)) return;
  relance_discarded discarded{};
  discarded.size = sizeof discarded;
  discarded.token = token;
  discarded.kind = kind;
  const relance_discarded *list[]{&discarded};
  host->discarded(host, list, 1);
}

void discard(Instance &instance, const Job &job) {
  const auto answered = instance.provider.ask(job.method, job.target, job.headers, "");
  const bool is_gone{answered.is_whole && (answered.status < 300 || answered.status == 404)};
  end_discard(instance.host, job.token,
              is_gone || (is_bad(Fault::discard_boasts) && !answered.is_whole) ? RELANCE_DISCARD_GONE
                                                                               : RELANCE_DISCARD_UNKNOWN);
}

void end_poll(const relance_host *host, relance_token token, std::string_view cursor,
              std::string_view error) {
  relance_polled polled{};
  polled.size = sizeof polled;
  polled.token = token;
  polled.cursor = str(cursor);
  polled.error = str(error);
  host->polled(host, &polled);
}

/// Offers what waits; ends the poll when all is taken.
void offer(Instance &instance) {
  const auto *host = instance.host;
  std::unique_lock lock(instance.mutex);
  while (!instance.items.empty()) {
    const auto &item = instance.items.front();
    relance_inbound in{};
    in.size = sizeof in;
    in.token = item.token;
    in.cause = instance.open_poll;
    in.kind = str("poll");
    in.name = in.bytes = str(item.line);
    in.received_at_ms = host->wall_ms(host);
    const relance_inbound *list[]{&in};
    const auto taken = host->inbound(host, list, 1);
    if (taken == 0 && !is_bad(Fault::drops_without_room)) return;
    if (is_bad(Fault::acknowledges_at_once))
      instance.jobs.push_back(
          {Job::Kind::acknowledge, 0, "", "", "DELETE", "/inbox/" + std::to_string(item.token)});
    instance.items.pop_front();
  }
  instance.changed.notify_one();
  const auto token = std::exchange(instance.open_poll, 0);
  const auto cursor = instance.open_cursor;
  lock.unlock();
  if (token != 0) end_poll(host, token, cursor, "");
}

void poll(Instance &instance, const Job &job) {
  const auto answered = instance.provider.ask(job.method, job.target, job.headers, "");
  const auto *host = instance.host;
  if (!answered.is_whole || answered.status != 200) {
    if (is_bad(Fault::poll_forgets)) return;
    if (is_bad(Fault::poll_hides_errors)) return end_poll(host, job.token, job.text + "1", "");
    return end_poll(host, job.token, "", "the inbox does not answer");
  }
  {
    const std::lock_guard lock(instance.mutex);
    if (instance.is_ending) return end_poll(host, job.token, "", "stopping");
    for (std::size_t at{0}, stop; (stop = answered.body.find('\n', at)) != std::string::npos; at = stop + 1)
      instance.items.push_back({instance.next_item++, answered.body.substr(at, stop - at)});
    instance.open_poll = job.token;
    instance.open_cursor = std::to_string(answered.body.size());
  }
  offer(instance);
}

void run(Instance &instance, const Job &job) {
  switch (job.kind) {
    case Job::Kind::message:
    case Job::Kind::commit:
      return send(instance, job);
    case Job::Kind::query:
      return query(instance, job);
    case Job::Kind::recall:
      return recall(instance, job);
    case Job::Kind::poll:
      return poll(instance, job);
    case Job::Kind::discard:
      return discard(instance, job);
    default:
      static_cast<void>(instance.provider.ask(job.method, job.target, job.headers, ""));
  }
}

/// What is never begun any more.
void give_up(Instance &instance, const Job &job) {
  if (is_bad(Fault::stop_forgets)) return;
  relance_recalled recalled{};
  recalled.size = sizeof recalled;
  recalled.token = job.token;
  recalled.kind = RELANCE_RECALL_UNKNOWN;
  const relance_recalled *list[]{&recalled};
  switch (job.kind) {
    case Job::Kind::message:
    case Job::Kind::commit:
      return end(instance.host, job.token, {RELANCE_OUT_NOT_SENT, 0, 0, "", "stopping"});
    case Job::Kind::query:
      return end(instance.host, job.token, {RELANCE_OUT_UNKNOWN, 0, 0, "", "stopping"});
    case Job::Kind::recall:
      return instance.host->recalled(instance.host, list, 1);
    case Job::Kind::poll:
      return end_poll(instance.host, job.token, "", "stopping");
    case Job::Kind::discard:
      return end_discard(instance.host, job.token, RELANCE_DISCARD_UNKNOWN);
    default:
      return;
  }
}

void work(Instance &instance) {
  std::unique_lock lock(instance.mutex);
  for (;;) {
    instance.changed.wait(lock, [&] { return instance.is_ending || !instance.jobs.empty(); });
    const bool is_ending{instance.is_ending || (is_bad(Fault::one_for_all) && any_is_ending)};
    if (instance.jobs.empty()) return;
    const auto job = std::move(instance.jobs.front());
    instance.jobs.pop_front();
    lock.unlock();
    if (is_ending) {
      give_up(instance, job);
    } else {
      run(instance, job);
    }
    lock.lock();
  }
}

void enqueue(Instance &instance, std::vector<Job> jobs) {
  std::unique_lock lock(instance.mutex);
  if (instance.is_ending) {
    lock.unlock();
    for (const auto &job : jobs) give_up(instance, job);
    return;
  }
  for (auto &job : jobs) instance.jobs.push_back(std::move(job));
  instance.changed.notify_one();
}

// ---- settings ----

/// The text of a setting; enough for these flat ones. `is_text` false: it is there and is none.
std::string setting(std::string_view json, const std::string &name, bool &is_text) {
  is_text = true;
  const auto at = json.find("\"" + name + "\"");
  if (at == std::string_view::npos) return {};
  auto from = json.find_first_not_of(" :", at + name.size() + 2);
  if (from == std::string_view::npos || json[from] != '"') {
    is_text = false;
    return {};
  }
  std::string text;
  while (++from < json.size() && json[from] != '"') {
    if (json[from] == '\\') ++from;
    if (from < json.size()) text += json[from];
  }
  return text;
}

void report(const relance_issue_sink *issues, std::string_view path, std::string_view message) {
  relance_issue issue{};
  issue.size = sizeof issue;
  issue.fatal = 1;
  issue.path = str(path);
  issue.message = str(message);
  if (!is_bad(Fault::silent_refusal)) issues->report(issues->ctx, &issue);
}

relance_status create(const relance_host *host, relance_str, relance_str settings,
                      const relance_issue_sink *issues, relance_instance **out) {
  std::map<std::string, std::string> texts;
  for (const auto *name : {"url", "api_key", "webhook_secret"}) {
    bool is_text{true};
    texts[name] = setting(view(settings), name, is_text);
    if (!is_text && is_bad(Fault::crash_on_odd_settings)) *static_cast<volatile int *>(nullptr) = 1;
    if (!is_text || texts[name].empty()) {
      report(issues, std::string("/") + name, "must be a text that is not empty");
      return RELANCE_E_SETTINGS;
    }
  }
  const bool is_url{texts["url"].starts_with("http://") || texts["url"].starts_with("https://")};
  if (!is_url || is_bad(Fault::refuses_good_settings)) {
    report(issues, "/url", "must begin with http:// or https://");
    return RELANCE_E_SETTINGS;
  }
  if (is_bad(Fault::refuses_newer_host) && host->size != sizeof *host) return RELANCE_E_INTERNAL;
  if (is_bad(Fault::eager_create)) static_cast<void>(Provider(texts["url"]).ask("GET", "/", "", ""));
  if (out == nullptr) return RELANCE_OK;
  auto *made = new Instance(host, texts["api_key"], texts["webhook_secret"], texts["url"]);
  made->kept_settings = view(settings);
  made->has_two_phases = view(settings).find("\"two_phases\":true") != std::string_view::npos;
  made->traits.size = sizeof made->traits;
  made->traits.capabilities =
      0x1ffu & ~(made->has_two_phases ? 0u : RELANCE_CAP_TWO_PHASE) & ~RELANCE_CAP_QUERY_BY_REF;
  if (!is_bad(Fault::evidence_missing)) made->traits.capabilities &= ~RELANCE_CAP_EVIDENCE;
  made->traits.max_in_flight = 1'000;
  *out = reinterpret_cast<relance_instance *>(made);
  return RELANCE_OK;
}

// ---- life ----

void read_state(Instance &instance) {
  const auto *host = instance.host;
  char buffer[24]{};
  const auto length = host->state_get(host, RELANCE_LIT("accepted"), buffer, sizeof buffer - 1);
  const bool is_number{
      length > 0 && length < static_cast<std::int64_t>(sizeof buffer) &&
      std::all_of(buffer, buffer + length, [](unsigned char c) { return std::isdigit(c) != 0; })};
  if (length > 0 && !is_number && is_bad(Fault::trusts_its_state)) std::abort();
  instance.accepted = is_number ? std::strtoull(buffer, nullptr, 10) : 0;
}

relance_status start(relance_instance *i) {
  auto &instance = self(i);
  const auto *host = instance.host;
  read_state(instance);
  if (is_bad(Fault::refuses_after_kill)) {
    if (host->state_get(host, RELANCE_LIT("running"), nullptr, 0) > 0) return RELANCE_E_INTERNAL;
    host->state_put(host, RELANCE_LIT("running"), RELANCE_LIT("yes"));
  }
  char url[200];
  static_cast<void>(host->webhook_url(host, url, sizeof url));
  if (is_bad(Fault::newest_host_only)) {
    struct Later {  // the host's table as a later minor has it
      relance_host first;
      void (*more)(const relance_host *);
    };
    reinterpret_cast<const Later *>(host)->more(host);
  }
  if (is_bad(Fault::needs_the_extension)) {
    const auto *http = static_cast<const relance_http *>(host->extension(host, RELANCE_HTTP_ID));
    http->cancel(host, 1);
  }
  if (is_bad(Fault::keeps_the_settings))
    log(host, RELANCE_LOG_DEBUG, "started", instance.kept_settings.substr(0, 1));
  if (is_bad(Fault::forks)) {
    const pid_t child{::fork()};
    if (child == 0) ::_exit(0);
  }
  if (is_bad(Fault::blocks_signals)) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  if (is_bad(Fault::leaks_threads))
    std::thread([] {
      for (;;) ::pause();
    }).detach();
  any_is_ending = false;
  is_started_here = true;
  instance.provider.begin();
  for (int worker{0}; worker < 4; ++worker) instance.senders.emplace_back([&instance] { work(instance); });
  relance_health health{};
  health.size = sizeof health;
  health.level = RELANCE_HEALTH_UP;
  host->health(host, &health);
  return RELANCE_OK;
}

void stop(relance_instance *i, std::uint32_t) {
  auto &instance = self(i);
  any_is_ending = true;
  relance_token poll{0};
  {
    const std::lock_guard lock(instance.mutex);
    instance.is_ending = true;
    instance.items.clear();
    poll = std::exchange(instance.open_poll, 0);
    instance.changed.notify_all();
  }
  instance.provider.give_up();
  if (poll != 0) end_poll(instance.host, poll, "", "stopping");
  if (is_bad(Fault::refuses_after_kill))
    instance.host->state_put(instance.host, RELANCE_LIT("running"), RELANCE_LIT(""));
}

void destroy(relance_instance *i) {
  auto &instance = self(i);
  stop(i, 0);
  for (auto &sender : instance.senders) sender.join();
  if (is_bad(Fault::leaks_memory)) {
    static_cast<void>(new std::string(200, 'x'));
    std::string kept(instance.api_key);
    static_cast<void>(new std::string(std::move(kept)));
  }
  if (is_bad(Fault::talks_after_destroy))
    std::thread([host = instance.host] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      log(host, RELANCE_LOG_DEBUG, "still here");
    }).detach();
  delete &instance;
}

// ---- messages ----

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out(text);
  if (!is_bad(Fault::injects_headers))
    for (auto &c : out)
      if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return out;
}

Job job_of(const Instance &instance, const relance_message &m) {
  Job job{Job::Kind::message, m.token};
  job.key = copy(m.idempotency_key);
  job.not_after_ms = m.not_after_ms;
  job.borrowed = &m;
  const auto address = is_bad(Fault::looks_for_the_nul) && m.addressee->address.len != 0
                           ? std::string(m.addressee->address.data)
                           : copy(m.addressee->address);
  if (m.part_count == 0 && is_bad(Fault::throws)) throw std::out_of_range("no part");
  if (m.part_count == 0 && is_bad(Fault::exits)) ::_exit(0);
  if (m.part_count != 0) job.text = copy(m.parts[0]->bytes);
  job.method = "POST";
  job.target = instance.has_two_phases ? "/drafts" : "/messages";
  job.headers = "authorization: Bearer " + one_line(instance.api_key) +
                "\r\nx-subject: " + one_line(view(m.subject)) + "\r\n";
  job.body = "{\"key\": \"" + escaped(job.key) + "\", \"to\": \"" + escaped(address) + "\", \"text\": \"" +
             escaped(job.text) + "\", \"dated\": " + std::to_string(m.dated_ms);
  if (is_bad(Fault::clock_in_the_bytes))
    job.body += ", \"now\": " + std::to_string(instance.host->wall_ms(instance.host));
  job.body += "}";
  if (is_bad(Fault::writes_to_the_message)) const_cast<relance_message &>(m).zero = 1;
  return job;
}

void submit(relance_instance *i, const relance_message *const *messages, std::size_t count) {
  auto &instance = self(i);
  if (is_bad(Fault::never_returns) && count >= 64)
    for (;;) ::pause();
  std::vector<Job> jobs;
  for (std::size_t at{0}; at < count; ++at) {
    static std::atomic<unsigned> handed{0};
    if (is_bad(Fault::forgets_a_token) && ++handed % 50 == 0) continue;
    if (is_bad(Fault::thread_local_state) && !is_started_here) {
      end(instance.host, messages[at]->token, {RELANCE_OUT_NOT_SENT, 0, 0, "", "not started"});
      continue;
    }
    auto job = job_of(instance, *messages[at]);
    if (is_bad(Fault::waits_for_the_network)) {
      run(instance, job);
    } else {
      jobs.push_back(std::move(job));
    }
  }
  if (is_bad(Fault::keeps_the_array))
    std::thread([messages, host = instance.host] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      log(host, RELANCE_LOG_DEBUG, "handed over", std::to_string(messages[0]->token));
    }).detach();
  enqueue(instance, std::move(jobs));
}

std::string authorization(const Instance &instance) {
  return "authorization: Bearer " + one_line(instance.api_key) + "\r\n";
}

void commit(relance_instance *i, const relance_commit *const *commits, std::size_t count) {
  std::vector<Job> jobs;
  for (std::size_t at{0}; at < count; ++at) {
    Job job{Job::Kind::commit, commits[at]->token};
    job.method = "PUT";
    job.target = "/drafts/" + (commits[at]->ref_count == 0 ? "" : one_line(view(commits[at]->refs[0])));
    job.headers = authorization(self(i));
    job.not_after_ms = commits[at]->not_after_ms;
    jobs.push_back(std::move(job));
  }
  enqueue(self(i), std::move(jobs));
}

void discard_all(relance_instance *i, const relance_discard *const *discards, std::size_t count) {
  std::vector<Job> jobs;
  for (std::size_t at{0}; at < count; ++at) {
    const auto ref = discards[at]->ref_count == 0 ? "" : one_line(view(discards[at]->refs[0]));
    jobs.push_back({Job::Kind::discard, discards[at]->token, "", "", "DELETE", "/drafts/" + ref,
                    authorization(self(i))});
  }
  enqueue(self(i), std::move(jobs));
}

void query_all(relance_instance *i, const relance_query *const *queries, std::size_t count) {
  std::vector<Job> jobs;
  for (std::size_t at{0}; at < count; ++at)
    jobs.push_back({Job::Kind::query, queries[at]->token, "", "", "GET",
                    "/messages/" + one_line(view(queries[at]->idempotency_key)), authorization(self(i))});
  enqueue(self(i), std::move(jobs));
}

void recall_all(relance_instance *i, const relance_recall *const *recalls, std::size_t count) {
  std::vector<Job> jobs;
  for (std::size_t at{0}; at < count; ++at)
    jobs.push_back({Job::Kind::recall, recalls[at]->token, "", "", "DELETE",
                    "/messages/" + one_line(view(recalls[at]->idempotency_key)), authorization(self(i))});
  enqueue(self(i), std::move(jobs));
}

void poll_once(relance_instance *i, const relance_poll *asked) {
  Job job{Job::Kind::poll, asked->token, "", "", "GET", "/inbox", authorization(self(i))};
  job.text = copy(asked->cursor);
  enqueue(self(i), {std::move(job)});
}

void stored(relance_instance *i, const relance_token *tokens, std::size_t count) {
  if (is_bad(Fault::acknowledges_at_once)) return;
  std::vector<Job> jobs;
  for (std::size_t at{0}; at < count; ++at)
    jobs.push_back({Job::Kind::acknowledge, 0, "", "", "DELETE", "/inbox/" + std::to_string(tokens[at]),
                    authorization(self(i))});
  enqueue(self(i), std::move(jobs));
}

void room(relance_instance *i) {
  offer(self(i));
}

void wake(relance_instance *i) {
  if (is_bad(Fault::wake_crashes) && !self(i).has_asked_for_wake) std::abort();
}

// ---- what comes in ----

/// "KEY delivered": the last line of a webhook's body, or all of an item.
void parse(relance_instance *i, const relance_raw *const *raws, std::size_t count) {
  auto &instance = self(i);
  for (std::size_t at{0}; at < count; ++at) {
    auto bytes = view(raws[at]->bytes);
    if (view(raws[at]->kind) == "webhook") {
      const auto head = bytes.find("\r\n\r\n");
      bytes = head == std::string_view::npos ? "" : bytes.substr(head + 4);
    }
    const auto blank = bytes.find(' ');
    if (blank == std::string_view::npos && is_bad(Fault::parse_overruns)) std::abort();
    const auto key = bytes.substr(0, blank == std::string_view::npos ? 0 : blank);
    const bool is_key{!key.empty() && key.size() <= 40 &&
                      std::all_of(key.begin(), key.end(),
                                  [](unsigned char c) { return std::isalnum(c) != 0 || c == '-'; })};
    const auto word = blank == std::string_view::npos ? "" : bytes.substr(blank + 1);
    relance_parsed parsed{};
    parsed.size = sizeof parsed;
    parsed.token = raws[at]->token;
    relance_receipt receipt{};
    receipt.size = sizeof receipt;
    receipt.kind = word == "delivered" ? RELANCE_RCPT_DELIVERED : RELANCE_RCPT_FAILED;
    receipt.idempotency_key = str(key);
    receipt.part_count = 1;
    receipt.flags = RELANCE_RECEIPT_FINAL;
    static std::atomic<int> number{0};
    const auto numbered = std::to_string(++number);
    if (is_bad(Fault::parse_counts)) receipt.code = str(numbered);
    const relance_receipt *list[]{&receipt};
    if (is_key && (word == "delivered" || word == "failed")) {
      parsed.status = RELANCE_PARSED_OK;
      parsed.receipts = list;
      parsed.receipt_count = is_bad(Fault::parse_misses) ? 0 : 1;
    } else {
      parsed.status = RELANCE_PARSED_UNREADABLE;
      parsed.error = str("not a report");
    }
    const relance_parsed *ends[]{&parsed};
    instance.host->parsed(instance.host, ends, 1);
  }
}

std::string_view header(const relance_http_request &request, std::string_view name) {
  for (std::size_t i{0}; i < request.header_count; ++i)
    if (view(request.headers[i].key) == name) return view(request.headers[i].value);
  return {};
}

/// x-signature is the HMAC-SHA256, in hex, of x-timestamp, a dot and the body.
std::uint32_t authenticate(relance_instance *i, const relance_http_request *request,
                           const relance_http_sink *) {
  auto &instance = self(i);
  if (is_bad(Fault::believes_everybody)) return RELANCE_AUTH_GENUINE;
  if (is_bad(Fault::disbelieves)) return RELANCE_AUTH_FORGED;
  if (is_bad(Fault::slow_authenticate)) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::string stamp(header(*request, "x-timestamp"));
  const auto given = header(*request, "x-signature");
  const auto over = stamp + "." + copy(request->body);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int length{0};
  HMAC(EVP_sha256(), instance.webhook_secret.data(), static_cast<int>(instance.webhook_secret.size()),
       reinterpret_cast<const unsigned char *>(over.data()), over.size(), mac, &length);
  std::string expected;
  for (unsigned int at{0}; at < length; ++at) {
    static constexpr char kDigits[]{"0123456789abcdef"};
    expected += {kDigits[mac[at] >> 4], kDigits[mac[at] & 15]};
  }
  if (is_bad(Fault::compares_the_beginning)) {
    if (given.empty() || expected.compare(0, given.size(), given) != 0) return RELANCE_AUTH_FORGED;
  } else if (given.size() != expected.size() ||
             CRYPTO_memcmp(given.data(), expected.data(), given.size()) != 0) {
    return RELANCE_AUTH_FORGED;
  }
  const auto age = instance.host->wall_ms(instance.host) - std::atoll(stamp.c_str()) * 1'000;
  if ((age > kReplayWindowMs || age < -kReplayWindowMs) && !is_bad(Fault::accepts_replays))
    return RELANCE_AUTH_FORGED;
  return RELANCE_AUTH_GENUINE;
}

relance_status quote(relance_instance *, const relance_message *message, const relance_quote_sink *sink) {
  relance_quote quote{};
  quote.size = sizeof quote;
  for (std::size_t i{0}; i < message->part_count; ++i)
    quote.segments += static_cast<std::uint32_t>(message->parts[i]->bytes.len / 153 + 1);
  const relance_price price{quote.segments * std::int64_t{45'000}, RELANCE_LIT("EUR")};
  quote.price = &price;
  sink->report(sink->ctx, &quote);
  if (is_bad(Fault::quote_twice)) sink->report(sink->ctx, &quote);
  return RELANCE_OK;
}

const relance_traits *traits(relance_instance *i) {
  return &self(i).traits;
}

constexpr const char *kSchema{R"({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
  "additionalProperties": false, "required": ["url", "api_key", "webhook_secret"], "properties": {
    "url": {"type": "string", "format": "uri", "pattern": "^https?://"},
    "api_key": {"type": "string", "minLength": 1},
    "webhook_secret": {"type": "string", "minLength": 1},
    "two_phases": {"type": "boolean", "default": false}}})"};

relance_plugin made(const relance_descriptor *descriptor) {
  relance_plugin p{};
  p.size = sizeof p;
  p.descriptor = descriptor;
  p.create = create;
  p.traits = traits;
  p.start = start;
  p.submit = submit;
  p.stop = stop;
  p.destroy = destroy;
  p.commit = commit;
  p.discard = discard_all;
  p.recall = recall_all;
  p.query = is_bad(Fault::missing_function) ? nullptr : query_all;
  p.stored = stored;
  p.room = room;
  p.parse = parse;
  p.poll = poll_once;
  p.wake = wake;
  p.authenticate = authenticate;
  p.quote = quote;
  return p;
}

const struct AtLoad {
  AtLoad() {
    if (is_bad(Fault::busy_constructor)) std::thread([] { ::pause(); }).detach();
  }
} at_load;

}  // namespace

RELANCE_EXPORT const relance_plugin *relance_plugin_v1(std::uint32_t index) {
  static const relance_descriptor descriptor{[] {
    relance_descriptor d{};
    d.size = sizeof d;
    d.abi_minor = RELANCE_ABI_MINOR;
    d.capabilities = 0xffu & ~RELANCE_CAP_QUERY_BY_REF;
    if (is_bad(Fault::evidence_missing)) d.capabilities |= RELANCE_CAP_EVIDENCE;
    d.id = "org.relance.test.bad";
    d.driver = is_bad(Fault::odd_names) ? "an odd driver" : "http";
    d.name = "A plugin with a fault";
    d.version = is_bad(Fault::odd_names) ? "" : "1.0";
    d.vendor = "Relance";
    d.channel = "sms";
    d.settings_schema = is_bad(Fault::broken_schema)
                            ? R"({"type": "object", "properties": {"url": {"type": "text"}}})"
                            : kSchema;
    return d;
  }()};
  static const relance_plugin plugin{made(&descriptor)};
  if (is_bad(Fault::fickle_entry) && index == 0) return new relance_plugin(plugin);
  return index == 0 ? &plugin : nullptr;
}
