#include "sdk/check/report.hpp"

#include <boost/json.hpp>

#include <cstdio>

namespace relance::check {
namespace {

const char *word(Status status) {
  return status == Status::pass ? "pass" : status == Status::fail ? "FAIL" : "skip";
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

std::string seconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

}  // namespace

std::string to_text(const Result &result, bool names_driver, std::map<std::string, std::string> &hints) {
  auto text = std::string("  ") + word(result.status) + "  " + (names_driver ? result.driver + " " : "") +
              result.test;
  if (result.status == Status::skipped) text += ": " + result.why;
  text += "\n";
  for (const auto &finding : result.findings) {
    const auto [said, is_new] = hints.emplace(finding.fix, result.test);
    text += "        " + finding.what + "\n          " +
            (is_new                        ? finding.fix
             : said->second == result.test ? "as above"
                                           : "as said with " + said->second) +
            " [" + finding.rule + "]\n";
  }
  for (const auto &note : result.notes) text += "        note: " + note + "\n";
  return text;
}

std::string to_json(const Options &options, const std::vector<Driver> &drivers,
                    const std::vector<Result> &results) {
  namespace json = boost::json;
  json::array tests, found;
  std::size_t counts[3]{};
  for (const auto &driver : drivers)
    found.push_back({{"driver", driver.name},
                     {"id", driver.id},
                     {"channel", driver.channel},
                     {"version", driver.version}});
  for (const auto &result : results) {
    ++counts[static_cast<int>(result.status)];
    json::array findings;
    for (const auto &f : result.findings)
      findings.push_back({{"what", f.what}, {"fix", f.fix}, {"rule", f.rule}});
    json::object one{{"driver", result.driver},
                     {"test", result.test},
                     {"status", result.status == Status::skipped ? "skipped"
                                : result.status == Status::fail  ? "fail"
                                                                 : "pass"},
                     {"seconds", result.seconds},
                     {"findings", std::move(findings)},
                     {"notes", json::array(result.notes.begin(), result.notes.end())}};
    if (!result.why.empty()) one["why"] = result.why;
    tests.push_back(std::move(one));
  }
  return json::serialize(json::object{{"plugin", options.plugin},
                                      {"seed", options.seed},
                                      {"drivers", std::move(found)},
                                      {"passed", counts[0]},
                                      {"failed", counts[1]},
                                      {"skipped", counts[2]},
                                      {"tests", std::move(tests)}}) +
         "\n";
}

std::string to_junit(const Options &options, const std::vector<Result> &results) {
  std::size_t failed{0}, skipped{0};
  double time{0};
  std::string cases;
  for (const auto &result : results) {
    time += result.seconds;
    cases += "  <testcase classname=\"" + xml(result.driver) + "\" name=\"" + xml(result.test) +
             "\" time=\"" + seconds(result.seconds) + "\">";
    if (result.status == Status::skipped) {
      ++skipped;
      cases += "<skipped message=\"" + xml(result.why) + "\"/>";
    }
    if (result.status == Status::fail) {
      ++failed;
      cases += "<failure message=\"" + xml(result.findings.front().what) + "\">";
      for (const auto &f : result.findings) cases += xml(f.what + "\n" + f.fix + " [" + f.rule + "]\n");
      cases += "</failure>";
    }
    cases += "</testcase>\n";
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"relance-check " +
         xml(options.plugin) + "\" tests=\"" + std::to_string(results.size()) + "\" failures=\"" +
         std::to_string(failed) + "\" skipped=\"" + std::to_string(skipped) + "\" time=\"" + seconds(time) +
         "\">\n" + cases + "</testsuite>\n";
}

}  // namespace relance::check
