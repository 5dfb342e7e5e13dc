#include "plugins/protocol/pec/meaning.hpp"
#include "plugins/protocol/pec/signature.hpp"
#include "plugins/protocol/report/ascii.hpp"
#include "tests/corpus/score.hpp"
#include "tests/corpus/table.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>

namespace relance::corpus {
namespace {

std::string_view name(pec::Kind kind) {
  switch (kind) {
    case pec::Kind::receipt:
      return "receipt";
    case pec::Kind::envelope:
      return "envelope";
    case pec::Kind::anomaly:
      return "anomaly";
    case pec::Kind::malformed:
      return "malformed";
    default:
      return "ordinary";
  }
}

/// The table's words.
std::string outcome_of(const pec::Daticert &certified) {
  switch (pec::event_of(certified)) {
    case pec::Event::accepted:
      return "accepted";
    case pec::Event::delivered:
      return "delivered";
    case pec::Event::relayed:
      return "in-transit";
    case pec::Event::delayed:
      return pec::is_final(certified) ? "failed" : "delayed-warning";
    case pec::Event::refused:
    case pec::Event::failed:
    case pec::Event::virus:
      return "failed";
    default:
      return "";
  }
}

std::string utc(const pec::Daticert &certified) {
  if (!certified.time_ms) return {};
  const std::chrono::sys_seconds at{std::chrono::seconds{*certified.time_ms / 1000}};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{at - day};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

class PecScorer {
 public:
  explicit PecScorer(const std::filesystem::path &folder)
      : folder_(folder), table_(folder / "expected.tsv") {}

  Score run() {
    std::set<std::string> seen;
    for (std::size_t row{0}; row < table_.size(); ++row) {
      score_row(row);
      const std::string file{table_.at(row, "file")};
      if (file.ends_with(".eml") && seen.insert(file).second) score_forgeries(file);
    }
    return std::move(score_);
  }

 private:
  void score_row(std::size_t row) {
    ++score_.rows;
    const std::string file{table_.at(row, "file")};
    id_ = {{"id", file}, {"source", file.substr(0, file.find('/'))}};
    row_ = row;
    const auto bytes = read_file(folder_ / file);
    pec::Reading reading;
    pec::Mail mail;
    if (file.ends_with(".xml")) {
      reading.certified = pec::read_daticert(bytes);
      reading.kind = !reading.certified                                             ? pec::Kind::malformed
                     : pec::event_of(*reading.certified) == pec::Event::transported ? pec::Kind::envelope
                                                                                    : pec::Kind::receipt;
    } else {
      mail = pec::read_mail(bytes);
      reading = pec::read(mail);
    }
    compare("kind", std::string{name(reading.kind)});
    compare_claims(mail);
    compare_certified(reading.certified.value_or(pec::Daticert{}),
                      pec::claim(mail, "x-riferimento-message-id"));
  }

  /// The header's, which nobody signs.
  void compare_claims(const pec::Mail &mail) {
    compare("x_riferimento",
            std::string{report::trim(report::value_of(mail.header, "x-riferimento-message-id"))});
    compare("x_ricevuta", pec::claim(mail, "x-ricevuta"));
    compare("x_trasporto", pec::claim(mail, "x-trasporto"));
  }

  void compare_certified(const pec::Daticert &certified, const std::string &reference) {
    compare("tipo", certified.type);
    compare("outcome", outcome_of(certified));
    compare("errore", certified.error);
    compare("sender", certified.sender, true);
    compare("subject", certified.subject);
    compare("provider", certified.provider);
    compare("date_utc", utc(certified));
    compare("identifier", certified.identifier);
    // A sample whose author changed one of the two places: either is right.
    const auto expected = table_.at(row_, "ref_message_id");
    compare("ref_message_id",
            report::equals_ignoring_case(expected, reference) ? std::string{expected} : certified.message_id);
    compare("receipt_detail", certified.receipt_detail);
    compare("delivery", certified.delivery, true);
    compare("extended_error", certified.extended_error);
    const auto recipient = report::lower(table_.at(row_, "recipients"));
    const bool is_there{std::any_of(
        certified.recipients.begin(), certified.recipients.end(),
        [&](const auto &one) { return report::lower(one.address) + '|' + one.type == recipient; })};
    if (!recipient.empty())
      score_.note(id_, "recipients", recipient, is_there ? recipient : "another", "not among those read");
  }

  /// An empty cell asserts nothing.
  void compare(const char *column, const std::string &got, bool ignores_case = false) {
    const std::string expected{table_.at(row_, column)};
    if (expected.empty()) return;
    const bool is_same{ignores_case && report::equals_ignoring_case(expected, got)};
    score_.note(id_, column, expected, is_same ? expected : got, "read otherwise");
  }

  /// Judged by whoever believes each certificate that came along: what is refused even so is refused by all.
  bool is_believed(const pec::Mail &mail) {
    std::string fault;
    const auto authorities = pec::certificates_of(mail.signature);
    if (authorities.empty()) return false;
    const auto sender = report::value_of(mail.header, "from");
    const auto at = sender.rfind('@');
    std::string domain{at == sender.npos ? sender : sender.substr(at + 1)};
    domain = domain.substr(0, domain.find('>'));
    const auto trust = pec::Trust::from(authorities, {domain}, fault);
    const auto reading = pec::read(mail);
    const auto time_ms = reading.certified ? reading.certified->time_ms.value_or(0) : 0;
    return trust && trust->judge(mail.signed_bytes, mail.signature, time_ms).trouble == pec::Trouble::none;
  }

  void score_forgeries(const std::string &file) {
    const auto mail = pec::read_mail(read_file(folder_ / file));
    const bool is_rendered{file.starts_with("rendered/")};
    const bool is_genuine{is_believed(mail)};
    const auto note = [&](const std::string &measure, bool is_refused) {
      score_.note(id_, measure, "refused", is_refused ? "refused" : "believed", "a signature that holds");
    };
    if (is_rendered || !mail.is_signed) note("refused", !is_genuine);
    if (!is_genuine) return;
    score_.note(id_, "genuine", "believed", "believed", "");
    auto altered = mail;
    altered.signed_bytes[altered.signed_bytes.size() / 2] ^= 1;
    note("refused", !is_believed(altered));
    auto stripped = mail;
    stripped.signature.clear();
    note("refused", !is_believed(stripped));
    std::string fault;
    const auto other =
        pec::Trust::from(pec::certificates_of(mail.signature), {"pec.look-alike.example"}, fault);
    const auto certified = pec::read(mail).certified;
    const auto at_ms = certified ? certified->time_ms.value_or(0) : 0;
    note("refused",
         other->judge(mail.signed_bytes, mail.signature, at_ms).trouble == pec::Trouble::other_signer);
  }

  std::filesystem::path folder_;
  Table table_;
  std::size_t row_{0};
  boost::json::object id_;
  Score score_;
};

}  // namespace

Score score_pec(const std::filesystem::path &folder) {
  return PecScorer(folder).run();
}

}  // namespace relance::corpus
