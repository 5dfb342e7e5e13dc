// A scenario: the ordered steps that one kind of debtor is taken through, and the policies around them.
// Plain values; host/config reads them from TOML and checks them as a whole; decide() obeys them.
#pragma once

#include "host/base/time.hpp"
#include "host/domain/money.hpp"
#include "host/domain/receipt.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::domain {

enum class DayKind : std::uint8_t { civil, business };

/// A number of days, civil ("7d") or business ("5bd"); never negative: before and after are words, not signs.
struct DayCount {
  std::int32_t count{0};
  DayKind kind{DayKind::civil};
  friend bool operator==(const DayCount &, const DayCount &) = default;
};

enum class Anchor : std::uint8_t { before_due, after_due, after_previous };

enum class CatchUp : std::uint8_t {
  latest,  ///< the highest step due that raises the level by at most one; those below it are passed over
  merged,  ///< the same message, which also names the steps it stands for
  skip,    ///< a missed step is not sent; the next one comes on its own day
};

enum class InDoubtPolicy : std::uint8_t { ask, assume_sent, resend };
enum class GroupBy : std::uint8_t { debtor, receivable };

/// What a receipt of a kind changes: `on.unclaimed = { channel = "postal", after = "0d" }` sends the same reminder by another
/// channel; `{ step = "hand-over" }` makes that later step due; `{ task = true }` asks a person. `on.silence` is of the receipt
/// that did not come: it alone may send by another channel what was not lost for certain.
struct Reaction {
  ReceiptKind on{ReceiptKind::failed};
  std::string channel{};
  std::int32_t step{-1};  ///< index of the step, -1 when the reaction names a channel or a task
  bool gives_task{false};
  DayCount after{};
};

struct Step {
  std::string id;
  Anchor anchor{Anchor::after_due};
  DayCount when{};
  std::vector<std::string> channels;  ///< in order; the next one when no address, no consent, or a final negative
  std::string template_id;
  std::string service{"plain"};
  /// How far the tone has risen. Filled by the configuration when not stated: 0 before the due date, one more at each later
  /// step that sends something, the same for a task.
  std::int32_t level{0};
  bool is_formal{false};  ///< a formal notice: needs a reminder sent in the same round
  bool needs_approval{false};
  bool wants_read_receipt{false};  ///< the reader's program is asked for one, where the channel can
  bool hands_over{false};  ///< the file leaves for a collection agency or a lawyer: a decision, not a message
  std::vector<Money> minimum_balance{};  ///< at most one a currency; below it the step waits
  std::optional<DayCount> min_gap{};     ///< distance from the actual sending before it; default: the planned gap
  std::optional<DayCount> fallback_within{};  ///< default: until the next step is due
  std::vector<Reaction> reactions{};

  /// A person goes there instead of calling.
  [[nodiscard]] bool is_visit() const { return service == "visit"; }
  [[nodiscard]] bool is_task() const { return channels.size() == 1 && channels.front() == "task"; }
};

struct Scenario {
  std::string id;
  std::string version;  ///< hash of the file: journaled with each decision, bound by approvals
  GroupBy group_by{GroupBy::debtor};
  std::vector<std::string> segments{}, regions{};  ///< who it is for; empty = everyone
  std::vector<std::string> replaces{};             ///< former scenarios whose cases it takes over
  std::vector<Step> steps;                         ///< at least one; planned dates rise

  CatchUp catch_up{CatchUp::latest};
  DayCount late_after{3, DayKind::business};        ///< a step older than this counts as missed
  DayCount payment_grace{3, DayKind::business};     ///< after the due date, before anyone is chased
  DayCount promise_grace{3, DayKind::business};     ///< after a promised date, before it counts as broken
  std::optional<std::int32_t> promise_resume_at{};  ///< step that a broken promise resumes at; default: where it stood
  DayCount contact_gap{3, DayKind::civil};          ///< between two messages to one debtor, over all scenarios
  DayCount approval_valid{14, DayKind::civil};
  std::optional<DayCount> in_doubt_after{};  ///< default: the next step's date
  InDoubtPolicy in_doubt{InDoubtPolicy::ask};
  std::vector<std::string> thank_you_channels{};  ///< empty: no thank-you
  std::string thank_you_template{};
  std::int32_t attempts_max{5};  ///< hand-overs of one reminder that may end "not sent" before a person is asked
};

/// Index of the step with this id, or -1.
inline std::int32_t step_index(const Scenario &scenario, std::string_view id) {
  for (std::size_t i{0}; i < scenario.steps.size(); ++i)
    if (scenario.steps[i].id == id) return static_cast<std::int32_t>(i);
  return -1;
}

}  // namespace relance::domain
