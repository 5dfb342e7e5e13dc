#include "sdk/check/recording_host.hpp"

#include "sdk/check/handed_over.hpp"
#include "sdk/check/http_calls.hpp"
#include "sdk/check/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/mman.h>

namespace relance::check {
namespace {

constexpr std::size_t kStateMax{64u << 10};  ///< bytes of an instance with its keys, as host.h says
constexpr std::size_t kTextsMax{200'000};    ///< of one test; a flood is counted, not kept

/// Which host stands behind a pointer that a plugin uses: found by address, as the memory may be dead
/// already.
struct Registry {
  std::mutex mutex;
  std::map<const relance_host *, RecordingHost *> hosts;
  const relance_host *gone[4'096]{};  ///< the last ones; no memory that grows, as a test counts it
  std::size_t gone_count{0};
};
Registry &registry() {
  static Registry *const one{new Registry};
  return *one;
}
RecordingHost *behind(const relance_host *table, const char *function) {
  const std::lock_guard lock(registry().mutex);
  const auto found = registry().hosts.find(table);
  if (found != registry().hosts.end()) return found->second;
  const auto *const *end = std::end(registry().gone);
  const bool is_gone{std::find(std::cbegin(registry().gone), end, table) != end};
  finding(std::string("host->") + function + "() was called " +
              (is_gone ? "after destroy() had returned" : "with a pointer that is no host"),
          "destroy() joins the threads of the plugin first; no call of the host comes after it. The pointer "
          "given is the one "
          "that create() got",
          "relance_plugin.destroy");
  return nullptr;
}

std::int64_t unix_ms() {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Garbage that a release of long ago, or a damaged disk, may have left under a key.
constexpr std::string_view kDamaged{"\xff\x00{\"cursor\":[[[[\x01\xfe 99999999999999999999999", 44};

}  // namespace

struct RecordingHost::Functions {
  static void complete(const relance_host *table, const relance_result *const *results, std::size_t count) {
    auto *host = behind(table, "complete");
    if (host == nullptr) return;
    for (std::size_t i{0}; i < count; ++i) {
      const auto &r = *results[i];
      if (!has_size(r.size, offsetof(relance_result, part_count), "relance_result")) continue;
      End end{Operation::submit, r.token, r.outcome, r.failure, r.flags, r.retry_after_ms};
      for (std::size_t k{0}; k < r.ref_count; ++k) end.refs.push_back(copy(r.refs[k], "relance_result.refs"));
      end.code = copy_text(r.code, "relance_result.code");
      end.text = copy_text(r.text, "relance_result.text");
      host->heard("relance_result.code", end.code);
      host->heard("relance_result.text", end.text);
      if (r.price != nullptr && copy(r.price->currency, "relance_price.currency").size() != 3)
        finding("a price has the currency \"" + copy(r.price->currency, "relance_price.currency") + "\"",
                "give the three letters of ISO 4217", "relance_price.currency");
      if (r.retry_after_ms < 0)
        finding("retry_after_ms is " + std::to_string(r.retry_after_ms),
                "a delay from now in ms; 0 when not said", "relance_result.retry_after_ms");
      if (r.failure > RELANCE_FAIL_CONFIGURATION)
        finding("failure is " + std::to_string(r.failure), "one of RELANCE_FAIL_*", "relance_result.failure");
      host->ended(kComplete, r.token, std::move(end), "complete");
    }
  }
  static void recalled(const relance_host *table, const relance_recalled *const *results, std::size_t count) {
    auto *host = behind(table, "recalled");
    if (host == nullptr) return;
    for (std::size_t i{0}; i < count; ++i) {
      const auto &r = *results[i];
      if (!has_size(r.size, sizeof r, "relance_recalled")) continue;
      End end{Operation::recall, r.token, r.kind};
      end.text = copy_text(r.text, "relance_recalled.text");
      host->heard("relance_recalled.text", end.text);
      if (r.kind < RELANCE_RECALL_CANCELLED || r.kind > RELANCE_RECALL_UNKNOWN)
        finding("a recall ended as " + std::to_string(r.kind), "one of RELANCE_RECALL_*",
                "relance_recalled.kind");
      host->ended(kRecalled, r.token, std::move(end), "recalled");
    }
  }
  static void parsed(const relance_host *table, const relance_parsed *const *results, std::size_t count) {
    auto *host = behind(table, "parsed");
    if (host == nullptr) return;
    for (std::size_t i{0}; i < count; ++i) {
      const auto &r = *results[i];
      if (!has_size(r.size, sizeof r, "relance_parsed")) continue;
      End end{Operation::parse, r.token, r.status};
      end.text = copy_text(r.error, "relance_parsed.error");
      host->heard("relance_parsed.error", end.text);
      if (r.status > RELANCE_PARSED_UNREADABLE)
        finding("a parse ended with status " + std::to_string(r.status), "one of RELANCE_PARSED_*",
                "relance_parsed.status");
      if (r.status == RELANCE_PARSED_OK) {
        end.meaning = meaning_of(r);
        end.receipt_count = r.receipt_count;
        end.reply_count = r.reply_count;
      }
      host->ended(kParsed, r.token, std::move(end), "parsed");
    }
  }
  static void polled(const relance_host *table, const relance_polled *r) {
    auto *host = behind(table, "polled");
    if (host == nullptr || !has_size(r->size, sizeof *r, "relance_polled")) return;
    End end{Operation::poll, r->token, r->error.len == 0 ? 0u : 1u};
    end.cursor = copy(r->cursor, "relance_polled.cursor");
    end.text = copy_text(r->error, "relance_polled.error");
    host->heard("relance_polled.error", end.text);
    if (r->next_poll_ms < 0)
      finding("next_poll_ms is " + std::to_string(r->next_poll_ms),
              "a delay from now in ms; 0: the host's default", "relance_polled.next_poll_ms");
    host->ended(kPolled, r->token, std::move(end), "polled");
  }
  static void fetched(const relance_host *table, const relance_evidence_fetched *const *results,
                      std::size_t count) {
    auto *host = behind(table, "relance.evidence/1 fetched");
    if (host == nullptr) return;
    for (std::size_t i{0}; i < count; ++i) {
      const auto &r = *results[i];
      if (!has_size(r.size, sizeof r, "relance_evidence_fetched")) continue;
      End end{Operation::fetch, r.token, r.status};
      end.text = copy_text(r.error, "relance_evidence_fetched.error");
      if (r.status == RELANCE_FETCHED_OK && (r.document == nullptr || r.document->bytes.len == 0))
        finding("a fetch ended as OK without the document's bytes",
                "OK comes with `document` and its `bytes`", "relance_evidence_fetched.document");
      host->ended(kFetched, r.token, std::move(end), "fetched");
    }
  }
  static std::size_t inbound(const relance_host *table, const relance_inbound *const *batch,
                             std::size_t count) {
    auto *host = behind(table, "inbound");
    if (host == nullptr) return 0;
    std::size_t taken{0};
    const std::lock_guard lock(host->mutex_);
    for (; taken < count && host->inbound_room_ > 0; ++taken) {
      const auto &in = *batch[taken];
      if (!has_size(in.size, sizeof in, "relance_inbound")) continue;
      InboundItem item{in.token, in.cause, copy_text(in.kind, "relance_inbound.kind"),
                       copy(in.name, "relance_inbound.name"), copy(in.bytes, "relance_inbound.bytes")};
      if (item.kind != "mail" && item.kind != "webhook" && item.kind != "poll" && item.kind != "link")
        finding("inbound() was given the kind \"" + item.kind + "\"",
                "one of \"mail\", \"webhook\", \"poll\", \"link\"", "relance_inbound.kind");
      host->taken_.push_back(std::move(item));
      if (host->inbound_room_ != SIZE_MAX) --host->inbound_room_;
    }
    host->refused_inbound_ += count - taken;
    return taken;
  }
  static void ready(const relance_host *table, std::uint32_t credit) {
    auto *host = behind(table, "ready");
    if (host == nullptr) return;
    const std::lock_guard lock(host->mutex_);
    host->credit_ = credit;
  }
  static void health(const relance_host *table, const relance_health *said) {
    auto *host = behind(table, "health");
    if (host == nullptr || !has_size(said->size, sizeof *said, "relance_health")) return;
    if (said->level > RELANCE_HEALTH_DOWN)
      finding("health.level is " + std::to_string(said->level), "one of RELANCE_HEALTH_*",
              "relance_health.level");
    host->health_level_ = said->level;
    host->heard("relance_health.code", copy_text(said->code, "relance_health.code"));
    host->heard("relance_health.text", copy_text(said->text, "relance_health.text"));
  }
  static void wake(const relance_host *table, std::uint32_t after_ms) {
    auto *host = behind(table, "wake");
    if (host == nullptr) return;
    const std::lock_guard lock(host->mutex_);
    host->is_wake_due_ = true;
    host->wake_at_ = Clock::now() + Milliseconds(after_ms);
  }
  static void log(const relance_host *table, std::int32_t level, relance_str text, const relance_kv *fields,
                  std::size_t field_count) {
    auto *host = behind(table, "log");
    if (host == nullptr) return;
    ++host->log_lines_;
    if (level < RELANCE_LOG_TRACE || level > RELANCE_LOG_ERROR)
      finding("a log line has the level " + std::to_string(level), "one of RELANCE_LOG_*",
              "relance_host.log");
    host->heard("a log line", copy_text(text, "a log line"));
    for (std::size_t i{0}; i < field_count; ++i) {
      host->heard("a log line's field name", copy_text(fields[i].key, "a log line's field name"));
      host->heard("the log field \"" + copy(fields[i].key, "") + "\"",
                  copy_text(fields[i].value, "a log line's field"));
    }
  }
  static void metric(const relance_host *table, std::uint32_t kind, relance_str name, double value,
                     const relance_kv *labels, std::size_t label_count) {
    auto *host = behind(table, "metric");
    if (host == nullptr) return;
    const auto named = copy_text(name, "a metric's name");
    if (kind > RELANCE_METRIC_OBSERVE || !std::isfinite(value) || named.empty())
      finding("the metric \"" + named + "\" has kind " + std::to_string(kind) + " and value " +
                  std::to_string(value),
              "one of RELANCE_METRIC_*, a name, a finite value", "relance_host.metric");
    host->heard("a metric's name", named);
    for (std::size_t i{0}; i < label_count; ++i) {
      host->heard("a metric's label", copy_text(labels[i].key, "a metric's label"));
      host->heard("a metric's label", copy_text(labels[i].value, "a metric's label"));
    }
  }
  static std::int64_t state_get(const relance_host *table, relance_str key, void *buffer, std::size_t cap) {
    auto *host = behind(table, "state_get");
    if (host == nullptr) return -1;
    const auto named = copy(key, "state_get's key");
    const std::lock_guard lock(host->mutex_);
    std::string value;
    if (host->shape_.has_damaged_state) {
      value = kDamaged;
    } else {
      const auto found = host->state_.find(named);
      if (found == host->state_.end()) return -1;
      value = found->second;
    }
    if (value.size() <= cap && buffer != nullptr) std::memcpy(buffer, value.data(), value.size());
    return static_cast<std::int64_t>(value.size());
  }
  static relance_status state_put(const relance_host *table, relance_str key, relance_str value) {
    auto *host = behind(table, "state_put");
    if (host == nullptr) return RELANCE_E_INTERNAL;
    const auto named = copy(key, "state_put's key");
    auto held = copy(value, "state_put's value");
    const std::lock_guard lock(host->mutex_);
    std::size_t total{named.size() + held.size()};
    for (const auto &[k, v] : host->state_) total += k == named ? 0 : k.size() + v.size();
    if (total > kStateMax) {
      ++host->refused_state_;
      return RELANCE_E_TOO_LARGE;
    }
    if (held.empty()) {
      host->state_.erase(named);
    } else {
      host->state_[named] = std::move(held);
    }
    host->keep_state();
    return RELANCE_OK;
  }
  static std::int64_t business_ms(const relance_host *table) {
    const auto *host = behind(table, "business_ms");
    return host == nullptr ? 0 : host->business_ms();
  }
  static std::int64_t wall_ms(const relance_host *table) {
    const auto *host = behind(table, "wall_ms");
    return host == nullptr ? 0 : host->wall_ms();
  }
  static const void *extension(const relance_host *table, const char *id) {
    auto *host = behind(table, "extension");
    if (host == nullptr || !host->shape_.has_extensions) return nullptr;
    static const relance_http http{sizeof http, 0, http_send, http_cancel};
    static const relance_evidence_store store{sizeof store, 0, fetched};
    if (std::strcmp(id, RELANCE_HTTP_ID) == 0) return &http;
    if (std::strcmp(id, RELANCE_EVIDENCE_ID) == 0) return &store;
    return nullptr;
  }
  static std::int64_t webhook_url(const relance_host *table, void *buffer, std::size_t cap) {
    const auto *host = behind(table, "webhook_url");
    if (host == nullptr) return 0;
    const auto &url = host->webhook_url_;
    if (url.size() <= cap && buffer != nullptr) std::memcpy(buffer, url.data(), url.size());
    return static_cast<std::int64_t>(url.size());
  }
  static relance_status http_send(const relance_host *table, const relance_http_call *call) {
    auto *host = behind(table, "relance.http/1 send");
    return host == nullptr || host->http_ == nullptr ? RELANCE_E_INTERNAL : host->http_->send(*call);
  }
  static void http_cancel(const relance_host *table, relance_token token) {
    auto *host = behind(table, "relance.http/1 cancel");
    if (host != nullptr && host->http_ != nullptr) host->http_->cancel(token);
  }
};

RecordingHost::RecordingHost(Shape shape, std::uint32_t capabilities)
    : shape_(std::move(shape)),
      capabilities_(capabilities),
      memory_(" was used after destroy() had returned", Arena::Style::tight),
      webhook_url_("https://hooks.relance.test/in/0123456789abcdef"),
      http_(std::make_unique<HttpCalls>(*this)) {
  // A newer host's table is longer; what is there would crash who calls it.
  struct Newer {
    relance_host now;
    std::uint64_t later[8];
  } whole{};
  auto &host = whole.now;
  host.size = shape_.age == Age::older   ? offsetof(relance_host, webhook_url)
              : shape_.age == Age::newer ? sizeof whole
                                         : sizeof host;
  host.abi_minor = shape_.age == Age::older   ? 0
                   : shape_.age == Age::newer ? RELANCE_ABI_MINOR + 98
                                              : RELANCE_ABI_MINOR;
  host.complete = Functions::complete;
  host.recalled = Functions::recalled;
  host.parsed = Functions::parsed;
  host.polled = Functions::polled;
  host.inbound = Functions::inbound;
  host.ready = Functions::ready;
  host.health = Functions::health;
  host.wake = Functions::wake;
  host.log = Functions::log;
  host.metric = Functions::metric;
  host.state_get = Functions::state_get;
  host.state_put = Functions::state_put;
  host.business_ms = Functions::business_ms;
  host.wall_ms = Functions::wall_ms;
  host.extension = Functions::extension;
  host.webhook_url = Functions::webhook_url;
  for (auto &word : whole.later) word = 0xa5a5a5a5a5a5a5a5u;
  table_ = static_cast<relance_host *>(memory_.place(&whole, host.size, "relance_host"));
  memory_.seal();
  // From where a token that is cut to 32 bits, or taken for a small index, is another one.
  for (int family{0}; family < kFamilies; ++family) next_[family] = 0xfffffffeu;
  load_state();
  const std::lock_guard lock(registry().mutex);
  registry().hosts[table_] = this;
}

RecordingHost::~RecordingHost() {
  http_.reset();
  if (!is_closed_) close();
}

void RecordingHost::close() {
  http_.reset();
  is_closed_ = true;
  {
    const std::lock_guard lock(registry().mutex);
    registry().hosts.erase(table_);
    registry().gone[registry().gone_count++ % std::size(registry().gone)] = table_;
  }
  memory_.kill();
}

RecordingHost::Family RecordingHost::family_of(Operation operation) {
  switch (operation) {
    case Operation::recall:
      return kRecalled;
    case Operation::parse:
      return kParsed;
    case Operation::poll:
      return kPolled;
    case Operation::fetch:
      return kFetched;
    default:
      return kComplete;
  }
}

relance_token RecordingHost::open(Operation operation, std::shared_ptr<Arena> life, std::string what) {
  const std::lock_guard lock(mutex_);
  const auto family = family_of(operation);
  const auto token = next_[family]++;
  open_[family].emplace(token, Open{std::move(life), std::move(what), operation});
  return token;
}

void RecordingHost::ended(Family family, relance_token token, End end, const char *function) {
  std::shared_ptr<Arena> life;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_[family].find(token);
    if (found == open_[family].end()) {
      if (given_up_[family].contains(token)) return;
      if (closed_[family].contains(token)) {
        finding(std::string(function) + "() ended a token a second time, as " +
                    (family == kComplete ? name_of_outcome(end.outcome) : std::to_string(end.outcome)),
                "end each token in one place only: take it out of your table of open work before you call "
                "the host, under the "
                "same lock that stop() and a late reply take",
                "R4");
      } else {
        finding(std::string(function) + "() ended token " + std::to_string(token) + ", which was never given",
                "a token is 64 bits, chosen by the host: hand it back as it came, to the function of its "
                "operation",
                "R4");
      }
      return;
    }
    end.operation = found->second.operation;
    const auto outcome = end.outcome;
    if (family == kComplete) {
      const bool is_legal{[&] {
        switch (end.operation) {
          case Operation::submit:
            return outcome >= RELANCE_OUT_ACCEPTED && outcome <= RELANCE_OUT_UNKNOWN &&
                   outcome != RELANCE_OUT_NOT_FOUND;
          case Operation::commit:
            return outcome >= RELANCE_OUT_ACCEPTED && outcome <= RELANCE_OUT_UNKNOWN &&
                   outcome != RELANCE_OUT_PREPARED;
          default:
            return outcome >= RELANCE_OUT_ACCEPTED && outcome <= RELANCE_OUT_UNKNOWN;
        }
      }()};
      if (!is_legal)
        finding(std::string("a ") + name_of(end.operation) + " ended as " + name_of_outcome(outcome),
                "submit ends as ACCEPTED, DELIVERED, REJECTED, NOT_SENT, PREPARED or UNKNOWN; NOT_FOUND "
                "answers a query, and "
                "PREPARED neither ends a commit nor makes sense without commit()",
                "RELANCE_OUT_*");
      if (outcome == RELANCE_OUT_PREPARED && (capabilities_ & RELANCE_CAP_TWO_PHASE) == 0)
        finding("a message ended as PREPARED, but the driver has no RELANCE_CAP_TWO_PHASE",
                "set the capability and write commit() and discard(), or end it as ACCEPTED",
                "RELANCE_OUT_PREPARED");
      if (outcome == RELANCE_OUT_PREPARED && end.refs.empty())
        finding("a message ended as PREPARED without a reference",
                "`refs` names the draft that commit() would release", "RELANCE_OUT_PREPARED");
      if (judges_refs_ && end.operation == Operation::submit &&
          (outcome == RELANCE_OUT_ACCEPTED || outcome == RELANCE_OUT_DELIVERED ||
           outcome == RELANCE_OUT_PREPARED))
        for (const auto &ref : end.refs) {
          const auto [place, is_new] = refs_.emplace(ref, found->second.what);
          if (ref.empty() || (!is_new && place->second != found->second.what))
            finding(ref.empty() ? "an accepted message has an empty reference"
                                : "the reference \"" + ref + "\" was given to two messages",
                    "a reference is what the provider calls this one message; where there is none, give none",
                    "relance_result.refs");
        }
    }
    life = std::move(found->second.life);
    open_[family].erase(found);
    closed_[family].insert(token);
    ends_.push_back(std::make_unique<End>(std::move(end)));
  }
  if (life) life->kill();
}

std::size_t RecordingHost::open_count() const {
  const std::lock_guard lock(mutex_);
  std::size_t count{0};
  for (const auto &family : open_) count += family.size();
  return count;
}

std::vector<std::string> RecordingHost::open_names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto &family : open_)
    for (const auto &[token, open] : family) names.push_back(open.what);
  return names;
}

bool RecordingHost::is_open(Operation operation, relance_token token) const {
  const std::lock_guard lock(mutex_);
  return open_[family_of(operation)].contains(token);
}

std::vector<End> RecordingHost::ends() const {
  const std::lock_guard lock(mutex_);
  std::vector<End> copies;
  for (const auto &end : ends_) copies.push_back(*end);
  return copies;
}

const End *RecordingHost::end_of(Operation operation, relance_token token) const {
  const std::lock_guard lock(mutex_);
  for (const auto &end : ends_)
    if (end->operation == operation && end->token == token) return end.get();
  return nullptr;
}

std::vector<std::string> RecordingHost::end_the_rest() {
  const auto names = open_names();
  const std::lock_guard lock(mutex_);
  for (int family{0}; family < kFamilies; ++family) {
    for (auto &[token, open] : open_[family]) {
      given_up_[family].insert(token);
      if (open.life) left_open_.push_back(std::move(open.life));
    }
    open_[family].clear();
  }
  return names;
}

void RecordingHost::forget_ends() {
  const std::lock_guard lock(mutex_);
  ends_.clear();
}

void RecordingHost::take_inbound(std::size_t items) {
  const std::lock_guard lock(mutex_);
  inbound_room_ = items;
}

std::vector<InboundItem> RecordingHost::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

void RecordingHost::post(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(call));
}

