#include "host/intake/phone_number.hpp"

#include <algorithm>
#include <phonenumbers/phonenumberutil.h>

namespace relance::intake {
namespace {

using Library = i18n::phonenumbers::PhoneNumberUtil;
using Parsed = i18n::phonenumbers::PhoneNumber;

const Library &library() {
  return *Library::GetInstance();
}

LineType to_line_type(Library::PhoneNumberType type) {
  switch (type) {
    case Library::FIXED_LINE:
      return LineType::fixed_line;
    case Library::MOBILE:
      return LineType::mobile;
    case Library::FIXED_LINE_OR_MOBILE:
      return LineType::fixed_line_or_mobile;
    case Library::TOLL_FREE:
      return LineType::toll_free;
    case Library::PREMIUM_RATE:
      return LineType::premium_rate;
    case Library::SHARED_COST:
      return LineType::shared_cost;
    case Library::VOIP:
      return LineType::voip;
    case Library::PERSONAL_NUMBER:
      return LineType::personal_number;
    case Library::PAGER:
      return LineType::pager;
    case Library::UAN:
      return LineType::uan;
    case Library::VOICEMAIL:
      return LineType::voicemail;
    default:
      return LineType::unknown;
  }
}

std::string written_for(std::string_view country) {
  const bool is_country{country.size() == 2};
  std::string example;
  if (is_country) {
    Parsed number;
    if (library().GetExampleNumberForType(std::string{country}, Library::MOBILE, &number))
      library().Format(number, Library::INTERNATIONAL, &example);
  }
  return "write it with + and its country code, such as " + (example.empty() ? "+33 6 12 34 56 78" : example);
}

CellIssue issue_of(Library::ErrorType fault, std::string_view country) {
  if (fault == Library::INVALID_COUNTRY_CODE_ERROR)
    return {"its country code does not exist, or it has none and no country is known for it",
            written_for(country)};
  if (fault == Library::TOO_LONG_NSN)
    return {"it has more digits than any telephone number", written_for(country)};
  if (fault == Library::TOO_SHORT_NSN || fault == Library::TOO_SHORT_AFTER_IDD)
    return {"it has fewer digits than any telephone number", written_for(country)};
  return {"this is no telephone number", written_for(country)};
}

Parsed as_library_has_it(const PhoneNumber &number) {
  Parsed parsed;
  library().Parse(number.e164, "ZZ", &parsed);
  return parsed;
}

}  // namespace

std::string_view name_of(LineType type) {
  switch (type) {
    case LineType::fixed_line:
      return "fixed_line";
    case LineType::mobile:
      return "mobile";
    case LineType::fixed_line_or_mobile:
      return "fixed_line_or_mobile";
    case LineType::toll_free:
      return "toll_free";
    case LineType::premium_rate:
      return "premium_rate";
    case LineType::shared_cost:
      return "shared_cost";
    case LineType::voip:
      return "voip";
    case LineType::personal_number:
      return "personal_number";
    case LineType::pager:
      return "pager";
    case LineType::uan:
      return "uan";
    case LineType::voicemail:
      return "voicemail";
    case LineType::unknown:
      break;
  }
  return "unknown";
}

bool PhoneNumber::may_take_sms() const {
  return type == LineType::mobile || type == LineType::fixed_line_or_mobile ||
         type == LineType::personal_number || type == LineType::unknown;
}

std::variant<PhoneNumber, CellIssue> read_phone(std::string_view text, std::string_view country) {
  const std::string region{country.size() == 2 ? country : "ZZ"};  // ZZ: none
  if (text.size() > kCodeBytesMax)
    return CellIssue{"it is longer than any telephone number", written_for(country)};
  if (const auto control = check_text(text)) return *control;
  Parsed parsed;
  if (const auto fault = library().Parse(std::string{text}, region, &parsed);
      fault != Library::NO_PARSING_ERROR)
    return issue_of(fault, country);
  // A length that only a call from next door has (without the area code) reaches nobody from here.
  switch (library().IsPossibleNumberWithReason(parsed)) {
    case Library::IS_POSSIBLE:
      break;
    case Library::TOO_LONG:
      return CellIssue{"it has too many digits for a number of its country",
                       "correct it; " + written_for(country)};
    case Library::INVALID_COUNTRY_CODE:
      return issue_of(Library::INVALID_COUNTRY_CODE_ERROR, country);
    default:
      return CellIssue{"it has too few digits, or a length that no number of its country has",
                       "correct it; " + written_for(country)};
  }
  PhoneNumber number;
  library().Format(parsed, Library::E164, &number.e164);
  if (parsed.has_extension()) number.extension = parsed.extension();
  number.type = to_line_type(library().GetNumberType(parsed));
  return number;
}

std::string shown_nationally(const PhoneNumber &number) {
  std::string text;
  library().Format(as_library_has_it(number), Library::NATIONAL, &text);
  return text;
}
std::string shown_internationally(const PhoneNumber &number) {
  std::string text;
  library().Format(as_library_has_it(number), Library::INTERNATIONAL, &text);
  return text;
}

}  // namespace relance::intake
