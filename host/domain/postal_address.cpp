// Parts to lines. A country is a row: which side of the road its number stands, where the postcode goes,
// which part names the place. What is left are words that registers write and envelopes do not.
// @see UPU, "Addressing systems"; the countries' own posts
#include "host/domain/postal_address.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <regex>

namespace relance::domain {
namespace {

using Names = std::span<const std::string_view>;

enum class Order : std::uint8_t {
  road_number,        ///< Hauptstraße 7
  number_road,        ///< 7 rue Haute
  road_comma_number,  ///< Via Alta, 7
};
enum class Place : std::uint8_t {
  postcode_city,           ///< 10115 Berlin
  postcode_city_province,  ///< 20147 Milano MI
  city_then_postcode,      ///< London, and on the next line E1 6AN
};
struct Layout {
  std::string_view country;
  Order order{Order::road_number};
  Place place{Place::postcode_city};
  bool names_suburb{false};   ///< also where there is a road
  bool village_first{false};  ///< the village is the post town
};
constexpr std::array kLayouts{
    Layout{"AD", Order::number_road},
    Layout{"AT"},
    Layout{"BE"},
    Layout{"CH"},
    Layout{"DE"},
    Layout{"ES", Order::road_comma_number},
    Layout{"FR", Order::number_road},
    Layout{"GB", Order::number_road, Place::city_then_postcode, false, true},
    Layout{"GG", Order::number_road, Place::city_then_postcode, false, true},
    Layout{"IE", Order::number_road, Place::city_then_postcode, true},
    Layout{"IM", Order::number_road, Place::city_then_postcode, false, true},
    Layout{"IT", Order::road_comma_number, Place::postcode_city_province},
    Layout{"JE", Order::number_road, Place::city_then_postcode, false, true},
    Layout{"LI"},
    Layout{"LU", Order::number_road},
    Layout{"MC", Order::number_road},
    Layout{"NL"},
    Layout{"PT"},
    Layout{"SM", Order::road_comma_number, Place::postcode_city_province},
    Layout{"VA", Order::road_comma_number, Place::postcode_city_province},
};
/// Parts of France with codes of their own.
constexpr std::array<std::string_view, 12> kOfFrance{"BL", "GF", "GP", "MF", "MQ", "NC",
                                                     "PF", "PM", "RE", "TF", "WF", "YT"};

// The first that is there counts.
constexpr std::array<std::string_view, 3> kNumber{"house_number", "street_number", "housenumber"};
constexpr std::array<std::string_view, 5> kHouse{"house", "building", "public_building", "isolated_dwelling",
                                                 "farmland"};
constexpr std::array<std::string_view, 11> kRoad{"road",        "footway",        "street",
                                                 "street_name", "residential",    "path",
                                                 "pedestrian",  "road_reference", "road_reference_intl",
                                                 "square",      "place"};
constexpr std::array<std::string_view, 11> kSuburb{"suburb",  "city_district", "district",   "quarter",
                                                   "borough", "neighbourhood", "city_block", "subdistrict",
                                                   "houses",  "subdivision",   "island"};
constexpr std::array<std::string_view, 11> kCity{
    "postal_city",  "city",   "town",     "township", "village",
    "municipality", "hamlet", "locality", "croft",    "local_administrative_area",
    "county"};
constexpr std::array<std::string_view, 11> kVillage{
    "postal_city", "village",  "hamlet", "locality",     "croft",
    "town",        "township", "city",   "municipality", "local_administrative_area",
    "county"};
constexpr std::array<std::string_view, 4> kHamlet{"hamlet", "locality", "croft", "village"};
constexpr std::array<std::string_view, 3> kPostcode{"postcode", "postal_code", "partial_postcode"};
constexpr std::array<std::string_view, 1> kCounty{"county"};
constexpr std::array<std::string_view, 2> kState{"state", "province"};
constexpr std::array<std::string_view, 3> kDistrict{"state", "state_district", "region"};
constexpr std::array<std::string_view, 2> kCountry{"country", "country_name"};
constexpr std::array<std::string_view, 1> kArchipelago{"archipelago"};
/// Known, and on no envelope.
constexpr std::array<std::string_view, 10> kUnwritten{
    "country_code", "continent",  "state_code", "county_code", "commercial",
    "industrial",   "allotments", "ward",       "department",  "ISO3166-2-lvl4"};

struct Rewrite {
  std::string_view country;
  std::string_view part;  ///< empty: each that names a place
  const char *pattern;
  const char *by;
};
/// What registers write and envelopes do not.
constexpr std::array kRewrites{
    Rewrite{"AT", "", "^(Bezirk|Gemeinde) ", ""},
    Rewrite{"CH", "", "^(Verwaltungskreis|Verwaltungsregion|Bezirk|District d[eu]) ", ""},
    Rewrite{"CH", "", " (administrative district|administrative region|District)$", ""},
    Rewrite{"DE", "", "^Stadtbezirk [0-9]+ ", ""},
    Rewrite{"DE", "", "^Ortsbeirat [0-9]+ ?: ?", ""},
    Rewrite{"DE", "",
            "^(Stadtteil|Ortsteil|Gemeinde|Landkreis|Kreis|Regierungsbezirk|Gemeindefreies Gebiet|Grenze) ",
            ""},
    Rewrite{"DE", "", "^(Verwaltungsgemeinschaft|Verbandsgemeinde|Verwaltungsverband|Samtgemeinde|Amt) ", ""},
    Rewrite{"DE", "", "^(Free State of|Freistaat|Freie und Hansestadt|Freie Hansestadt) ", ""},
    Rewrite{"DE", "city", "^Alt-Berlin$", "Berlin"},
    Rewrite{"ES", "",
            "^(Autonomous Community of( the)?|Comunidad Aut(ó|o)noma de(l| la)?|Comunidad Foral de) ", ""},
    Rewrite{"FR", "", " ?\\(eaux territoriales\\)", ""},
    Rewrite{"FR", "", " [0-9]+er?(me)? Arrondissement$", ""},
    Rewrite{"FR", "", "^Arrondissement d(e |')", ""},
    Rewrite{"GB", "", "^(London Borough of .+|Greater London|City of Westminster|Royal Borough of .+)$",
            "London"},
    Rewrite{"GB", "", "^(County Borough of|Borough of|County of|County|Parish of|Central|Royal Borough of) ",
            ""},
    Rewrite{"GB", "city", "^City of (?!London$)", ""},
    Rewrite{"IE", "", "^The (Metropolitan|Municipal) District of ", ""},
    Rewrite{"IE", "", " (City|Municipal District)$", ""},
    Rewrite{"IT", "",
            "^(Provincia di|Città metropolitana di|Citta metropolitana di|Metropolitan City of|Province of) ",
            ""},
    Rewrite{"NL", "", "^(Gemeente|Municipality of) ", ""},
};

bool is_any_of(std::string_view name, Names names) {
  return std::ranges::find(names, name) != names.end();
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n,;");
  if (first == text.npos) return {};
  const auto last = text.find_last_not_of(" \t\r\n,;");
  std::string out;
  for (const char c : text.substr(first, last - first + 1)) {
    const bool is_blank{c == ' ' || c == '\t' || c == '\r' || c == '\n'};
    if (!is_blank)
      out += c;
    else if (out.back() != ' ')
      out += ' ';
  }
  return out;
}

/// A longer name is no name, and would make a pattern slow.
constexpr std::size_t kPlaceBytesMax{200};

bool is_of_a_place(std::string_view name) {
  static constexpr std::array<Names, 7> kPlaces{kSuburb, kCity,     kVillage, kCounty,
                                                kState,  kDistrict, kCountry};
  return std::ranges::any_of(kPlaces, [name](Names names) { return is_any_of(name, names); });
}

class Writer {
 public:
  explicit Writer(const AddressParts &parts) : parts_{parts} {
    const auto code = parts.find("country_code");
    if (code != parts.end()) country_ = code->second;
    for (auto &c : country_) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (country_ == "UK") country_ = "GB";
    if (is_any_of(country_, kOfFrance)) country_ = "FR";
    for (const auto &layout : kLayouts)
      if (layout.country == country_) layout_ = layout;
    tidy();
  }

