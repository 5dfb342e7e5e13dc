// What posts ask of an envelope's lines. A postcode is a shape: 9 stands for a digit, A for a letter,
// anything else for itself; that is all a country's rule needs, and a fault can say which country the code
// would fit.
#include "host/domain/postal_address.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace relance::domain {
namespace {

struct Post {
  std::string_view country;
  std::string_view shapes;  ///< with spaces between them; '_' stands for a space
  EnvelopeBounds bounds{};
  bool after_town{false};  ///< the code stands on the place's line behind it, or on a line of its own
};
/// In the order in which a fault names whose code it may be.
constexpr std::array kPosts{
    Post{"FR", "99999", {6, 38}},
    Post{"DE", "99999"},
    Post{"GB", "A9_9AA A99_9AA AA9_9AA AA99_9AA A9A_9AA AA9A_9AA GIR_0AA", {8, 45}, true},
    Post{"NL", "9999_AA"},
    Post{"IE",
         "A99_AAAA A99_9AAA A99_A9AA A99_AA9A A99_AAA9 A99_99AA A99_9A9A A99_9AA9 A99_A99A A99_A9A9 A99_AA99 "
         "A99_999A"
         " A99_99A9 A99_9A99 A99_A999 A99_9999 D6W_AAAA D6W_A999 D6W_9999 D6W_AA99",
         {8, 45},
         true},
    Post{"PT", "9999-999"},
    Post{"AT", "9999"},
    Post{"BE", "9999"},
    Post{"CH", "9999"},
    Post{"LU", "9999"},
    Post{"IT", "99999"},
    Post{"ES", "99999"},
    Post{"LI", "9999"},
    Post{"MC", "98099 98000", {6, 38}},
    Post{"AD", "AD999"},
    Post{"SM", "47899"},
};

const Post *post_of(std::string_view country) {
  const auto found = std::ranges::find(kPosts, country, &Post::country);
  return found == kPosts.end() ? nullptr : found;
}

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}
char ascii_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

bool has_shape(std::string_view code, std::string_view shape) {
  if (code.size() != shape.size()) return false;
  for (std::size_t i{0}; i < code.size(); ++i) {
    const char c = ascii_upper(code[i]);
    const bool fits{shape[i] == '9'   ? is_ascii_digit(c)
                    : shape[i] == 'A' ? (c >= 'A' && c <= 'Z')
                    : shape[i] == '_' ? c == ' '
                                      : c == shape[i]};
    if (!fits) return false;
  }
  return true;
}

bool fits(std::string_view code, const Post &post) {
  for (auto shapes = post.shapes; !shapes.empty();) {
    const auto end = std::min(shapes.find(' '), shapes.size());
    if (has_shape(code, shapes.substr(0, end))) return true;
    shapes.remove_prefix(std::min(end + 1, shapes.size()));
  }
  return false;
}

/// "F-75001", "CH-8001": an old way to write letters abroad.
std::string_view without_country(std::string_view code, std::string_view country) {
  const auto hyphen = code.find('-');
  if (hyphen == code.npos || hyphen == 0 || hyphen > 2 || code.size() < hyphen + 5) return code;
  const auto prefix = code.substr(0, hyphen);
  return prefix == country || prefix == country.substr(0, 1) ? code.substr(hyphen + 1) : code;
}

std::size_t letters_in(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// The code that a place's line has where its country puts it: the first word, or the last one or two.
std::string code_in(std::string_view line, const Post &post) {
  const auto word_end = std::min(line.find(' '), line.size());
  if (!post.after_town) {
    const auto first = without_country(line.substr(0, word_end), post.country);
    // "1234 AB Amsterdam"
    if (post.shapes.find('_') != post.shapes.npos && word_end < line.size()) {
      const auto second_end = std::min(line.find(' ', word_end + 1), line.size());
      const auto both = std::string{first}.append(line.substr(word_end, second_end - word_end));
      if (fits(both, post)) return both;
    }
    return std::string{first};
  }
  for (int words{2}; words > 0; --words) {
    auto from = line.size();
    for (int i{0}; i < words && from > 1; ++i) {
      const auto space = line.rfind(' ', from - 2);
      from = space == line.npos ? 0 : space + 1;
    }
    if (fits(line.substr(from), post)) return std::string{line.substr(from)};
  }
  return {};
}

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, is_ascii_digit);
}

/// Names of countries that the code fits, this one's own left out.
std::string countries_of(std::string_view code, std::string_view country) {
  std::string names;
  for (const auto &post : kPosts)
    if (post.country != country && fits(without_country(code, post.country), post))
      names.append(names.empty() ? "" : ", ").append(post.country);
  return names;
}

