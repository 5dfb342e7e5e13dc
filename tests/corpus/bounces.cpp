#include "tests/corpus/bounces.hpp"

#include "plugins/protocol/report/report.hpp"
#include "tests/corpus/table.hpp"

#include <algorithm>
#include <unordered_map>

namespace relance::corpus {
namespace {

using report::Action;
using report::Kind;
using report::Reason;
using report::Recipient;
using report::Report;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return c < 0x80 ? std::tolower(c) : c; });
  return out;
}

bool is_named(const Recipient &recipient, std::string_view address) {
  return lower(recipient.address) == lower(address) || lower(recipient.original_address) == lower(address);
}

/// The recipient that a row speaks of: by its address, else by its place.
const Recipient *recipient_for(const Report &report, std::string_view address, std::size_t n) {
  if (!address.empty())
    for (const auto &recipient : report.recipients)
      if (is_named(recipient, address)) return &recipient;
  if (report.recipients.empty()) return nullptr;
  return &report.recipients[std::clamp<std::size_t>(n, 1, report.recipients.size()) - 1];
}

/// Changes what is known of a contact: somebody failed for good.
bool reports_failure(const Report &report) {
  return report.kind == Kind::delivery &&
         std::any_of(report.recipients.begin(), report.recipients.end(), [](const Recipient &recipient) {
           return recipient.is_final && recipient.action == Action::failed;
         });
}

bool is_right_kind(std::string_view kind, const Report &report) {
  if (kind == "feedback") return report.kind == Kind::feedback;
  if (kind == "vacation") return report.kind == Kind::auto_reply;
  if (kind == "not-bounce") return !reports_failure(report);
  return report.kind == Kind::delivery;
}

/// The corpora's words for a reason and ours; a word that mixes several causes ("filtered", "rejected")
/// asserts nothing.
struct ReasonWord {
  std::string_view word;
  std::string_view ours;
};
constexpr ReasonWord kReasonWords[] = {
    {"userunknown", "user_unknown"},
    {"user_unknown", "user_unknown"},
    {"mailboxfull", "mailbox_full"},
    {"over_quota", "mailbox_full"},
    {"mesgtoobig", "message_too_large"},
    {"exceedlimit", "message_too_large"},
    {"message_too_large", "message_too_large"},
    {"hostunknown", "host_unknown"},
    {"domain_error", "host_unknown"},
    {"notaccept", "host_unknown"},
    {"spamdetected", "spam"},
    {"spam", "spam blocked policy content"},
    {"virusdetected", "content spam"},
    {"expired", "expired network"},
    {"networkerror", "network host_unknown"},
    {"norelaying", "relaying_denied"},
    {"suspend", "mailbox_suspended"},
    {"user_disabled", "mailbox_suspended"},
    {"hasmoved", "user_moved"},
    {"blocked", "blocked"},
    {"badreputation", "blocked"},
    {"requireptr", "blocked"},
    {"authfailure", "authentication"},
    {"toomanyconn", "rate_limited"},
    {"speeding", "rate_limited"},
    {"policyviolation", "policy content"},
    {"delivered", "delivered"},
};

/// What is known of one miss: the label's row against what the mail says of itself.
struct MissFacts {
  std::string_view measure, expected, got, label_reason;
  const Recipient &recipient;
};

/// Families of disagreement, not files: a label may follow a convention of its corpus that the mail itself
/// contradicts.
std::string why(const MissFacts &miss) {
  const auto &[measure, expected, got, label, recipient] = miss;
  const bool goes_on{recipient.action == Action::delayed};
  if (measure == "class" || measure == "status_class") {
    if (goes_on) return "the mail says that attempts go on; the label tells what happens when they end";
    if (recipient.is_status_reported)
      return "the label contradicts the code " + recipient.status + " that the mail states";
    return "the mail states no code; its words are read otherwise than the label";
  }
  if (measure == "action" && goes_on) return "the mail says that attempts go on";
  if (measure == "action") return "the mail's own Action, or its words, say that attempts are over";
  if (measure == "hard" && got == "1") {
    return recipient.reason == Reason::user_unknown
               ? "the server says that there is no such user; the label's word for it is \"" +
                     std::string(label) + '"'
               : "a domain that cannot be found is taken for dead; the label's word is \"" +
                     std::string(label) + '"';
  }
  if (measure == "hard") return "the words leave open whether the address is dead";
  if (measure == "reason") {
    return recipient.is_status_reported
               ? "two causes fit; ours follows " + recipient.status + " and \"" +
                     recipient.diagnostic.substr(0, 60) + '"'
               : "two causes fit the words \"" + recipient.diagnostic.substr(0, 60) + '"';
  }
  if (measure == "reply_code")
    return got.empty() ? "no reply is quoted in full" : "several replies are quoted";
  if (measure == "orig_message_id" && expected == '<' + std::string(got) + '>')
    return "the label keeps the angle brackets";
  if (measure == "orig_message_id") return "several messages are quoted";
  if (measure == "recipient")
    return "several addresses are named; ours is the one that the failure is told of";
  return "another kind of letter by its header and words";
}