bool RecordingHost::take_posted(std::function<void()> &call) {
  const std::lock_guard lock(mutex_);
  if (posted_.empty()) return false;
  call = std::move(posted_.front());
  posted_.pop_front();
  return true;
}

bool RecordingHost::take_wake() {
  const std::lock_guard lock(mutex_);
  if (!is_wake_due_ || wake_at_ > Clock::now()) return false;
  is_wake_due_ = false;
  return true;
}

std::int64_t RecordingHost::credit() const {
  const std::lock_guard lock(mutex_);
  return credit_;
}

void RecordingHost::spend_credit(std::size_t messages) {
  const std::lock_guard lock(mutex_);
  if (credit_ >= 0) credit_ = std::max<std::int64_t>(0, credit_ - static_cast<std::int64_t>(messages));
}

std::int64_t RecordingHost::business_ms() const {
  return unix_ms() + business_shift_ms_;
}
std::int64_t RecordingHost::wall_ms() const {
  return unix_ms() + wall_shift_ms_;
}

std::vector<std::pair<std::string, std::string>> RecordingHost::texts() const {
  const std::lock_guard lock(mutex_);
  return texts_;
}

void RecordingHost::heard(std::string where, std::string_view text) {
  if (text.empty()) return;
  const std::lock_guard lock(mutex_);
  if (texts_.size() < kTextsMax) texts_.emplace_back(std::move(where), text);
}

