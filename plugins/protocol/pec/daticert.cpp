#include "plugins/protocol/pec/daticert.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/charset.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <pugixml.hpp>

namespace relance::pec {
namespace {

constexpr std::array<std::string_view, 18> kNames{
    "postacert", "intestazione",      "mittente", "destinatari", "risposte",      "oggetto",
    "dati",      "gestore-emittente", "data",     "giorno",      "ora",           "identificativo",
    "msgid",     "ricevuta",          "consegna", "ricezione",   "errore-esteso", "testo"};

bool is_name_end(char c) {
  return c == '>' || c == '/' || report::is_space(c);
}

/// What stands behind '<' begins one of the elements of RFC 6109, ends one, or is a declaration.
bool is_markup(std::string_view behind) {
  if (behind.starts_with("?") || behind.starts_with("!")) return true;
  if (behind.starts_with("/")) behind.remove_prefix(1);
  return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) {
    return behind.size() > name.size() && behind.starts_with(name) && is_name_end(behind[name.size()]);
  });
}

/// Before a parser builds anything: no DTD and so no entity of its own, few elements, little depth.
bool is_within_limits(std::string_view xml) {
  if (xml.size() > kDaticertBytesMax) return false;
  std::size_t depth{0}, elements{0};
  for (auto at = xml.find('<'); at != xml.npos; at = xml.find('<', at + 1)) {
    const auto rest = xml.substr(at + 1);
    if (rest.starts_with("!--")) {
      at = xml.find("-->", at);
      if (at == xml.npos) return false;
      continue;
    }
    if (rest.starts_with("![CDATA[")) {
      at = xml.find("]]>", at);
      if (at == xml.npos) return false;
      continue;
    }
    if (rest.starts_with("!")) return false;
    if (rest.starts_with("?")) continue;
    if (rest.starts_with("/")) {
      depth -= depth > 0 ? 1 : 0;
      continue;
    }
    const auto end = rest.find('>');
    const bool is_empty_element{end != rest.npos && end > 0 && rest[end - 1] == '/'};
    if (++elements > kDaticertElementsMax) return false;
    if (!is_empty_element && ++depth > kDaticertDepthMax) return false;
  }
  return true;
}

/// Message ids between their brackets and subjects with an ampersand, as some providers write them: what is
/// no markup of RFC 6109 becomes text.
std::string repaired(std::string_view xml) {
  std::string out;
  out.reserve(xml.size() + 64);
  for (std::size_t at{0}; at < xml.size(); ++at) {
    const auto rest = xml.substr(at + 1);
    if (xml[at] == '<' && !is_markup(rest)) {
      out += "&lt;";
    } else if (xml[at] == '&') {
      const auto end =
          rest.find_first_not_of("#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
      const bool is_entity{end != rest.npos && end > 0 && end < 10 && rest[end] == ';'};
      out += is_entity ? "&" : "&amp;";
    } else {
      out += xml[at];
    }
  }
  return out;
}

std::string clean(const char *text) {
  return std::string{report::trim(report::to_utf8(text, nullptr))};
}
std::string text_of(const pugi::xml_node &parent, const char *name) {
  return clean(parent.child(name).text().get());
}
std::string word_of(const pugi::xml_node &node, const char *attribute) {
  return report::lower(clean(node.attribute(attribute).value()));
}

/// The numbers of "13/11/2018" or "16:39:26".
std::optional<std::array<int, 3>> three_numbers(std::string_view text) {
  std::array<int, 3> numbers{};
  for (std::size_t i{0}; i < numbers.size(); ++i) {
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (fault != std::errc{} || numbers[i] < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const bool is_last{i + 1 == numbers.size()};
    if (is_last) break;
    if (text.empty() || report::is_digit(text.front())) return std::nullopt;
    text.remove_prefix(1);
  }
  // Fractions of a second are of no interest.
  return text.empty() || text.front() == '.' || text.front() == ',' ? std::optional{numbers} : std::nullopt;
}

/// "+0100", "+01:00", "Z" as minutes east of Greenwich.
std::optional<int> zone_minutes(std::string zone) {
  if (zone == "Z" || zone == "GMT" || zone == "UTC") return 0;
  std::erase(zone, ':');
  if (zone.size() != 5 || (zone[0] != '+' && zone[0] != '-') ||
      !std::all_of(zone.begin() + 1, zone.end(), report::is_digit))
    return std::nullopt;
  const auto number = std::stoi(zone.substr(1));
  const int minutes{number / 100 * 60 + number % 100};
  return zone[0] == '-' ? -minutes : minutes;
}

std::optional<std::int64_t> time_of(const pugi::xml_node &data) {
  const auto day = three_numbers(text_of(data, "giorno"));
  const auto hour = three_numbers(text_of(data, "ora"));
  const auto zone = zone_minutes(clean(data.attribute("zona").value()));
  if (!day || !hour || !zone) return std::nullopt;
  const auto [d, m, y] = *day;
  if (d > 31 || m > 12 || y > 9999) return std::nullopt;  // the calendar's own types would wrap around
  const std::chrono::year_month_day date{std::chrono::year{y}, std::chrono::month{static_cast<unsigned>(m)},
                                         std::chrono::day{static_cast<unsigned>(d)}};
  const auto [h, min, s] = *hour;
  if (!date.ok() || h > 23 || min > 59 || s > 60) return std::nullopt;
  const std::int64_t days{std::chrono::sys_days{date}.time_since_epoch().count()};
  return (((days * 24 + h) * 60 + min - *zone) * 60 + s) * 1000;
}

std::optional<Daticert> read_document(std::string_view xml) {
  pugi::xml_document document;
  // pugixml takes no entities but XML's own five, reads no DTD and opens no file.
  if (!document.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_auto))
    return std::nullopt;
  const auto root = document.child("postacert");
  if (!root) return std::nullopt;
  Daticert out;
  out.type = word_of(root, "tipo");
  if (out.type.empty()) return std::nullopt;
  out.error = word_of(root, "errore");
  const auto header = root.child("intestazione");
  out.sender = text_of(header, "mittente");
  for (const auto &recipient : header.children("destinatari"))
    out.recipients.push_back({clean(recipient.text().get()), word_of(recipient, "tipo")});
  out.subject = text_of(header, "oggetto");
  const auto data = root.child("dati");
  out.provider = text_of(data, "gestore-emittente");
  out.time_ms = time_of(data.child("data"));
  out.identifier = text_of(data, "identificativo");
  out.message_id = text_of(data, "msgid");
  out.receipt_detail = word_of(data.child("ricevuta"), "tipo");
  out.delivery = text_of(data, "consegna");
  out.extended_error = text_of(data, "errore-esteso");
  return out;
}

}  // namespace

std::optional<Daticert> read_daticert(std::string_view xml) {
  if (!is_within_limits(xml)) return std::nullopt;
  if (auto read = read_document(xml)) return read;
  const auto mended = repaired(xml);
  return is_within_limits(mended) ? read_document(mended) : std::nullopt;
}

}  // namespace relance::pec