  std::vector<std::string> run() {
    put(recipient());
    put(first(kHouse));
    put(street());
    if (!first(kRoad).empty() || !first(kPostcode).empty())
      put_place();
    else
      put_region();
    put(country());
    return std::move(lines_);
  }

 private:
  void tidy() {
    for (auto &[name, value] : parts_) value = trimmed(value);
    static const auto kPatterns = [] {
      std::vector<std::regex> patterns;
      for (const auto &rule : kRewrites) patterns.emplace_back(rule.pattern);
      return patterns;
    }();
    for (std::size_t i{0}; i < kRewrites.size(); ++i) {
      const auto &rule = kRewrites[i];
      if (rule.country != country_) continue;
      for (auto &[name, value] : parts_)
        if ((rule.part.empty() || name == rule.part) && is_of_a_place(name) && value.size() <= kPlaceBytesMax)
          value = trimmed(std::regex_replace(value, kPatterns[i], rule.by));
    }
    // Several postcodes are a region, none is this address's.
    for (const auto name : kPostcode)
      if (const auto found = parts_.find(name);
          found != parts_.end() && found->second.find_first_of(";,") != std::string::npos)
        found->second.clear();
  }

  [[nodiscard]] std::string first(Names names) const {
    for (const auto name : names)
      if (const auto found = parts_.find(name); found != parts_.end() && !found->second.empty())
        return found->second;
    return {};
  }

