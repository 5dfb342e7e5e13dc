// The SMS example in Rust behaves as those in C++ and C. It is built only where cargo is.
#include "tests/sdk/example_cases.hpp"

#include <filesystem>

using relance::sdk::test::Example;

BOOST_AUTO_TEST_SUITE(rust_example_test)

BOOST_AUTO_TEST_CASE(the_one_in_rust_does_the_same) {
  if (!std::filesystem::exists(relance::sdk::test::example_file("sms_http_rust"))) {
    std::printf(
        "all of this suite skipped: no cargo 1.77 or newer was found when the build was configured\n");
    return;
  }
  Example("sms_http_rust").run_all();
}

BOOST_AUTO_TEST_SUITE_END()
