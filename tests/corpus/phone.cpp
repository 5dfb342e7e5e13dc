#include "host/intake/phone_number.hpp"
#include "tests/corpus/score.hpp"

#include <boost/json.hpp>

namespace relance::corpus {
namespace {

namespace json = boost::json;

std::string text_of(const json::object &row, std::string_view name) {
  const auto *value = row.if_contains(name);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

}  // namespace

Score score_phone(const std::filesystem::path &folder) {
  Score score;
  each_row(folder / "phone.jsonl", [&](const json::object &row) {
    ++score.rows;
    const auto reading =
        intake::read_phone(intake::trimmed(text_of(row, "input")), text_of(row, "default_region"));
    const auto *number = std::get_if<intake::PhoneNumber>(&reading);
    const bool is_valid{number != nullptr && number->is_of_known_range()};
    const auto reason = number == nullptr ? std::get<intake::CellIssue>(reading).reason
                        : is_valid        ? std::string{"libphonenumber 8.12 of 2022 says otherwise"}
                                          : std::string{"of no range that libphonenumber 8.12 of 2022 knows"};
    const auto said = [&](const std::string &text) { return json::serialize(json::value(text)); };
    for (const auto &[name, expected] : row.at("expected").as_object()) {
      const std::string measure{name};
      std::string got{"null"};
      if (measure == "valid")
        got = is_valid ? "true" : "false";
      else if (measure == "e164")
        got = is_valid ? said(number->e164) : got;
      else if (measure == "type")
        got = is_valid ? said(std::string{intake::name_of(number->type)}) : got;
      else if (measure == "international")
        got = is_valid ? said(intake::shown_internationally(*number)) : got;
      else if (measure == "national")
        got = is_valid ? said(intake::shown_nationally(*number)) : got;
      else {
        ++score.not_counted[measure];
        continue;
      }
      score.note(row, measure, json::serialize(expected), got, reason);
    }
  });
  return score;
}

}  // namespace relance::corpus