  void put(const std::string &line) {
    if (!line.empty() && std::ranges::find(lines_, line) == lines_.end()) lines_.push_back(line);
  }

  [[nodiscard]] std::string recipient() const {
    static constexpr std::array<Names, 12> kKnown{kNumber,   kHouse,    kRoad,        kSuburb,
                                                  kCity,     kPostcode, kCounty,      kState,
                                                  kDistrict, kCountry,  kArchipelago, kUnwritten};
    std::string out;
    for (const auto &[name, value] : parts_)
      if (!value.empty() && std::ranges::none_of(kKnown, [&](Names names) { return is_any_of(name, names); }))
        out.append(out.empty() ? "" : ", ").append(value);
    return out;
  }

  [[nodiscard]] std::string street() const {
    auto road = first(kRoad);
    const auto number = first(kNumber);
    // Where streets have no names, houses are counted by hamlet.
    if (road.empty() && !number.empty())
      if (const auto hamlet = first(kHamlet); hamlet != city()) road = hamlet;
    if (road.empty() || number.empty()) return road + number;
    switch (layout_.order) {
      case Order::number_road:
        return number + ' ' + road;
      case Order::road_comma_number:
        return road + ", " + number;
      case Order::road_number:
        break;
    }
    return road + ' ' + number;
  }

  [[nodiscard]] std::string city() const {
    auto name = first(layout_.village_first ? Names{kVillage} : Names{kCity});
    // All of Monaco is one post town.
    if (name.empty() && country_ == "MC") return "Monaco";
    return name.empty() ? first(kState) : name;
  }

  /// The post town with its code.
  void put_place() {
    if (layout_.names_suburb) put(first(kSuburb));
    const auto town = city(), code = postcode();
    if (layout_.place == Place::city_then_postcode) {
      put(town);
      if (layout_.names_suburb) put_county(town);
      put(code);
      return;
    }
    auto line = code.empty() || town.empty() ? code + town : code + ' ' + town;
    if (layout_.place == Place::postcode_city_province)
      if (const auto province = italian_province(first(kCounty)); !province.empty())
        line.append(" ").append(province);
    put(line);
    put(first(kArchipelago));
  }

  /// A county named like its town says nothing more.
  void put_county(const std::string &town) {
    const auto name = first(kCounty);
    if (name != town && name != "County " + town) put(name);
  }

  /// Neither a road nor a code: where it is, from the small to the large.
  void put_region() {
    const auto town =
        first(Names{layout_.country == "DE" || layout_.village_first ? Names{kVillage} : Names{kCity}}.first(
            kCity.size() - 1));
    put(first(kSuburb));
    put(town);
    if (country_ == "GB" || country_ == "IE") {
      put_county(town);
      // London is nobody's county, and everybody knows where.
      if (country_ == "GB" && std::ranges::find(lines_, "London") == lines_.end()) put(first(kState));
    } else if (country_ == "DE" || country_ == "ES") {
      const auto state = first(kDistrict);
      put(state.empty() ? first(kCounty) : state);
    } else {
      const auto county = first(kCounty);
      put(county.empty() ? first(kDistrict) : county);
    }
  }

  [[nodiscard]] std::string postcode() const { return written_postcode(first(kPostcode), country_); }

  /// Of what belongs to it overseas the part's own name is what a post office sorts by.
  [[nodiscard]] std::string country() const {
    static constexpr std::array<std::string_view, 4> kOfTheKingdom{"Aruba", "Curaçao", "Sint Maarten",
                                                                   "Bonaire"};
    auto name = first(kCountry);
    if (name.empty()) return {};
    const auto state = first(kState);
    if (country_ == "NL" && is_any_of(state, kOfTheKingdom)) return state;
    if (const auto comma = name.find(','); country_ == "FR" && comma != name.npos) {
      const auto whole = trimmed(std::string_view{name}.substr(0, comma));
      name = whole == "France" ? trimmed(std::string_view{name}.substr(comma)) + ", France" : whole;
    }
    if (country_ == "MC" && name == city()) return {};
    return name;
  }

  AddressParts parts_;
  std::string country_;
  Layout layout_{};
  std::vector<std::string> lines_;
};

}  // namespace

std::string place_lines(std::string_view postcode, std::string_view town, std::string_view country) {
  const auto code = written_postcode(postcode, country);
  if (code.empty() || town.empty()) return code + std::string{town};
  const auto layout = std::ranges::find(kLayouts, country, &Layout::country);
  const bool is_behind{layout != kLayouts.end() && layout->place == Place::city_then_postcode};
  return is_behind ? std::string{town} + '\n' + code : code + ' ' + std::string{town};
}

std::vector<std::string> address_lines(const AddressParts &parts) {
  return Writer{parts}.run();
}

}  // namespace relance::domain
