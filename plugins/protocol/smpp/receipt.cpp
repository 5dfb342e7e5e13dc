#include "plugins/protocol/smpp/receipt.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <iterator>

namespace relance::smpp {
namespace {

constexpr std::string_view kStates[]{"SCHEDLD", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED",
                                     "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED"};

struct Spelling {
  std::string_view stat;
  MessageState state;
};
/// Beside the standard's seven letters.
constexpr Spelling kSpellings[]{
    {"DELIVERED", MessageState::delivered},       {"UNDELIVERABLE", MessageState::undeliverable},
    {"UNDELIVERED", MessageState::undeliverable}, {"UNDELIVRD", MessageState::undeliverable},
    {"FAILED", MessageState::undeliverable},      {"ACCEPTED", MessageState::accepted},
    {"REJECTED", MessageState::rejected},         {"EN_ROUTE", MessageState::enroute},
    {"BUFFERED", MessageState::enroute},          {"BUFFRED", MessageState::enroute},
    {"SCHEDULED", MessageState::scheduled},       {"CANCELED", MessageState::deleted},
    {"CANCELLED", MessageState::deleted},
};

char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}
std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

struct Field {
  std::string_view name;
  std::string_view ReceiptWords::*value;
};
constexpr Field kFields[]{
    {"submit date", &ReceiptWords::submit_date},
    {"submit_date", &ReceiptWords::submit_date},
    {"done date", &ReceiptWords::done_date},
    {"done_date", &ReceiptWords::done_date},
    {"dlvrd", &ReceiptWords::dlvrd},
    {"stat", &ReceiptWords::stat},
    {"text", &ReceiptWords::text},
    {"sub", &ReceiptWords::sub},
    {"err", &ReceiptWords::err},
    {"id", &ReceiptWords::id},
};

/// The field whose name and colon stand here.
const Field *field_at(std::string_view rest) {
  const auto *found = std::find_if(std::begin(kFields), std::end(kFields), [&](const Field &field) {
    return rest.size() > field.name.size() && rest[field.name.size()] == ':' &&
           is_same(rest.substr(0, field.name.size()), field.name);
  });
  return found == std::end(kFields) ? nullptr : found;
}

bool is_all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}
int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

/// `rest`: MMDDhhmm[ss].
std::optional<std::int64_t> moment(int year, std::string_view rest) {
  namespace ch = std::chrono;
  const ch::year_month_day day{ch::year{year}, ch::month{static_cast<unsigned>(two_digits(rest, 0))},
                               ch::day{static_cast<unsigned>(two_digits(rest, 2))}};
  const int hour{two_digits(rest, 4)}, minute{two_digits(rest, 6)},
      second{rest.size() > 8 ? two_digits(rest, 8) : 0};
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto at = ch::sys_days{day} + ch::hours{hour} + ch::minutes{minute} + ch::seconds{second};
  return ch::duration_cast<ch::milliseconds>(at.time_since_epoch()).count();
}

/// Some message centres write receipts in UCS-2: all of it is ASCII all the same.
std::string words_of(const ShortMessage &message) {
  const auto words = message.words();
  const bool is_wide{message.data_coding == 8 && words.size() % 2 == 0 && !words.empty() && words[0] == '\0'};
  if (!is_wide) return std::string{words};
  std::string narrow;
  for (std::size_t at{1}; at < words.size(); at += 2) narrow += words[at];
  return narrow;
}

std::string_view up_to_nul(std::string_view value) {
  return value.substr(0, value.find('\0'));
}

}  // namespace

std::optional<MessageState> state_of(std::string_view stat) {
  for (std::size_t number{0}; number < std::size(kStates); ++number)
    if (is_same(stat, kStates[number])) return static_cast<MessageState>(number);
  for (const auto &spelling : kSpellings)
    if (is_same(stat, spelling.stat)) return spelling.state;
  return std::nullopt;
}

std::string_view name_of(MessageState state) {
  const auto number = static_cast<std::size_t>(state);
  return number < std::size(kStates) ? kStates[number] : "UNKNOWN";
}

ReceiptWords read_words(std::string_view words) {
  ReceiptWords found;
  for (std::size_t at{0}; at < words.size();) {
    const bool is_word_start{at == 0 || is_space(words[at - 1])};
    const auto *field = is_word_start ? field_at(words.substr(at)) : nullptr;
    if (field == nullptr) {
      ++at;
      continue;
    }
    at += field->name.size() + 1;
    auto &value = found.*field->value;
    if (field->value == &ReceiptWords::text) {  // whatever stands in it is no field
      auto text = words.substr(at);
      while (!text.empty() && text.back() == '\0') text.remove_suffix(1);
      value = text;
      break;
    }
    // "id: 17" is met, and so is "err: stat:DELIVRD", where the value is empty.
    std::size_t from{at};
    while (from < words.size() && words[from] == ' ') ++from;
    if (field_at(words.substr(from)) != nullptr) continue;
    auto end = from;
    while (end < words.size() && !is_space(words[end])) ++end;
    if (value.empty()) value = words.substr(from, end - from);
    at = end;
  }
  return found;
}

std::int64_t read_date_ms(std::string_view digits) {
  digits = trim(digits);
  if (!is_all_digits(digits)) return 0;
  const auto short_year = [&] { return moment(2000 + two_digits(digits, 0), digits.substr(2)); };
  const auto long_year = [&] {
    return moment(two_digits(digits, 0) * 100 + two_digits(digits, 2), digits.substr(4));
  };
  if (digits.size() == 10) return short_year().value_or(0);
  if (digits.size() == 14) return long_year().value_or(0);
  if (digits.size() != 12) return 0;
  // 201506201641 is no moment of 2020: there is no month 15.
  if (const auto at = short_year()) return *at;
  return long_year().value_or(0);
}

std::optional<Report> read_report(const ShortMessage &message) {
  const auto type = static_cast<std::uint8_t>(message.esm_class & kTypeMask);
  const auto id = message.option(kReceiptedMessageId);
  const auto state = message.option(kMessageState);
  const bool is_marked{type == kTypeReceipt || type == kTypeIntermediate};
  if (!is_marked && !(type == 0 && id && state)) return std::nullopt;

  const auto words = words_of(message);
  const auto fields = read_words(words);
  Report report;
  report.is_intermediate = type == kTypeIntermediate;
  if (id) report.option_id = up_to_nul(*id);
  report.words_id = fields.id;
  report.stat = fields.stat;
  report.err = fields.err;
  report.done_at_ms = read_date_ms(fields.done_date);
  report.state = state_of(fields.stat);
  if (state && state->size() == 1 && static_cast<std::uint8_t>((*state)[0]) <= 9)
    report.state = static_cast<MessageState>((*state)[0]);
  if (const auto error = message.option(kNetworkErrorCode); error && error->size() == 3) {
    Reader reader{*error};
    report.network_error.emplace();
    report.network_error->network = reader.u8();
    report.network_error->code = reader.u16();
  }
  return report;
}

}  // namespace relance::smpp
