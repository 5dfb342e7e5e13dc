// What handlers work with: the engine, the few things only the program itself can do, and who may be meant by
// a request.
#pragma once

#include "host/api/message.hpp"
#include "host/config/configuration.hpp"
#include "host/engine/engine.hpp"
#include "host/store/store.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace relance::api {

class HookListener;

/// What the program does for its control interface. Called on threads of the server.
struct Program {
  std::function<Result<void>()> reload;   ///< as SIGHUP does
  std::function<config::Loaded()> check;  ///< reads the files again, changes nothing
  std::string version;
  Instant started_at{};  ///< wall time
};

class Context {
 public:
  Context(engine::Engine &engine, Program program) : engine{engine}, program{std::move(program)} {}

  engine::Engine &engine;
  const Program program;
  const HookListener *hooks{nullptr};  ///< set before the server listens; null: there is none
  std::atomic<bool> is_importing{false};  ///< one import at a time: a snapshot must not meet another list

  /// The creditor that ?creditor= names, or the only one: its code, and its number in the store.
  Result<std::string> creditor_code(const Request &request) const;
  Result<store::CreditorId> creditor(const Request &request);

  /// Why nobody is chased: payment data older than limits.max_payment_data_age. Empty when it is fresh
  /// enough, or unlimited.
  std::string payment_data_hold();

  /// Runs `work(store, business_now)`, which returns a Result, between two batches of the engine.
  template <class Work>
  auto change(Work &&work) -> decltype(work(std::declval<store::Store &>(), Instant{})) {
    std::optional<decltype(work(std::declval<store::Store &>(), Instant{}))> result;
    if (!engine.with_store([&](store::Store &store, Instant now) { result.emplace(work(store, now)); }))
      return unavailable("the daemon is stopping");
    return std::move(*result);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, store::CreditorId, std::less<>> creditors_;
};

/// ?limit=, within 1 and `most`; `fallback` without one.
Result<std::size_t> limit_of(const Request &request, std::size_t fallback, std::size_t most);
/// ?name=true or false.
Result<bool> flag_of(const Request &request, std::string_view name);
/// A number that stands in the path.
Result<std::int64_t> id_of(const Request &request);

}  // namespace relance::api
