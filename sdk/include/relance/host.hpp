// What the host offers a plugin, as C++ values: log, metrics, health, credit, small state, clocks, raw bytes
// in. A Host is a pointer: copy it freely; it is good until the instance is destroyed. Every function: any
// thread, never blocks.
#ifndef RELANCE_HOST_HPP
#define RELANCE_HOST_HPP

#include <relance/plugin.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::sdk {

inline relance_str to_str(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view to_view(relance_str text) {
  return text.len == 0 ? std::string_view{} : std::string_view{text.data, text.len};
}

using Token = relance_token;
using Field = std::pair<std::string_view, std::string_view>;
using Fields = std::initializer_list<Field>;

enum class LogLevel : std::int32_t {
  trace = RELANCE_LOG_TRACE,
  debug = RELANCE_LOG_DEBUG,
  info = RELANCE_LOG_INFO,
  warning = RELANCE_LOG_WARNING,
  error = RELANCE_LOG_ERROR,
};

enum class HealthLevel : std::uint32_t {
  up = RELANCE_HEALTH_UP,
  degraded = RELANCE_HEALTH_DEGRADED,
  down = RELANCE_HEALTH_DOWN,
};

/// Raw bytes as they came from the provider. `token` is the plugin's own name for them, which comes back in
/// stored().
struct Inbound {
  Token token{0};
  std::string kind{};  ///< "mail", "webhook", "poll", "link"
  std::string name{};  ///< the provider's own name of it, e.g. UIDVALIDITY:UID; may be empty
  std::string bytes{};
  std::int64_t received_at_ms{0};
  Token cause{0};  ///< the poll's token, or 0
};

class Services;  // what the face itself keeps for an instance: see http.hpp

class Host {
 public:
  explicit Host(const relance_host *host, Services *services = nullptr) : host_(host), services_(services) {}

  void log(LogLevel level, std::string_view text, Fields fields = {}) const {
    const auto list = to_kv(fields);
    host_->log(host_, static_cast<std::int32_t>(level), to_str(text), list.data(), list.size());
  }
  /// A counter goes up.
  void add(std::string_view metric, double delta = 1, Fields labels = {}) const {
    metric_(RELANCE_METRIC_ADD, metric, delta, labels);
  }
  /// A gauge.
  void set(std::string_view metric, double value, Fields labels = {}) const {
    metric_(RELANCE_METRIC_SET, metric, value, labels);
  }
  /// One value of a distribution.
  void observe(std::string_view metric, double value, Fields labels = {}) const {
    metric_(RELANCE_METRIC_OBSERVE, metric, value, labels);
  }

  void health(HealthLevel level, std::string_view code = {}, std::string_view text = {},
              std::int64_t retry_at_ms = 0) const {
    relance_health health{};
    health.size = sizeof health;
    health.level = static_cast<std::uint32_t>(level);
    health.code = to_str(code);
    health.text = to_str(text);
    health.retry_at_ms = retry_at_ms;
    host_->health(host_, &health);
  }
  /// So many more messages may come; absolute; 0 pauses.
  void ready(std::uint32_t credit) const { host_->ready(host_, credit); }
  /// One call of wake() after that delay; replaces an earlier request.
  void wake(std::uint32_t after_ms) const { host_->wake(host_, after_ms); }

  /// Returns how many were taken, from the front: keep the rest until room(), acknowledge nothing before
  /// stored().
  [[nodiscard]] std::size_t inbound(std::span<const Inbound> batch) const {
    std::vector<relance_inbound> items;
    std::vector<const relance_inbound *> pointers;
    items.reserve(batch.size());
    pointers.reserve(batch.size());
    for (const auto &in : batch) {
      auto &item = items.emplace_back();
      item.size = sizeof item;
      item.token = in.token;
      item.cause = in.cause;
      item.kind = to_str(in.kind);
      item.name = to_str(in.name);
      item.bytes = to_str(in.bytes);
      item.received_at_ms = in.received_at_ms;
      pointers.push_back(&item);
    }
    return host_->inbound(host_, pointers.data(), pointers.size());
  }

  [[nodiscard]] std::optional<std::string> state(std::string_view key) const {
    return copied(
        [&](void *buffer, std::size_t cap) { return host_->state_get(host_, to_str(key), buffer, cap); });
  }
  /// False: it does not fit (64 KiB for all keys and values of an instance). An empty value removes the key.
  bool set_state(std::string_view key, std::string_view value) const {
    return host_->state_put(host_, to_str(key), to_str(value)) == RELANCE_OK;
  }

  /// Where the provider reaches this instance's authenticate(); give it along with a message or a
  /// subscription. Empty: the operator has set up no listener.
  [[nodiscard]] std::string webhook_url() const {
    if (!RELANCE_HAS(host_, webhook_url) || host_->webhook_url == nullptr) return {};
    return copied([&](void *buffer, std::size_t cap) { return host_->webhook_url(host_, buffer, cap); })
        .value_or(std::string{});
  }

  [[nodiscard]] std::int64_t business_ms() const { return host_->business_ms(host_); }
  [[nodiscard]] std::int64_t wall_ms() const { return host_->wall_ms(host_); }
  [[nodiscard]] const void *extension(const char *id) const { return host_->extension(host_, id); }
  [[nodiscard]] const relance_host *raw() const { return host_; }
  [[nodiscard]] Services *services() const { return services_; }

 private:
  /// What a function of the host copies into a buffer and returns the length of; it may be longer than asked
  /// for.
  template <class F>
  static std::optional<std::string> copied(F &&copy) {
    std::string value(256, '\0');
    for (;;) {
      const std::int64_t length{copy(value.data(), value.size())};
      if (length < 0) return std::nullopt;
      const bool fits{static_cast<std::size_t>(length) <= value.size()};
      value.resize(static_cast<std::size_t>(length));
      if (fits) return value;
    }
  }
  static std::vector<relance_kv> to_kv(Fields fields) {
    std::vector<relance_kv> list;
    list.reserve(fields.size());
    for (const auto &[key, value] : fields) list.push_back({to_str(key), to_str(value)});
    return list;
  }
  void metric_(std::uint32_t kind, std::string_view name, double value, Fields labels) const {
    const auto list = to_kv(labels);
    host_->metric(host_, kind, to_str(name), value, list.data(), list.size());
  }

  const relance_host *host_;
  Services *services_;
};

/// Where a constructor tells what is wrong with its settings. A fatal issue refuses the instance.
class Issues {
 public:
  explicit Issues(const relance_issue_sink *sink) : sink_(sink) {}
  void fatal(std::string_view path, std::string_view message) {
    has_fatal_ = true;
    report(1, path, message);
  }
  void warning(std::string_view path, std::string_view message) { report(0, path, message); }
  [[nodiscard]] bool has_fatal() const { return has_fatal_; }

 private:
  void report(std::uint32_t fatal, std::string_view path, std::string_view message) const {
    relance_issue issue{};
    issue.size = sizeof issue;
    issue.fatal = fatal;
    issue.path = to_str(path);
    issue.message = to_str(message);
    if (sink_ != nullptr) sink_->report(sink_->ctx, &issue);
  }
  const relance_issue_sink *sink_;
  bool has_fatal_{false};
};

}  // namespace relance::sdk
#endif
