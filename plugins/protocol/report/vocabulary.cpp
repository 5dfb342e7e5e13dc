// The printed names of the report's vocabulary.
#include "plugins/protocol/report/report.hpp"

#include <array>

namespace relance::report {
namespace {

template <class E, std::size_t N>
std::string_view at(const std::array<std::string_view, N> &names, E value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view{"unknown"};
}

constexpr std::array<std::string_view, 6> kKinds{"delivery",   "disposition", "feedback",
                                                 "auto_reply", "other",       "unreadable"};
constexpr std::array<std::string_view, 6> kActions{"unknown",   "failed",  "delayed",
                                                   "delivered", "relayed", "expanded"};
constexpr std::array<std::string_view, 4> kClasses{"unknown", "success", "temporary", "permanent"};
constexpr std::array<std::string_view, 19> kReasons{
    "unknown",      "delivered",         "user_unknown",    "user_moved", "mailbox_suspended",
    "mailbox_full", "message_too_large", "host_unknown",    "network",    "expired",
    "rate_limited", "blocked",           "authentication",  "policy",     "spam",
    "content",      "relaying_denied",   "sender_rejected", "system"};

}  // namespace

std::string_view name(Kind kind) {
  return at(kKinds, kind);
}
std::string_view name(Action action) {
  return at(kActions, action);
}
std::string_view name(StatusClass status_class) {
  return at(kClasses, status_class);
}
std::string_view name(Reason reason) {
  return at(kReasons, reason);
}

bool Recipient::is_address_dead() const {
  if (action != Action::failed || !is_final || status_class != StatusClass::permanent) return false;
  return reason == Reason::user_unknown || reason == Reason::user_moved || reason == Reason::host_unknown;
}

}  // namespace relance::report
