// Forgetting a person on their own demand. A rehearsal does the whole of it and takes it back, so that what
// it counts is what would go.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"

#include <boost/json.hpp>

namespace relance::api {

Result<Response> erase_debtor(Context &context, const Request &request) {
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const auto debtor = body->text("debtor");
  const bool dry_run{body->flag("dry_run", false)};
  if (auto end = body->end(); !end) return end.error();
  const auto erased = context.change([&](store::Store &store, Instant now) {
    return store.erase_debtor(*creditor, debtor, request.by, now, dry_run);
  });
  if (!erased) return erased.error();
  return json_answer({{"dry_run", dry_run},
                      {"contacts", erased->contacts},
                      {"messages", erased->messages},
                      {"documents", erased->documents},
                      {"raws", erased->raws},
                      {"raws_kept_for_others", erased->raws_kept_for_others},
                      {"tasks", erased->tasks},
                      {"journal_entries", erased->journal_entries}});
}

}  // namespace relance::api
