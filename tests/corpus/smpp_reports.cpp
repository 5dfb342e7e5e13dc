#include "plugins/protocol/smpp/receipt.hpp"
#include "tests/corpus/delivery_reports.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <cstdio>

namespace relance::corpus {
namespace {

namespace json = boost::json;
namespace ch = std::chrono;

std::string report_text(const json::object &row, std::string_view name) {
  const auto *value = row.if_contains(name);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::string from_hex(std::string_view digits) {
  std::string octets;
  for (std::size_t at{0}; at + 1 < digits.size(); at += 2)
    octets += static_cast<char>(std::stoi(std::string{digits.substr(at, 2)}, nullptr, 16));
  return octets;
}

/// "2011-02-06T19:30:41", in UTC; samples write it with and without a Z.
std::string to_date(std::int64_t unix_ms) {
  if (unix_ms == 0) return "null";
  const ch::sys_time<ch::milliseconds> at{ch::milliseconds{unix_ms}};
  const auto day = ch::floor<ch::days>(at);
  const ch::year_month_day date{day};
  const ch::hh_mm_ss time{ch::floor<ch::seconds>(at - day)};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

std::string outcome_of(const smpp::Report &report) {
  using State = smpp::MessageState;
  if (!report.state) return "error";
  switch (*report.state) {
    case State::delivered:
      return "delivered";
    case State::accepted:
      return "accepted";
    case State::expired:
    case State::deleted:
    case State::undeliverable:
    case State::rejected:
    case State::skipped:
      return "failed";
    default:
      return "pending";
  }
}

std::string plain(const json::value &expected) {
  if (expected.is_null()) return "null";
  auto text = expected.is_string() ? std::string{expected.get_string()} : json::serialize(expected);
  const bool is_date{text.size() == 20 && text[10] == 'T' && text.back() == 'Z'};
  if (is_date) text.pop_back();
  return text;
}

std::string number(std::string_view digits) {
  return digits.empty() ? "null" : std::to_string(std::atoi(std::string{digits}.c_str()));
}

/// What was read for a measure; nothing where nobody here looks at it.
std::optional<std::string> got_for(std::string_view measure, const smpp::Report &report,
                                   const smpp::ReceiptWords &words, std::uint32_t sequence) {
  if (measure == "message_id") return report.option_id.empty() ? report.words_id : report.option_id;
  if (measure == "message_id_text") return report.words_id;
  if (measure == "stat") return report.state ? std::string{name_of(*report.state)} : report.stat;
  if (measure == "err") return report.err;
  if (measure == "text") return std::string{words.text};
  if (measure == "sub") return number(words.sub);
  if (measure == "dlvrd") return number(words.dlvrd);
  if (measure == "submit_date") return to_date(smpp::read_date_ms(words.submit_date));
  if (measure == "done_date") return to_date(report.done_at_ms);
  if (measure == "outcome") return outcome_of(report);
  if (measure == "sequence") return std::to_string(sequence);
  if (measure == "message_state")
    return report.state ? std::to_string(static_cast<int>(*report.state)) : std::string{"null"};
  if (measure == "message_id_hex") {
    char text[24];
    std::snprintf(text, sizeof text, "%llx", std::strtoull(report.words_id.c_str(), nullptr, 10));
    return text;
  }
  return std::nullopt;
}

void score_message(const json::object &row, const smpp::ShortMessage &message, std::uint32_t sequence,
                   Score &score) {
  const auto report = smpp::read_report(message);
  const auto &expected = row.at("expected").as_object();
  if (expected.contains("error")) {
    const bool is_refused{!report || !report->state ||
                          (report->words_id.empty() && report->option_id.empty())};
    score.note(row, "refused", "true", is_refused ? "true" : "false", "an id and a state could be read");
    return;
  }
  for (const auto &[name, value] : expected) {
    if (name == "note") continue;
    const auto words = smpp::read_words(message.words());
    const auto got = report ? got_for(name, *report, words, sequence) : std::string{"no receipt"};
    if (!got) {
      ++score.not_counted[std::string{name}];
      continue;
    }
    score.note(row, "smpp_" + std::string{name}, plain(value), *got, "read otherwise");
  }
}

void score_words(const json::object &row, Score &score) {
  const auto words = report_text(row, "short_message");
  smpp::ShortMessage message;
  message.esm_class = smpp::kTypeReceipt;
  message.text = words;
  std::string id, state;
  if (const auto *tlv = row.if_contains("tlv"); tlv != nullptr && tlv->is_object()) {
    id = report_text(tlv->get_object(), "receipted_message_id");
    if (!id.empty()) message.options.push_back({smpp::kReceiptedMessageId, id});
    if (const auto *number = tlv->get_object().if_contains("message_state");
        number != nullptr && number->is_int64()) {
      state = static_cast<char>(number->get_int64());
      message.options.push_back({smpp::kMessageState, state});
    }
  }
  score_message(row, message, 0, score);
}

}  // namespace

void score_smpp_reports(const std::filesystem::path &folder, Score &score) {
  for (const auto *const file : {"dlr_smpp.jsonl", "dlr_smpp_pdu.jsonl"}) {
    each_row(folder / file, [&](const json::object &row) {
      ++score.rows;
      if (!row.contains("pdu_hex")) return score_words(row, score);
      const auto octets = from_hex(report_text(row, "pdu_hex"));
      const auto frame = smpp::read_frame(octets);
      const auto message = smpp::read_message(frame.pdu.command, frame.pdu.body);
      score_message(row, message.value_or(smpp::ShortMessage{}), frame.pdu.sequence, score);
    });
  }
}

}  // namespace relance::corpus
