// The C functions of a recorded host's table: each finds its host by the table's address, looks at what it
// was given, and hands it on as values.
#include "sdk/check/handed_over.hpp"
#include "sdk/check/http_calls.hpp"
#include "sdk/check/recording_host.hpp"
#include "sdk/check/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <iterator>

namespace relance::check {
namespace {

constexpr std::size_t kHostBytesFirst{144};  ///< of the table in release 1.0

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

/// Garbage that a release of long ago, or a damaged disk, may have left under a key.
constexpr std::string_view kDamaged{"\xff\x00{\"cursor\":[[[[\x01\xfe 99999999999999999999999", 44};

}  // namespace

struct RecordingHost::Functions {
  static void complete(const relance_host *table, const relance_result *const *results, std::size_t count) {
    auto *host = behind(table, "complete");
    if (host == nullptr) return;
    for (std::size_t i{0}; i < count; ++i) {
      const auto &r = *results[i];
      if (!has_size(r.size, sizeof r, "relance_result")) continue;
      is_zero(r.zero, "relance_result.zero");
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
  static void discarded(const relance_host *table, const relance_discarded *const *results,
                        std::size_t count) {
    auto *host = behind(table, "discarded");
    if (host == nullptr) return;
    for (std::size_t i{0}; i < count; ++i) {
      const auto &r = *results[i];
      if (!has_size(r.size, sizeof r, "relance_discarded")) continue;
      End end{Operation::discard, r.token, r.kind};
      end.text = copy_text(r.text, "relance_discarded.text");
      host->heard("relance_discarded.text", end.text);
      if (r.kind < RELANCE_DISCARD_GONE || r.kind > RELANCE_DISCARD_UNKNOWN)
        finding("a discard ended as " + std::to_string(r.kind), "one of RELANCE_DISCARD_*",
                "relance_discarded.kind");
      host->ended(kDiscarded, r.token, std::move(end), "discarded");
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
      if (r.status < RELANCE_PARSED_OK || r.status > RELANCE_PARSED_UNREADABLE)
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
    is_zero(r->zero, "relance_polled.zero");
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
      is_zero(in.zero, "relance_inbound.zero");
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
    if (said->level < RELANCE_HEALTH_UP || said->level > RELANCE_HEALTH_DOWN)
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
    if (total > RELANCE_STATE_BYTES_MAX) {
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

void RecordingHost::make_table() {
  // A newer host's table is longer; what is there would crash who calls it.
  struct Newer {
    relance_host now;
    std::uint64_t later[8];
  } whole{};
  auto &host = whole.now;
  host.size = shape_.age == Age::older   ? kHostBytesFirst
              : shape_.age == Age::newer ? sizeof whole
                                         : sizeof host;
  host.abi_minor = shape_.age == Age::older   ? 0
                   : shape_.age == Age::newer ? RELANCE_ABI_MINOR + 98
                                              : RELANCE_ABI_MINOR;
  host.complete = Functions::complete;
  host.recalled = Functions::recalled;
  host.discarded = Functions::discarded;
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
}

void RecordingHost::be_known(bool is_alive) {
  const std::lock_guard lock(registry().mutex);
  if (is_alive) {
    registry().hosts[table_] = this;
    return;
  }
  registry().hosts.erase(table_);
  registry().gone[registry().gone_count++ % std::size(registry().gone)] = table_;
}

}  // namespace relance::check
