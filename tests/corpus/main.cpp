// relance-corpus TOPIC FOLDER [--json] [--misses]: prints the score; exits 0 unless it cannot run. Topics:
// bounces, and those of kTopics. relance-corpus report MAIL: prints what plugins/protocol/report reads out of
// one mail, for looking into a miss.
#include "plugins/protocol/report/report.hpp"
#include "tests/corpus/bounces.hpp"
#include "tests/corpus/score.hpp"
#include "tests/corpus/table.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <set>
#include <span>
#include <string_view>

namespace {

using relance::corpus::BounceScore;

void print_table(const BounceScore &score, std::span<const char *const> measures) {
  for (const std::string measure : measures) {
    const auto found = score.tallies.find(measure);
    if (found == score.tallies.end()) continue;
    for (const auto &[corpus, tally] : found->second)
      std::printf("%-16s %-14s %5zu / %5zu  %6.2f %%\n", measure.c_str(), corpus.c_str(), tally.hits,
                  tally.total, tally.percent());
  }
}

void print_text(const BounceScore &score, bool with_misses) {
  std::printf("%zu mails, %zu rows (%zu assert nothing that can be counted), %zu unreadable\n\n", score.mails,
              score.rows, score.rows_not_counted, score.unreadable);
  print_table(score, relance::corpus::kAims);
  std::printf("\nalso asserted\n");
  print_table(score, relance::corpus::kFurther);
  if (!with_misses) return;
  std::printf("\nmisses\n");
  for (const auto &miss : score.misses)
    std::printf("%-16s %s #%s: expected %s, got %s: %s\n", miss.measure.c_str(), miss.file.c_str(),
                miss.n.c_str(), miss.expected.c_str(), miss.got.empty() ? "nothing" : miss.got.c_str(),
                miss.why.c_str());
}

void print_json(const BounceScore &score, bool with_misses) {
  boost::json::object measures;
  for (const auto &[measure, by_corpus] : score.tallies) {
    auto &object = measures[measure].emplace_object();
    for (const auto &[corpus, tally] : by_corpus)
      object[corpus] = {{"hits", tally.hits}, {"total", tally.total}, {"percent", tally.percent()}};
  }
  boost::json::object out{{"mails", score.mails},
                          {"rows", score.rows},
                          {"rows_not_counted", score.rows_not_counted},
                          {"unreadable", score.unreadable},
                          {"measures", std::move(measures)}};
  if (with_misses) {
    auto &misses = out["misses"].emplace_array();
    for (const auto &miss : score.misses)
      misses.push_back({{"file", miss.file},
                        {"n", miss.n},
                        {"measure", miss.measure},
                        {"expected", miss.expected},
                        {"got", miss.got},
                        {"why", miss.why}});
  }
  std::cout << boost::json::value(std::move(out)) << '\n';
}

constexpr struct {
  std::string_view name;
  relance::corpus::Score (*score)(const std::filesystem::path &folder);
} kTopics[]{{"sms_segmentation", relance::corpus::score_sms_segmentation},
            {"phone", relance::corpus::score_phone},
            {"postal_address", relance::corpus::score_postal_address},
            {"delivery_reports", relance::corpus::score_delivery_reports},
            {"pec", relance::corpus::score_pec}};

void print_text(const relance::corpus::Score &score, bool with_misses) {
  const auto total = score.total();
  std::printf("%zu samples\n\n", score.rows);
  for (const auto &[measure, origins] : score.tallies)
    for (const auto &[origin, tally] : origins)
      std::printf("%-26s %-42s %5zu / %5zu  %6.2f %%\n", measure.c_str(), origin.c_str(), tally.hits,
                  tally.total, tally.percent());
  std::printf("\nin all %zu / %zu, %.2f %%\n", total.hits, total.total, total.percent());
  for (const auto &[measure, count] : score.not_counted)
    std::printf("not counted, as nothing here is held to it: %s (%zu)\n", measure.c_str(), count);
  if (!with_misses) return;
  std::printf("\n%zu misses\n", score.misses.size());
  for (const auto &miss : score.misses)
    std::printf("%s %s: expected %s, got %s (%s)\n", miss.id.c_str(), miss.measure.c_str(),
                miss.expected.c_str(), miss.got.c_str(), miss.reason.c_str());
}

void print_json(const relance::corpus::Score &score, bool with_misses) {
  boost::json::object measures;
  for (const auto &[measure, origins] : score.tallies) {
    auto &object = measures[measure].emplace_object();
    for (const auto &[origin, tally] : origins)
      object[origin] = {{"hits", tally.hits}, {"total", tally.total}, {"percent", tally.percent()}};
  }
  const auto total = score.total();
  boost::json::object out{{"rows", score.rows},
                          {"hits", total.hits},
                          {"total", total.total},
                          {"percent", total.percent()},
                          {"measures", std::move(measures)}};
  auto &not_counted = out["not_counted"].emplace_object();
  for (const auto &[measure, count] : score.not_counted) not_counted[measure] = count;
  if (with_misses) {
    auto &misses = out["misses"].emplace_array();
    for (const auto &miss : score.misses)
      misses.push_back({{"id", miss.id},
                        {"measure", miss.measure},
                        {"expected", miss.expected},
                        {"got", miss.got},
                        {"reason", miss.reason}});
  }
  std::cout << boost::json::value(std::move(out)) << '\n';
}

void print_report(const relance::report::Report &report) {
  boost::json::array recipients;
  for (const auto &recipient : report.recipients)
    recipients.push_back({{"address", recipient.address},
                          {"original_address", recipient.original_address},
                          {"action", name(recipient.action)},
                          {"is_final", recipient.is_final},
                          {"class", name(recipient.status_class)},
                          {"status", recipient.status},
                          {"is_status_reported", recipient.is_status_reported},
                          {"reply_code", recipient.reply_code},
                          {"reason", name(recipient.reason)},
                          {"is_address_dead", recipient.is_address_dead()},
                          {"diagnostic", recipient.diagnostic}});
  std::cout << boost::json::value{{"kind", name(report.kind)},
                                  {"unreadable_because", report.unreadable_because},
                                  {"delivered_to", report.delivered_to},
                                  {"verp_key", report.verp_key},
                                  {"envelope_id", report.envelope_id},
                                  {"original_message_id", report.original_message_id},
                                  {"reporting_mta", report.reporting_mta},
                                  {"is_cut", report.is_cut},
                                  {"recipients", std::move(recipients)}}
            << '\n';
}

}  // namespace

