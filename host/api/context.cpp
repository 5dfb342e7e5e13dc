// Which creditor a request means, and the small readings that every handler makes.
#include "host/api/context.hpp"

#include <charconv>

namespace relance::api {
namespace {

Result<std::int64_t> number_of(std::string_view text, std::string_view name, std::int64_t least,
                               std::int64_t most) {
  std::int64_t value{0};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end.ec != std::errc{} || end.ptr != text.data() + text.size() || value < least ||
      value > most)
    return invalid(
        "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is expected",
        std::string{name});
  return value;
}

}  // namespace

Result<std::string> Context::creditor_code(const Request &request) const {
  const auto configuration = engine.configuration();
  std::string code{request.asked("creditor")};
  if (code.empty() && configuration->creditors.size() == 1) code = configuration->creditors.front().code;
  if (configuration->creditor(code) != nullptr) return code;
  std::string known;
  for (const auto &one : configuration->creditors) known += (known.empty() ? "" : ", ") + one.code;
  if (code.empty()) return invalid("there are several creditors, say which: " + known, "creditor");
  return not_found("there is no creditor " + code + "; configured: " + known);
}

Result<store::CreditorId> Context::creditor(const Request &request) {
  const auto code = creditor_code(request);
  if (!code) return code.error();
  {
    const std::scoped_lock lock{mutex_};
    if (const auto found = creditors_.find(*code); found != creditors_.end()) return found->second;
  }
  const auto id = change([&](store::Store &store, Instant) { return store.creditor(*code); });
  if (id) {
    const std::scoped_lock lock{mutex_};
    creditors_[*code] = *id;
  }
  return id;
}

std::string Context::payment_data_hold() {
  const auto report = engine.report();
  if (report.business_now <= report.payment_data_until) return {};
  const auto imported =
      change([](store::Store &store, Instant) { return store.setting("payments_imported_at"); });
  const std::string since{imported && !imported->empty()
                              ? "payments were last imported at " + *imported
                              : std::string{"payments were not imported since the daemon started"}};
  return "payment data is old: " + since +
         ", so nobody is chased until they are imported again (limits.max_payment_data_age)";
}

Result<std::size_t> limit_of(const Request &request, std::size_t fallback, std::size_t most) {
  const auto text = request.asked("limit");
  if (text.empty()) return fallback;
  const auto number = number_of(text, "limit", 1, static_cast<std::int64_t>(most));
  if (!number) return number.error();
  return static_cast<std::size_t>(*number);
}

Result<bool> flag_of(const Request &request, std::string_view name) {
  const auto text = request.asked(name);
  if (text.empty() || text == "false") return false;
  if (text == "true") return true;
  return invalid("true or false is expected", std::string{name});
}

Result<std::int64_t> id_of(const Request &request) {
  return number_of(request.parameter("id"), "id", 1, INT64_MAX);
}

}  // namespace relance::api
