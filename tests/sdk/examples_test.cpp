// The SMS examples in C++ and in C behave alike.
#include "tests/sdk/example_cases.hpp"

using relance::sdk::test::Example;

BOOST_AUTO_TEST_SUITE(examples_test)

BOOST_AUTO_TEST_CASE(the_one_in_cpp_does_what_an_sms_plugin_does) {
  Example("sms_http").run_all();
}

BOOST_AUTO_TEST_CASE(the_one_in_c_does_the_same) {
  Example("sms_http_c").run_all();
}

BOOST_AUTO_TEST_SUITE_END()
