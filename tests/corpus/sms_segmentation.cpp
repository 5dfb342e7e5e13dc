#include "plugins/protocol/gsm/gsm.hpp"
#include "tests/corpus/score.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace relance::corpus {
namespace {

namespace json = boost::json;

std::string message_text(const json::object &row, std::string_view name) {
  const auto *value = row.if_contains(name);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}
std::string count_text(std::size_t value) {
  return json::serialize(json::value(value));
}
std::string code_point(char32_t c) {
  char name[16]{};
  std::snprintf(name, sizeof name, "U+%04X", static_cast<unsigned>(c));
  return name;
}

gsm::Segmented cut(const json::object &row) {
  const auto *smart = row.if_contains("smart_encoding");
  const bool replaces{smart != nullptr && smart->is_bool() && smart->get_bool()};
  return gsm::segment(message_text(row, "body"),
                      {.replacement = replaces ? gsm::Replacement::typographic : gsm::Replacement::off,
                       .dialect = gsm::Dialect::twilio,
                       .keeps_graphemes = false});
}

template <class F>
std::string listed(const gsm::Segmented &message, F of_part) {
  json::array list;
  for (const auto &part : message.parts) list.push_back(of_part(part));
  return json::serialize(list);
}

/// What we make of one assertion about a text that was cut; nothing: not known here.
std::optional<std::string> measured(std::string_view measure, const gsm::Segmented &message) {
  const bool is_gsm7{message.encoding == gsm::Encoding::gsm7};
  if (measure == "encoding") return json::serialize(json::value(gsm::name(message.encoding)));
  if (measure == "segments") return count_text(message.parts.size());
  if (measure == "message_bits") return count_text(message.message_bits());
  if (measure == "total_bits") return count_text(message.total_bits());
  if (measure == "unicode_scalars") return count_text(gsm::from_utf8(message.text).size());
  if (measure == "graphemes") return count_text(gsm::count_graphemes(message.text));
  if (measure == "last_segment_text") return json::serialize(json::value(message.parts.back().text));
  if (measure == "parts") return listed(message, [](const auto &part) { return json::value(part.text); });
  if (measure == "part_lengths")
    return listed(message, [](const auto &part) { return json::value(gsm::from_utf8(part.text).size()); });
  if (measure == "part_septets_or_bytes")
    return listed(message,
                  [&](const auto &part) { return json::value(is_gsm7 ? part.units : part.units * 2); });
  if (measure == "non_gsm_characters") {
    json::array list;
    for (const auto character : message.forcing) list.push_back(json::value(gsm::to_utf8({&character, 1})));
    return json::serialize(list);
  }
  return std::nullopt;
}

void score_segmentation(const json::object &row, Score &score) {
  const auto message = cut(row);
  for (const auto &[name, expected] : row.at("expected").as_object()) {
    const std::string measure{name};
    const auto got = measured(measure, message);
    if (!got)
      ++score.not_counted[measure];
    else
      score.note(row, measure, json::serialize(expected), *got, "counted otherwise");
  }
}

void score_smart_encoding(const json::object &row, Score &score) {
  const auto *smart = row.if_contains("smart_encoding");
  const bool replaces{smart != nullptr && smart->is_bool() && smart->get_bool()};
  const auto body = message_text(row, "body");
  const auto got = gsm::replace(body, replaces ? gsm::Replacement::typographic : gsm::Replacement::off,
                                gsm::Dialect::twilio);
  std::string reason{"another stand-in for"};
  for (const auto character : gsm::from_utf8(body)) reason += ' ' + code_point(character);
  score.note(row, "text_after_smart_encoding",
             message_text(row.at("expected").as_object(), "text_after_smart_encoding"), got, reason);
}

void score_codec(const json::object &row, Score &score) {
  const auto text = message_text(row, "text");
  for (const auto &[name, expected] : row.at("expected").as_object()) {
    const std::string measure{name};
    if (measure == "valid")
      score.note(row, measure, json::serialize(expected), gsm::is_gsm(text) ? "true" : "false",
                 "another alphabet");
    else if (measure == "substituted")
      score.note(row, measure, json::serialize(expected),
                 json::serialize(json::value(gsm::replace(text, gsm::Replacement::accents))),
                 "another stand-in");
    else
      ++score.not_counted[measure];
  }
}

}  // namespace

Score score_sms_segmentation(const std::filesystem::path &folder) {
  Score score;
  const auto each = [&](const char *file, auto one) {
    each_row(folder / file, [&](const json::object &row) {
      ++score.rows;
      one(row, score);
    });
  };
  each("segmentation.jsonl", score_segmentation);
  each("smart_encoding.jsonl", score_smart_encoding);
  each("gsm7_codec.jsonl", score_codec);
  return score;
}

}  // namespace relance::corpus
