#include "host/domain/postal_address.hpp"

#include "tests/corpus/score.hpp"

#include <boost/json.hpp>

namespace relance::corpus {
namespace json = boost::json;

Score score_postal_address(const std::filesystem::path &folder) {
  Score score;
  each_row(folder / "address.jsonl", [&](const json::object &row) {
    ++score.rows;
    domain::AddressParts parts;
    for (const auto &[name, value] : row.at("components").as_object())
      parts[name] = value.is_string() ? std::string{value.get_string()} : json::serialize(value);
    json::array lines;
    for (const auto &line : domain::address_lines(parts)) lines.emplace_back(line);
    for (const auto &[name, expected] : row.at("expected").as_object()) {
      const std::string measure{name};
      if (measure == "lines")
        score.note(row, measure, json::serialize(expected), json::serialize(lines), "the rules write it so");
      else
        ++score.not_counted[measure];
    }
  });
  return score;
}

}  // namespace relance::corpus
