// The table of the control interface: docs/openapi.yaml says the same, and a test holds them together.
#include "host/api/handlers.hpp"

namespace relance::api {
namespace {

struct Row {
  const char *method;
  const char *path;
  Result<Response> (*handler)(Context &, const Request &);
};
struct StreamRow {
  const char *method;
  const char *path;
  Result<void> (*handler)(Context &, const Request &, Exchange &);
};

constexpr Row kRows[]{
    {"GET", "/v1/status", show_status},
    {"POST", "/v1/pause", pause},
    {"POST", "/v1/resume", resume},
    {"POST", "/v1/config/check", check_configuration},
    {"POST", "/v1/reload", reload},
    {"GET", "/v1/providers", list_providers},
    {"GET", "/v1/providers/{id}", show_provider},
    {"POST", "/v1/providers/{id}/pause", pause_provider},
    {"POST", "/v1/providers/{id}/resume", resume_provider},
    {"GET", "/v1/clock", show_clock},
    {"POST", "/v1/onboarding", onboard},
    {"GET", "/v1/explain", explain},
    {"GET", "/v1/previews", preview},
    {"GET", "/v1/previews/letter", preview_letter},
    {"GET", "/v1/reminders", list_reminders},
    {"POST", "/v1/reminders/{id}/resend", resend_reminder},
    {"POST", "/v1/reminders/{id}/cancel", cancel_reminder},
    {"GET", "/v1/receipts", list_receipts},
    {"POST", "/v1/receipts/reparse", reparse_receipts},
    {"GET", "/v1/inbound", list_inbound},
    {"GET", "/v1/inbound/{id}", show_inbound},
    {"GET", "/v1/providers/{id}/hook", show_hook},
    {"POST", "/v1/providers/{id}/hook/rotate", rotate_hook},
    {"GET", "/v1/journal", show_journal},
    {"GET", "/v1/journal/verify", verify_journal},
    {"GET", "/v1/evidence", list_evidence},
    {"GET", "/v1/evidence/documents/{hash}", show_evidence},
    {"GET", "/v1/in-doubt", list_in_doubt},
    {"POST", "/v1/in-doubt/{id}/resolve", resolve_in_doubt},
    {"GET", "/v1/approvals", list_approvals},
    {"POST", "/v1/approvals/decide", decide_approvals},
    {"GET", "/v1/tasks", list_tasks},
    {"GET", "/v1/tasks/{id}", show_task},
    {"POST", "/v1/tasks/{id}/done", finish_task},
    {"GET", "/v1/suppressions", list_suppressions},
    {"POST", "/v1/suppressions", suppress},
    {"POST", "/v1/suppressions/lift", lift_suppression},
    {"POST", "/v1/promises", promise},
    {"POST", "/v1/disputes", dispute},
    {"POST", "/v1/disputes/resolve", resolve_dispute},
    {"POST", "/v1/holds", hold},
    {"POST", "/v1/holds/release", release_hold},
    {"POST", "/v1/write-offs", write_off},
    {"POST", "/v1/erasures", erase_debtor},
    {"GET", "/v1/retention", show_retention},
};

constexpr StreamRow kStreamRows[]{
    {"POST", "/v1/imports", import},
    {"POST", "/v1/simulations", simulate},
    {"POST", "/v1/clock/advance", advance_clock},
    {"GET", "/v1/evidence/export", export_evidence},
    {"POST", "/v1/providers/{id}/test", test_provider},
};

}  // namespace

void add_routes(Router &router, Context &context) {
  for (const auto &row : kRows)
    router.add({row.method, row.path, Handler{[&context, handler = row.handler](const Request &request) {
                  return handler(context, request);
                }}});
  for (const auto &row : kStreamRows)
    router.add({row.method, row.path,
                StreamHandler{[&context, handler = row.handler](const Request &request, Exchange &exchange) {
                  return handler(context, request, exchange);
                }}});
}

}  // namespace relance::api