/// What is wrong with the line of the place, whose index is `place`.
std::optional<std::string> fault_of_place(std::span<const std::string> lines, std::size_t place,
                                          const Post &post) {
  const std::string &line = lines[place];
  const auto code = code_in(line, post);
  if (!code.empty() && fits(written_postcode(code, post.country), post)) {
    // 98 000 is Monaco's; the rest of 98 and all of 97 is France overseas.
    if (post.country == "FR" && code.starts_with("980"))
      return "the postcode " + code + " is one of MC: correct it, or the country";
    if (post.after_town || line.size() > code.size()) return std::nullopt;
    return std::string{"there is a postcode and no town behind it"};
  }
  // An Irish letter arrives without one.
  if (post.country == "IE") return std::nullopt;
  const auto first = line.substr(0, line.find(' '));
  if (has_digit(first)) {
    const auto others = countries_of(first, post.country);
    return "\"" + first + "\" is no postcode of " + std::string{post.country} +
           (others.empty() ? std::string{": correct it"}
                           : ", but could be one of " + others + ": correct it, or the country");
  }
  return "there is no postcode of " + std::string{post.country} +
         (post.after_town ? " at the end of it" : " at its start") + ": add it";
}

/// Whether a last line is a country's name: without a digit, behind a line that has a code.
bool is_country_line(std::span<const std::string> lines, const Post &post) {
  if (lines.size() < 2 || has_digit(lines.back())) return false;
  const auto before = code_in(lines[lines.size() - 2], post);
  return !before.empty() && fits(written_postcode(before, post.country), post);
}

struct Plain {
  std::string_view from, to;
};
/// Capitals without accents, for letters of Western Europe.
constexpr std::array kPlain{
    Plain{"àâäáãåÀÂÄÁÃÅ", "A"}, Plain{"éèêëÉÈÊË", "E"}, Plain{"îïíìÎÏÍÌ", "I"}, Plain{"ôöóòõøÔÖÓÒÕØ", "O"},
    Plain{"ùûüúÙÛÜÚ", "U"},     Plain{"ÿŸýÝ", "Y"},     Plain{"çÇ", "C"},       Plain{"ñÑ", "N"},
    Plain{"œŒ", "OE"},          Plain{"æÆ", "AE"},      Plain{"ß", "SS"},
};

std::string plain_capitals(std::string_view text) {
  std::string out;
  for (std::size_t i{0}; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      const char c = ascii_upper(text[i]);
      // Punctuation has no place in it, and a hyphen or an apostrophe is a space.
      if (c == '-' || c == '\'' || std::isalnum(static_cast<unsigned char>(c)) != 0)
        out += c == '-' || c == '\'' ? ' ' : c;
      else if (c == ' ' && !out.empty() && out.back() != ' ')
        out += ' ';
      ++i;
      continue;
    }
    const std::size_t bytes{lead >= 0xF0 ? 4u : lead >= 0xE0 ? 3u : 2u};
    const auto letter = text.substr(i, bytes);
    const auto found = std::ranges::find_if(
        kPlain, [letter](const Plain &one) { return one.from.find(letter) != std::string_view::npos; });
    if (letter == "\u2019")
      out += ' ';
    else
      out += found == kPlain.end() ? letter : found->to;
    i += bytes;
  }
  return out;
}

