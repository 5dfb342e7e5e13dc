#include "tests/corpus/score.hpp"

#include "tests/corpus/table.hpp"

#include <boost/json.hpp>

#include <sstream>
#include <stdexcept>

namespace relance::corpus {
namespace {

/// "TwilioDevEd/message-segment-calculator tests/…" → "TwilioDevEd/message-segment-calculator"
std::string origin_of(const boost::json::object &row) {
  const auto *source = row.if_contains("source");
  if (source == nullptr || !source->is_string()) return "unnamed";
  const std::string text{source->get_string()};
  return text.substr(0, text.find_first_of(" ("));
}

}  // namespace

void Score::note(const boost::json::object &row, const std::string &measure, const std::string &expected,
                 const std::string &got, const std::string &reason) {
  const bool is_hit{expected == got};
  for (const auto &origin : {std::string{"all"}, origin_of(row)}) {
    auto &tally = tallies[measure][origin];
    ++tally.total;
    if (is_hit) ++tally.hits;
  }
  if (is_hit) return;
  const auto *id = row.if_contains("id");
  misses.push_back({id != nullptr && id->is_string() ? std::string{id->get_string()} : "?", measure, expected,
                    got, reason});
}

Tally Score::total() const {
  Tally sum;
  for (const auto &[measure, origins] : tallies) {
    sum.hits += origins.at("all").hits;
    sum.total += origins.at("all").total;
  }
  return sum;
}

void each_row(const std::filesystem::path &file,
              const std::function<void(const boost::json::object &)> &take) {
  std::istringstream lines{read_file(file)};
  std::size_t number{0};
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    boost::system::error_code fault;
    const auto value = boost::json::parse(line, fault);
    if (fault || !value.is_object())
      throw std::runtime_error(file.string() + ":" + std::to_string(number) + ": no JSON object");
    take(value.get_object());
  }
}

}  // namespace relance::corpus