class BounceScorer {
 public:
  explicit BounceScorer(const std::filesystem::path &folder)
      : folder_(folder), table_(folder / "expected.tsv") {}

  BounceScore run() {
    for (std::size_t row = 0; row < table_.size(); ++row) score_row(row);
    return std::move(score_);
  }

 private:
  std::string_view cell(const char *column) const { return table_.at(row_, column); }

  const Report &report_of(std::string_view file) {
    const auto [found, is_new] = reports_.try_emplace(std::string(file));
    if (is_new) {
      found->second = report::parse_report(read_file(folder_ / file));
      ++score_.mails;
      if (found->second.kind == Kind::unreadable) ++score_.unreadable;
    }
    return found->second;
  }

  void count(const std::string &measure, bool is_hit, std::string_view expected, std::string_view got,
             const Recipient &recipient) {
    for (const std::string &corpus : {std::string(cell("corpus")), std::string("all")}) {
      auto &tally = score_.tallies[measure][corpus];
      ++tally.total;
      if (is_hit) ++tally.hits;
    }
    if (!is_hit)
      score_.misses.push_back({std::string(cell("file")), std::string(cell("n")), measure,
                               std::string(expected), std::string(got),
                               why({measure, expected, got, cell("reason"), recipient})});
  }

  /// Counted only when the cell asserts something.
  void compare(const std::string &measure, std::string_view expected, std::string_view got,
               const Recipient &recipient) {
    if (!expected.empty()) count(measure, expected == got, expected, got, recipient);
  }

  void score_row(std::size_t row) {
    row_ = row;
    ++score_.rows;
    const auto &report = report_of(cell("file"));
    const auto kind = cell("kind");
    if (cell("label_source").find("TODO") != std::string_view::npos || kind == "unlabelled" ||
        kind == "unclassified") {
      ++score_.rows_not_counted;
      return;
    }
    const Recipient nobody;
    count("kind", is_right_kind(kind, report), kind, report::name(report.kind), nobody);
    const auto address = cell("recipient");
    const std::size_t n = static_cast<std::size_t>(std::strtoul(std::string(cell("n")).c_str(), nullptr, 10));
    const auto *recipient = recipient_for(report, address, n);
    if (recipient == nullptr) recipient = &nobody;
    if (!address.empty())
      count("recipient", is_named(*recipient, address), address, recipient->address, *recipient);
    compare("class", cell("class"), report::name(recipient->status_class), *recipient);
    compare("status_class", cell("status").substr(0, 1), std::string_view(recipient->status).substr(0, 1),
            *recipient);
    if (cell("status_explicit") == "1") compare("status", cell("status"), recipient->status, *recipient);
    score_further(kind, report, *recipient);
  }

  void score_further(std::string_view kind, const Report &report, const Recipient &recipient) {
    if (kind == "bounce") compare("hard", cell("hard"), recipient.is_address_dead() ? "1" : "0", recipient);
    compare("action", cell("action"), report::name(recipient.action), recipient);
    compare("reply_code", cell("reply_code"),
            recipient.reply_code == 0 ? "" : std::to_string(recipient.reply_code), recipient);
    for (const auto &known : kReasonWords)
      if (known.word == cell("reason")) {
        const auto ours = report::name(recipient.reason);
        count("reason",
              (' ' + std::string(known.ours) + ' ').find(' ' + std::string(ours) + ' ') != std::string::npos,
              known.ours, ours, recipient);
      }
    compare("orig_message_id", cell("orig_message_id"), report.original_message_id, recipient);
  }

  std::filesystem::path folder_;
  Table table_;
  std::size_t row_{0};
  std::unordered_map<std::string, Report> reports_;
  BounceScore score_;
};

}  // namespace

Tally BounceScore::all(const std::string &measure) const {
  const auto by_corpus = tallies.find(measure);
  if (by_corpus == tallies.end()) return {};
  const auto sum = by_corpus->second.find("all");
  return sum == by_corpus->second.end() ? Tally{} : sum->second;
}

BounceScore score_bounces(const std::filesystem::path &folder) {
  return BounceScorer(folder).run();
}

}  // namespace relance::corpus
