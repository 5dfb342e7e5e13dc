// Every handler of the control interface, one page a concern (handle_*.cpp). Paths and shapes:
// docs/openapi.yaml.
#pragma once

#include "host/api/context.hpp"
#include "host/api/router.hpp"

#include <boost/json/fwd.hpp>

namespace relance::api {

// handle_status.cpp
Result<Response> show_status(Context &context, const Request &request);
Result<Response> pause(Context &context, const Request &request);
Result<Response> resume(Context &context, const Request &request);
Result<Response> check_configuration(Context &context, const Request &request);
Result<Response> reload(Context &context, const Request &request);

// handle_providers.cpp
Result<Response> list_providers(Context &context, const Request &request);
Result<Response> show_provider(Context &context, const Request &request);
Result<Response> pause_provider(Context &context, const Request &request);
Result<Response> resume_provider(Context &context, const Request &request);
Result<void> test_provider(Context &context, const Request &request, Exchange &exchange);

// handle_clock.cpp
Result<Response> show_clock(Context &context, const Request &request);
Result<void> advance_clock(Context &context, const Request &request, Exchange &exchange);

// handle_imports.cpp
Result<void> import(Context &context, const Request &request, Exchange &exchange);

// handle_onboarding.cpp
Result<Response> onboard(Context &context, const Request &request);

// handle_questions.cpp
Result<Response> explain(Context &context, const Request &request);
Result<Response> preview(Context &context, const Request &request);
Result<Response> preview_letter(Context &context, const Request &request);
Result<void> simulate(Context &context, const Request &request, Exchange &exchange);

// handle_reminders.cpp
Result<Response> list_reminders(Context &context, const Request &request);
Result<Response> resend_reminder(Context &context, const Request &request);
Result<Response> cancel_reminder(Context &context, const Request &request);
Result<Response> list_receipts(Context &context, const Request &request);
Result<Response> reparse_receipts(Context &context, const Request &request);
Result<Response> list_in_doubt(Context &context, const Request &request);
Result<Response> resolve_in_doubt(Context &context, const Request &request);
Result<Response> show_journal(Context &context, const Request &request);
Result<Response> verify_journal(Context &context, const Request &request);

// handle_hooks.cpp: webhooks, and raw bytes as they came
Result<Response> show_hook(Context &context, const Request &request);
Result<Response> rotate_hook(Context &context, const Request &request);
Result<Response> list_inbound(Context &context, const Request &request);
Result<Response> show_inbound(Context &context, const Request &request);
/// Of /v1/status: the listener, and what each plugin said of its webhooks.
boost::json::object hooks_status(const Context &context);

// handle_people.cpp: what waits for a person
Result<Response> list_approvals(Context &context, const Request &request);
Result<Response> decide_approvals(Context &context, const Request &request);
Result<Response> list_tasks(Context &context, const Request &request);
Result<Response> show_task(Context &context, const Request &request);
Result<Response> finish_task(Context &context, const Request &request);

// handle_facts.cpp: what people know and the ledger does not
Result<Response> list_suppressions(Context &context, const Request &request);
Result<Response> suppress(Context &context, const Request &request);
Result<Response> lift_suppression(Context &context, const Request &request);
Result<Response> promise(Context &context, const Request &request);
Result<Response> dispute(Context &context, const Request &request);
Result<Response> resolve_dispute(Context &context, const Request &request);
Result<Response> hold(Context &context, const Request &request);
Result<Response> release_hold(Context &context, const Request &request);
Result<Response> write_off(Context &context, const Request &request);

// handle_erasure.cpp
Result<Response> erase_debtor(Context &context, const Request &request);
Result<Response> show_retention(Context &context, const Request &request);

// handle_evidence.cpp
Result<Response> list_evidence(Context &context, const Request &request);
Result<Response> show_evidence(Context &context, const Request &request);
Result<void> export_evidence(Context &context, const Request &request, Exchange &exchange);

/// The whole interface. `context` outlives the router.
void add_routes(Router &router, Context &context);

}  // namespace relance::api
