// The floors under the score on samples collected by others; scripts/corpus bounces --misses tells what fell.
#include "tests/corpus/bounces.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <iostream>

namespace relance::report {

BOOST_AUTO_TEST_SUITE(report_corpus_test)

BOOST_AUTO_TEST_CASE(the_score_on_collected_bounces_does_not_fall) {
  const auto folder = test::corpus_dir() / "bounces";
  if (!std::filesystem::exists(folder / "expected.tsv")) {
    std::cout << "all of this suite skipped: " << folder << " is not there\n";
    return;
  }
  const auto score = corpus::score_bounces(folder);
  struct Floor {
    const char *measure;
    double percent;
  };
  // Some points below what is reached on the samples the parser was written with, so that they hold for
  // others too.
  for (const auto &[measure, percent] :
       {Floor{"recipient", 96.0}, Floor{"class", 94.0}, Floor{"status_class", 94.0}, Floor{"status", 96.0},
        Floor{"kind", 97.0}}) {
    const auto reached = score.all(measure);
    BOOST_TEST(reached.total > 0u);
    BOOST_TEST(reached.percent() >= percent, measure << ": " << reached.hits << " of " << reached.total);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::report
