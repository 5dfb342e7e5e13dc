// From a provider's settings to a Provider, whatever its placement.
#pragma once

#include "host/base/http_host.hpp"
#include "host/channel/provider.hpp"
#include "host/channel/sandbox.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace relance::channel {

class HttpClient;

enum class Placement : std::uint8_t {
  in_process,  ///< fastest; a plugin that crashes takes the daemon with it
  child,       ///< the default: a process of its own
};

/// Bounds of one instance, with the reasons for their defaults.
struct ProviderLimits {
  Milliseconds start_timeout{10'000};  ///< a start that opens no connection is far faster
  Milliseconds outcome_grace{
      300'000};  ///< after not_after; a send that has not ended by then is made up as unknown
  Milliseconds answer_timeout{600'000};  ///< for a query, a recall, a parse
  Milliseconds judge_timeout{
      3000};  ///< for a webhook: pure work of 5 ms, on a busy machine; its provider waits at most some seconds
  std::uint32_t judging_max{4096};       ///< webhooks that wait for their judgement, above any listener's limit
  Milliseconds hang_timeout{30'000};     ///< a child that reads nothing for so long is killed
  Milliseconds restart_delay_min{100}, restart_delay_max{30'000};  ///< doubles between them
  Milliseconds restart_delay_reset{60'000};  ///< up for so long: the next delay is the least again
  std::uint32_t crashes_max{5};  ///< within crash_window: quarantine, as the next start would crash too
  Milliseconds crash_window{600'000};
  std::uint32_t inbound_max{1024};           ///< raw items of a child that the engine has not taken yet
  std::size_t message_bytes_max{64u << 20};  ///< one message with its parts: letters with their annexes
  std::size_t queued_bytes_max{256u << 20};  ///< all that waits for a child to read
  std::uint32_t chatter_max{
      10'000};  ///< frames of a child a second that end nothing: ten for each message of a busy one
  std::uint32_t log_lines_max{200};  ///< of a plugin a second; more are dropped and counted
};

/// What a plugin says that is not for the engine. Called on any thread; must not block.
struct ProviderHooks {
  /// level as RELANCE_LOG_*: 0 trace … 4 error. Also the placement's own lines.
  std::function<void(const std::string &provider, int level, std::string_view text, const Fields &fields)>
      log{};
  /// kind as RELANCE_METRIC_*.
  std::function<void(const std::string &provider, std::uint32_t kind, std::string_view name, double value,
                     const Fields &labels)>
      metric{};
  std::function<Instant()> business_now{};  ///< empty: business time is wall time
};

struct ProviderSettings {
  std::string id;
  std::string plugin;  ///< "smtp" → <plugin_directory>/smtp.so; a path; or "task", which is built in
  std::string plugin_directory;
  std::string driver;  ///< empty: the only one that the plugin has
  Placement placement{Placement::child};
  std::string settings_json{"{}"};  ///< secrets already resolved
  std::string lock_directory;       ///< <id>.lock of the child, <id>.state of the instance
  std::string program;              ///< path of relanced, which a child re-executes
  SandboxSettings sandbox{};        ///< of the child
  std::shared_ptr<HttpClient>
      http{};  ///< the daemon's, behind relance.http/1; null: every call is refused
  std::vector<HttpHost> http_hosts{};  ///< that it may call; none: nowhere
  ProviderLimits limits{};
  ProviderHooks hooks{};
};

/// Checks the plugin's file (and in process its descriptor); runs no instance yet: start() does, and refuses
/// bad settings. `events` outlives the Provider.
Result<std::unique_ptr<Provider>> make_provider(ProviderSettings settings, ProviderEvents &events);

/// What start() would say of the plugin and its settings, in their own placement, with nothing started.
Result<void> check_provider(const ProviderSettings &settings);

}  // namespace relance::channel
