// ICU behind two dozen lines. Time zones never come from ICU: dates are civil and formatted in UTC.
#include "host/render/formats.hpp"

#include <algorithm>
#include <unicode/datefmt.h>
#include <unicode/locid.h>
#include <unicode/measunit.h>
#include <unicode/numberformatter.h>
#include <unicode/smpdtfmt.h>
#include <unicode/timezone.h>

namespace relance::render {

namespace {

namespace number = icu::number;

constexpr std::size_t kRememberedMax{4096};  // dates and counts repeat from message to message

icu::Locale locale_of(std::string_view language, std::string_view country) {
  std::string tag{language};
  if (tag.find('-') == std::string::npos && country.size() == 2) tag += '-' + std::string{country};
  UErrorCode status{U_ZERO_ERROR};
  const auto locale = icu::Locale::forLanguageTag(tag, status);
  return U_SUCCESS(status) && !locale.isBogus() ? locale : icu::Locale::getEnglish();
}

std::string to_utf8(const icu::UnicodeString &text) {
  std::string bytes;
  return text.toUTF8String(bytes);
}

std::unique_ptr<icu::DateFormat> date_format(icu::DateFormat::EStyle style, const icu::Locale &locale) {
  std::unique_ptr<icu::DateFormat> format{icu::DateFormat::createDateInstance(style, locale)};
  if (format) format->adoptTimeZone(icu::TimeZone::getGMT()->clone());
  return format;
}

template <class Make>
const std::string &remembered(std::unordered_map<std::int32_t, std::string> &known, std::int32_t key,
                              const Make &make) {
  if (const auto found = known.find(key); found != known.end()) return found->second;
  if (known.size() >= kRememberedMax) known.clear();
  return known.emplace(key, make()).first->second;
}

}  // namespace

struct Formats::Icu {
  icu::Locale locale;
  std::unique_ptr<icu::DateFormat> medium, full;
  std::vector<std::pair<domain::Currency, number::LocalizedNumberFormatter>> currencies{};
  number::LocalizedNumberFormatter day_count;
  std::unordered_map<std::int32_t, std::string> dates{}, long_dates{}, counts{};

  explicit Icu(const icu::Locale &chosen)
      : locale{chosen},
        medium{date_format(icu::DateFormat::kMedium, chosen)},
        full{date_format(icu::DateFormat::kLong, chosen)},
        day_count{number::NumberFormatter::withLocale(chosen)
                      .unit(icu::MeasureUnit::getDay())
                      .unitWidth(UNUM_UNIT_WIDTH_FULL_NAME)} {}

  /// ISO 8601 where ICU has no data at all: better than nothing in a message.
  static std::string format(const icu::DateFormat *format, CivilDate date) {
    if (format == nullptr) return format_date(date);
    icu::UnicodeString text;
    format->format(static_cast<UDate>(to_day_number(date)) * 86'400'000.0, text);
    return to_utf8(text);
  }

  number::LocalizedNumberFormatter &formatter(domain::Currency currency) {
    for (auto &[code, made] : currencies)
      if (code == currency) return made;
    UErrorCode status{U_ZERO_ERROR};
    const std::string letters{currency.code()};
    const char16_t code[]{static_cast<char16_t>(letters[0]), static_cast<char16_t>(letters[1]),
                          static_cast<char16_t>(letters[2]), 0};
    currencies.emplace_back(currency, number::NumberFormatter::withLocale(locale)
                                          .unit(icu::CurrencyUnit{code, status})
                                          .scale(number::Scale::powerOfTen(-currency.exponent()))
                                          .precision(number::Precision::fixedFraction(currency.exponent())));
    return currencies.back().second;
  }
};

Formats::Formats(std::string_view language, std::string_view country)
    : icu_{std::make_unique<Icu>(locale_of(language, country))} {}
Formats::~Formats() = default;

std::string Formats::money(domain::Money amount) {
  UErrorCode status{U_ZERO_ERROR};
  const auto text = icu_->formatter(amount.currency).formatInt(amount.minor, status).toString(status);
  return U_SUCCESS(status) ? to_utf8(text) : domain::format_money(amount);
}

const std::string &Formats::date(CivilDate date) {
  return remembered(icu_->dates, to_day_number(date), [&] { return Icu::format(icu_->medium.get(), date); });
}

const std::string &Formats::long_date(CivilDate date) {
  return remembered(icu_->long_dates, to_day_number(date),
                    [&] { return Icu::format(icu_->full.get(), date); });
}

const std::string &Formats::days(std::int32_t count) {
  return remembered(icu_->counts, count, [&] {
    UErrorCode status{U_ZERO_ERROR};
    const auto text = icu_->day_count.formatInt(count, status).toString(status);
    return U_SUCCESS(status) ? to_utf8(text) : std::to_string(count);
  });
}

}  // namespace relance::render