void RecordingHost::hold_http(bool is_held) {
  http_->hold(is_held);
}

std::size_t RecordingHost::held_http() const {
  return http_->held();
}

void RecordingHost::connect_http(const relance_http_client *client, relance_instance *instance) {
  http_->connect(client, instance);
}

void RecordingHost::load_state() {
  if (shape_.state_file.empty()) return;
  std::ifstream file(shape_.state_file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  for (std::size_t at{0}; at + 8 <= all.size();) {
    std::uint32_t sizes[2];
    std::memcpy(sizes, all.data() + at, 8);
    at += 8;
    if (all.size() - at < std::size_t{sizes[0]} + sizes[1]) return;
    state_[all.substr(at, sizes[0])] = all.substr(at + sizes[0], sizes[1]);
    at += std::size_t{sizes[0]} + sizes[1];
  }
}

/// Written beside and renamed: a killed process leaves the old one or the new one.
void RecordingHost::keep_state() {
  if (shape_.state_file.empty()) return;
  const auto beside = shape_.state_file + ".new";
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    for (const auto &[key, value] : state_) {
      const std::uint32_t sizes[2]{static_cast<std::uint32_t>(key.size()),
                                   static_cast<std::uint32_t>(value.size())};
      file.write(reinterpret_cast<const char *>(sizes), 8);
      file << key << value;
    }
  }
  std::rename(beside.c_str(), shape_.state_file.c_str());
}

}  // namespace relance::check