struct Named {
  std::string_view country, name;
};
/// In English, which every exchange office reads.
/// @see UPU Convention regulations: the country's name in capitals, as the last line
constexpr std::array kCountryNames{
    Named{"AD", "ANDORRA"},
    Named{"AT", "AUSTRIA"},
    Named{"AU", "AUSTRALIA"},
    Named{"BE", "BELGIUM"},
    Named{"BG", "BULGARIA"},
    Named{"CA", "CANADA"},
    Named{"CH", "SWITZERLAND"},
    Named{"CY", "CYPRUS"},
    Named{"CZ", "CZECH REPUBLIC"},
    Named{"DE", "GERMANY"},
    Named{"DK", "DENMARK"},
    Named{"EE", "ESTONIA"},
    Named{"ES", "SPAIN"},
    Named{"FI", "FINLAND"},
    Named{"FR", "FRANCE"},
    Named{"GB", "UNITED KINGDOM"},
    Named{"GR", "GREECE"},
    Named{"HR", "CROATIA"},
    Named{"HU", "HUNGARY"},
    Named{"IE", "IRELAND"},
    Named{"IS", "ICELAND"},
    Named{"IT", "ITALY"},
    Named{"LI", "LIECHTENSTEIN"},
    Named{"LT", "LITHUANIA"},
    Named{"LU", "LUXEMBOURG"},
    Named{"LV", "LATVIA"},
    Named{"MA", "MOROCCO"},
    Named{"MC", "MONACO"},
    Named{"MT", "MALTA"},
    Named{"NL", "NETHERLANDS"},
    Named{"NO", "NORWAY"},
    Named{"PL", "POLAND"},
    Named{"PT", "PORTUGAL"},
    Named{"RO", "ROMANIA"},
    Named{"SE", "SWEDEN"},
    Named{"SI", "SLOVENIA"},
    Named{"SK", "SLOVAKIA"},
    Named{"SM", "SAN MARINO"},
    Named{"TN", "TUNISIA"},
    Named{"US", "UNITED STATES OF AMERICA"},
    Named{"AE", "UNITED ARAB EMIRATES"},
    Named{"AL", "ALBANIA"},
    Named{"AR", "ARGENTINA"},
    Named{"BA", "BOSNIA AND HERZEGOVINA"},
    Named{"BR", "BRAZIL"},
    Named{"CI", "COTE D'IVOIRE"},
    Named{"CL", "CHILE"},
    Named{"CM", "CAMEROON"},
    Named{"CN", "CHINA"},
    Named{"CO", "COLOMBIA"},
    Named{"DZ", "ALGERIA"},
    Named{"EG", "EGYPT"},
    Named{"GI", "GIBRALTAR"},
    Named{"HK", "HONG KONG"},
    Named{"ID", "INDONESIA"},
    Named{"IL", "ISRAEL"},
    Named{"IN", "INDIA"},
    Named{"JP", "JAPAN"},
    Named{"KE", "KENYA"},
    Named{"KR", "KOREA (REP.)"},
    Named{"LB", "LEBANON"},
    Named{"MD", "MOLDOVA"},
    Named{"ME", "MONTENEGRO"},
    Named{"MG", "MADAGASCAR"},
    Named{"MK", "NORTH MACEDONIA"},
    Named{"MU", "MAURITIUS"},
    Named{"MX", "MEXICO"},
    Named{"MY", "MALAYSIA"},
    Named{"NG", "NIGERIA"},
    Named{"NZ", "NEW ZEALAND"},
    Named{"PE", "PERU"},
    Named{"PH", "PHILIPPINES"},
    Named{"QA", "QATAR"},
    Named{"RS", "SERBIA"},
    Named{"SA", "SAUDI ARABIA"},
    Named{"SG", "SINGAPORE"},
    Named{"SN", "SENEGAL"},
    Named{"TH", "THAILAND"},
    Named{"TR", "TURKIYE"},
    Named{"TW", "TAIWAN"},
    Named{"UA", "UKRAINE"},
    Named{"UY", "URUGUAY"},
    Named{"VN", "VIET NAM"},
    Named{"ZA", "SOUTH AFRICA"},
};
/// How registers of neighbours write them, in plain capitals; between bars.
constexpr std::array kOtherNames{
    Named{"AT", "|AUTRICHE|OSTERREICH|OESTERREICH|"},
    Named{"BE", "|BELGIQUE|BELGIE|BELGIEN|BELGIO|BELGICA|"},
    Named{"CH", "|SUISSE|SCHWEIZ|SVIZZERA|SUIZA|"},
    Named{"DE", "|ALLEMAGNE|DEUTSCHLAND|GERMANIA|ALEMANIA|DUITSLAND|"},
    Named{"ES", "|ESPAGNE|ESPANA|SPANIEN|SPAGNA|"},
    Named{"FR", "|FRANKREICH|FRANCIA|FRANKRIJK|"},
    Named{"GB",
          "|ROYAUME UNI|GRANDE BRETAGNE|ANGLETERRE|VEREINIGTES KONIGREICH|GROSSBRITANNIEN|REGNO UNITO|REINO "
          "UNIDO|UK|"
          "GREAT BRITAIN|ENGLAND|SCOTLAND|WALES|"},
    Named{"IE", "|IRLANDE|IRLAND|IRLANDA|EIRE|"},
    Named{"IT", "|ITALIE|ITALIA|ITALIEN|"},
    Named{"LU", "|LUXEMBURG|LUSSEMBURGO|LUXEMBURGO|"},
    Named{"NL", "|PAYS BAS|NEDERLAND|NIEDERLANDE|PAESI BASSI|PAISES BAJOS|THE NETHERLANDS|HOLLAND|"},
    Named{"PT", "|PORTOGALLO|"},
    Named{"US", "|USA|UNITED STATES|ETATS UNIS|"},
};