int main(int argc, char **argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  std::set<std::string_view> options(arguments.begin() + std::min<std::ptrdiff_t>(2, argc - 1),
                                     arguments.end());
  const bool as_json = options.erase("--json") > 0;
  const bool with_misses = options.erase("--misses") > 0;
  const bool is_report = arguments.size() == 2 && arguments[0] == "report";
  const auto *topic = std::find_if(std::begin(kTopics), std::end(kTopics), [&](const auto &one) {
    return !arguments.empty() && one.name == arguments[0];
  });
  const bool is_known{topic != std::end(kTopics) || (!arguments.empty() && arguments[0] == "bounces")};
  if (!is_report && (arguments.size() < 2 || !is_known || !options.empty())) {
    std::fprintf(stderr,
                 "usage: relance-corpus bounces|sms_segmentation|phone|delivery_reports|pec FOLDER [--json] "
                 "[--misses]\n       "
                 "relance-corpus report MAIL\n");
    return 2;
  }
  try {
    if (is_report) {
      print_report(relance::report::parse_report(relance::corpus::read_file(arguments[1])));
      return 0;
    }
    if (topic != std::end(kTopics)) {
      const auto scored = topic->score(arguments[1]);
      if (as_json)
        print_json(scored, with_misses);
      else
        print_text(scored, with_misses);
      return 0;
    }
    const auto score = relance::corpus::score_bounces(arguments[1]);
    if (as_json)
      print_json(score, with_misses);
    else
      print_text(score, with_misses);
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "relance-corpus: %s\n", error.what());
    return 1;
  }
}
