// What a parser makes of samples that state their expectations as JSON, a case a line: hits and misses by
// measure and by where the samples come from.
#pragma once

#include "tests/corpus/bounces.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace relance::corpus {

struct ScoreMiss {
  std::string id, measure, expected, got;
  std::string reason;  ///< why it is so, as far as a program can tell
};

struct Score {
  std::size_t rows{0};
  /// measure → origin → tally; the origin "all" is the sum.
  std::map<std::string, std::map<std::string, Tally>> tallies;
  std::vector<ScoreMiss> misses;
  /// What a sample asserts and nobody here knows to look at: measure → how often.
  std::map<std::string, std::size_t> not_counted;

  void note(const boost::json::object &row, const std::string &measure, const std::string &expected,
            const std::string &got, const std::string &reason);
  [[nodiscard]] Tally total() const;
};

/// Each line of the file that is not empty. Throws std::runtime_error, with file and line, on what is no
/// object.
void each_row(const std::filesystem::path &file,
              const std::function<void(const boost::json::object &)> &take);

/// plugins/protocol/gsm on sms_segmentation: as gateways count (no replacement but where a sample asks for
/// it, cut between characters).
Score score_sms_segmentation(const std::filesystem::path &folder);
/// host/intake on phone_normalization.
Score score_phone(const std::filesystem::path &folder);
/// plugins/protocol/pec on pec: each field of expected.tsv that is not empty, and what is forged refused.
Score score_pec(const std::filesystem::path &folder);
/// host/domain on postal_address.
Score score_postal_address(const std::filesystem::path &folder);
/// plugins/protocol/gateway, plugins/esp and plugins/sms on delivery_reports.
Score score_delivery_reports(const std::filesystem::path &folder);

}  // namespace relance::corpus