std::string_view name_abroad(std::string_view country) {
  const auto found = std::ranges::find(kCountryNames, country, &Named::country);
  return found == kCountryNames.end() ? country : found->name;
}

/// Whether the line is the country's name, in whatever language, or its code.
bool names_country(std::string_view line, std::string_view country) {
  const auto name = plain_capitals(line);
  const auto other = std::ranges::find(kOtherNames, country, &Named::country);
  return !name.empty() &&
         (name == country || name == name_abroad(country) ||
          (other != kOtherNames.end() && other->name.find('|' + name + '|') != std::string_view::npos));
}

}  // namespace

EnvelopeBounds envelope_bounds(std::string_view country) {
  const auto *post = post_of(country);
  return post == nullptr ? EnvelopeBounds{} : post->bounds;
}

std::string written_postcode(std::string_view code, std::string_view country) {
  const auto *post = post_of(country);
  if (post == nullptr) return std::string{code};
  std::string compact;
  for (const char c : code)
    if (c != ' ' && c != '-') compact += ascii_upper(c);
  for (auto shapes = post->shapes; !shapes.empty();) {
    const auto end = std::min(shapes.find(' '), shapes.size());
    std::string made;
    std::size_t at{0};
    for (const char c : shapes.substr(0, end))
      if (c == '_' || c == '-')
        made += c == '_' ? ' ' : '-';
      else if (at < compact.size())
        made += compact[at++];
    if (at == compact.size() && has_shape(made, shapes.substr(0, end))) return made;
    shapes.remove_prefix(std::min(end + 1, shapes.size()));
  }
  return std::string{code};
}

std::vector<AddressFault> check_address(std::span<const std::string> lines, std::string_view country) {
  std::vector<AddressFault> faults;
  const auto bounds = envelope_bounds(country);
  constexpr std::size_t kLinesMin{2};  // who, and where
  if (lines.size() < kLinesMin) {
    faults.push_back({0, "an address has a recipient and a place: write at least two lines"});
    return faults;
  }
  const auto *post = post_of(country);
  const bool has_country{post != nullptr && is_country_line(lines, *post)};
  const auto counted = lines.size() - (has_country ? 1 : 0);
  if (counted > bounds.lines)
    faults.push_back({0, "it has " + std::to_string(counted) + " lines, and an envelope of " +
                             std::string{country} + " takes " + std::to_string(bounds.lines) +
                             ": join or leave out " + std::to_string(counted - bounds.lines)});
  for (std::size_t i{0}; i < lines.size(); ++i) {
    const auto letters = letters_in(lines[i]);
    if (letters == 0 || lines[i].find_first_not_of(' ') == std::string::npos)
      faults.push_back({i + 1, "it is empty: leave it out"});
    if (letters > bounds.columns)
      faults.push_back({i + 1, "it is " + std::to_string(letters - bounds.columns) +
                                   " characters too long (" + std::to_string(letters) + " of " +
                                   std::to_string(bounds.columns) + "): shorten it"});
    if (std::ranges::any_of(lines[i],
                            [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }))
      faults.push_back({i + 1, "it holds a control character"});
  }
  if (post == nullptr) return faults;
  const auto place = lines.size() - (has_country ? 2 : 1);
  if (auto fault = fault_of_place(lines, place, *post)) faults.push_back({place + 1, std::move(*fault)});
  return faults;
}

std::vector<std::string> envelope_lines(std::span<const std::string> lines, std::string_view country,
                                        std::string_view from) {
  std::vector<std::string> out{lines.begin(), lines.end()};
  if (!from.empty() && from != country && !country.empty()) {
    // Registers often end with it already: "France", "Deutschland".
    if (!out.empty() && names_country(out.back(), country)) out.pop_back();
    out.emplace_back(name_abroad(country));
  }
  const auto *post = post_of(country);
  if (post == nullptr || out.empty()) return out;
  const auto place = out.size() - (is_country_line(out, *post) ? 2 : 1);
  auto &line = out[place];
  const auto code = code_in(line, *post);
  const auto written = written_postcode(code, country);
  if (!code.empty() && fits(written, *post)) {
    const auto at = line.find(code);
    line.replace(at, code.size(), written);
    if (!post->after_town) line.erase(0, at);  // the prefix of the country
  }
  if (country == "FR" || country == "MC") line = plain_capitals(line);
  return out;
}

}  // namespace relance::domain
