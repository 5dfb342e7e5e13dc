// The table of active currencies. Nearly all have two decimals; the others are listed by their exponent.
#include "host/domain/currency.hpp"

#include <algorithm>
#include <string>

namespace relance::domain {
namespace {

using namespace std::string_view_literals;

/// @see ISO 4217 list one (SIX): funds codes included, codes without a minor unit (XAU, XDR, XTS …) left out.
constexpr std::array kCodes{
    "AED"sv, "AFN"sv, "ALL"sv, "AMD"sv, "AOA"sv, "ARS"sv, "AUD"sv, "AWG"sv, "AZN"sv, "BAM"sv, "BBD"sv,
    "BDT"sv, "BGN"sv, "BHD"sv, "BIF"sv, "BMD"sv, "BND"sv, "BOB"sv, "BOV"sv, "BRL"sv, "BSD"sv, "BTN"sv,
    "BWP"sv, "BYN"sv, "BZD"sv, "CAD"sv, "CDF"sv, "CHE"sv, "CHF"sv, "CHW"sv, "CLF"sv, "CLP"sv, "CNY"sv,
    "COP"sv, "COU"sv, "CRC"sv, "CUP"sv, "CVE"sv, "CZK"sv, "DJF"sv, "DKK"sv, "DOP"sv, "DZD"sv, "EGP"sv,
    "ERN"sv, "ETB"sv, "EUR"sv, "FJD"sv, "FKP"sv, "GBP"sv, "GEL"sv, "GHS"sv, "GIP"sv, "GMD"sv, "GNF"sv,
    "GTQ"sv, "GYD"sv, "HKD"sv, "HNL"sv, "HTG"sv, "HUF"sv, "IDR"sv, "ILS"sv, "INR"sv, "IQD"sv, "IRR"sv,
    "ISK"sv, "JMD"sv, "JOD"sv, "JPY"sv, "KES"sv, "KGS"sv, "KHR"sv, "KMF"sv, "KPW"sv, "KRW"sv, "KWD"sv,
    "KYD"sv, "KZT"sv, "LAK"sv, "LBP"sv, "LKR"sv, "LRD"sv, "LSL"sv, "LYD"sv, "MAD"sv, "MDL"sv, "MGA"sv,
    "MKD"sv, "MMK"sv, "MNT"sv, "MOP"sv, "MRU"sv, "MUR"sv, "MVR"sv, "MWK"sv, "MXN"sv, "MXV"sv, "MYR"sv,
    "MZN"sv, "NAD"sv, "NGN"sv, "NIO"sv, "NOK"sv, "NPR"sv, "NZD"sv, "OMR"sv, "PAB"sv, "PEN"sv, "PGK"sv,
    "PHP"sv, "PKR"sv, "PLN"sv, "PYG"sv, "QAR"sv, "RON"sv, "RSD"sv, "RUB"sv, "RWF"sv, "SAR"sv, "SBD"sv,
    "SCR"sv, "SDG"sv, "SEK"sv, "SGD"sv, "SHP"sv, "SLE"sv, "SOS"sv, "SRD"sv, "SSP"sv, "STN"sv, "SVC"sv,
    "SYP"sv, "SZL"sv, "THB"sv, "TJS"sv, "TMT"sv, "TND"sv, "TOP"sv, "TRY"sv, "TTD"sv, "TWD"sv, "TZS"sv,
    "UAH"sv, "UGX"sv, "USD"sv, "USN"sv, "UYI"sv, "UYU"sv, "UYW"sv, "UZS"sv, "VED"sv, "VES"sv, "VND"sv,
    "VUV"sv, "WST"sv, "XAD"sv, "XAF"sv, "XCD"sv, "XCG"sv, "XOF"sv, "XPF"sv, "YER"sv, "ZAR"sv, "ZMW"sv,
    "ZWG"sv};
constexpr std::array kNoDecimals{"BIF"sv, "CLP"sv, "DJF"sv, "GNF"sv, "ISK"sv, "JPY"sv,
                                 "KMF"sv, "KRW"sv, "PYG"sv, "RWF"sv, "UGX"sv, "UYI"sv,
                                 "VND"sv, "VUV"sv, "XAF"sv, "XOF"sv, "XPF"sv};
constexpr std::array kThreeDecimals{"BHD"sv, "IQD"sv, "JOD"sv, "KWD"sv, "LYD"sv, "OMR"sv, "TND"sv};
constexpr std::array kFourDecimals{"CLF"sv, "UYW"sv};
static_assert(std::ranges::is_sorted(kCodes));

constexpr std::uint8_t exponent_of(std::string_view code) {
  if (std::ranges::find(kNoDecimals, code) != kNoDecimals.end()) return 0;
  if (std::ranges::find(kThreeDecimals, code) != kThreeDecimals.end()) return 3;
  if (std::ranges::find(kFourDecimals, code) != kFourDecimals.end()) return 4;
  return 2;
}

}  // namespace

Result<Currency> Currency::parse(std::string_view code) {
  if (!std::ranges::binary_search(kCodes, code))
    return invalid("'" + std::string(code) + "' is not a currency; write its ISO 4217 code, as EUR or GBP");
  return Currency{code[0], code[1], code[2], exponent_of(code)};
}

std::span<const std::string_view> currency_codes() {
  return kCodes;
}

}  // namespace relance::domain
