// Places where a test makes the daemon die as by `kill -9`, or stand still as by `kill -STOP` so that the test can end
// another process at that very moment: one per arrow of the way of a reminder. Armed only by arm_crash_point(), which the
// daemon calls only under --test-clock; unarmed, a point costs one load and one branch.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

namespace relance {

enum class CrashPoint : std::uint8_t {
  none,
  rows_read,         ///< a batch of an import is understood, nothing written
  rows_imported,     ///< it is in the ledger, nobody was told
  claimed,           ///< debtors leased, nothing decided
  decided,           ///< decided and rendered, nothing written
  intended,          ///< intents durable, nobody has seen them
  submitted,         ///< handed to the provider
  outcome_taken,     ///< the outcome is in memory only
  outcome_recorded,  ///< and now on disk
  inbound_taken,     ///< raw bytes in memory only
  inbound_stored,    ///< on disk, the provider does not know yet
  inbound_released,  ///< the provider may forget them
  parsed,            ///< their meaning is in memory only
  applied,           ///< and now on disk
  releasing,         ///< drafts are on record as released, nobody has told their provider
  released,          ///< it was told
};

inline constexpr std::string_view kCrashPointNames[]{
    "none",          "rows_read",      "rows_imported",    "claimed",        "decided",          "intended", "submitted", "outcome_taken", "outcome_recorded",
    "inbound_taken", "inbound_stored", "inbound_released", "parsed",   "applied", "releasing", "released"};

namespace detail {
inline std::atomic<CrashPoint> armed_point{CrashPoint::none};
inline std::atomic<int> passes_left{0};
inline std::atomic<int> signal_at_point{SIGKILL};
}  // namespace detail

/// "intended", "intended:3" (the third time) or "intended:3:stop" (stand still there). False: no such point.
inline bool arm_crash_point(std::string_view text) {
  constexpr std::string_view kStop{":stop"};
  detail::signal_at_point = text.ends_with(kStop) ? SIGSTOP : SIGKILL;
  if (text.ends_with(kStop)) text.remove_suffix(kStop.size());
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const int passes{colon == std::string_view::npos ? 1 : std::atoi(std::string{text.substr(colon + 1)}.c_str())};
  for (std::size_t i{1}; i < std::size(kCrashPointNames); ++i) {
    if (kCrashPointNames[i] != name || passes < 1) continue;
    detail::passes_left = passes;
    detail::armed_point = static_cast<CrashPoint>(i);
    return true;
  }
  return false;
}

inline void crash_point(CrashPoint point) {
  if (detail::armed_point.load(std::memory_order_relaxed) != point) return;
  if (detail::passes_left.fetch_sub(1) == 1) std::raise(detail::signal_at_point);
}

}  // namespace relance
