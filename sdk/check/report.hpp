// What came of a run, for people, for programs (JSON) and for build servers (JUnit).
#ifndef RELANCE_CHECK_REPORT_HPP
#define RELANCE_CHECK_REPORT_HPP
#include "sdk/check/runner.hpp"

#include <map>
#include <string>
#include <vector>

namespace relance::check {

/// @param hints those that were said in full already; later ones point there
[[nodiscard]] std::string to_text(const Result &result, bool names_driver,
                                  std::map<std::string, std::string> &hints);
[[nodiscard]] std::string to_json(const Options &options, const std::vector<Driver> &drivers,
                                  const std::vector<Result> &results);
[[nodiscard]] std::string to_junit(const Options &options, const std::vector<Result> &results);

}  // namespace relance::check
#endif
