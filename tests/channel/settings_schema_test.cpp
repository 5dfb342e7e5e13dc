#include "host/channel/settings_schema.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::channel {
BOOST_AUTO_TEST_SUITE(settings_schema_test)

constexpr const char *kSchema{
    R"({"type": "object", "additionalProperties": false, "required": ["host"], "properties": {
  "host": {"type": "string", "minLength": 1},
  "port": {"type": "integer", "minimum": 1, "maximum": 65535},
  "tls": {"enum": ["none", "starttls", "implicit"]},
  "relays": {"type": "array", "items": {"type": "object", "properties": {"a/b": {"type": "string"}}}},
  "auth": {"type": "object", "properties": {"password": {"type": "string", "minLength": 12}}}}})"};

BOOST_AUTO_TEST_CASE(good_settings_have_no_issue) {
  const auto issues = check_settings(kSchema, R"({"host": "mx", "port": 25, "tls": "starttls"})");
  BOOST_REQUIRE(issues);
  BOOST_TEST(issues->empty());
}

BOOST_AUTO_TEST_CASE(each_fault_has_the_pointer_of_its_place) {
  const struct {
    const char *settings, *path;
  } table[]{
      {R"({"host": "mx", "port": 70000})", "/port"},
      {R"({"host": "mx", "port": "25"})", "/port"},
      {R"({"host": "mx", "tls": "maybe"})", "/tls"},
      {R"({"host": ""})", "/host"},
      {R"({})", ""},
      {R"({"host": "mx", "hots": 1})", "/hots"},
      {R"({"host": "mx", "auth": {"password": "short"}})", "/auth/password"},
      {R"({"host": "mx", "relays": [{}, {"a/b": 1}]})", "/relays/1/a~1b"},
  };
  for (const auto &row : table) {
    BOOST_TEST_CONTEXT(row.settings) {
      const auto issues = check_settings(kSchema, row.settings);
      BOOST_REQUIRE(issues);
      BOOST_REQUIRE(!issues->empty());
      BOOST_TEST(issues->front().path == row.path);
      BOOST_TEST(!issues->front().message.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_named) {
  const auto issues = check_settings(kSchema, R"({"host": "mx", "hots": 1})");
  BOOST_REQUIRE(issues);
  BOOST_TEST(join(*issues) == "/hots: there is no such setting");
  const auto missing = check_settings(kSchema, R"({"port": 25})");
  BOOST_REQUIRE(missing);
  BOOST_TEST(join(*missing).find("\"host\" is missing") != std::string::npos, join(*missing));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_secret_that_nobody_looked_at_is_no_fault) {
  constexpr std::string_view kUnread{R"({"host": "mx", "port": 70000, "auth": {"password": "***"}})"};
  auto issues = check_settings(kSchema, kUnread);
  BOOST_REQUIRE(issues);
  BOOST_TEST(issues->size() == 2u);
  forget_unread_secrets(*issues, kUnread);
  BOOST_REQUIRE_EQUAL(issues->size(), 1u);
  BOOST_TEST(issues->front().path == "/port");
}

BOOST_AUTO_TEST_CASE(no_issue_repeats_a_value) {
  const auto issues = check_settings(
      kSchema, R"({"host": "mx", "tls": "S3CRET-A", "port": "S3CRET-B", "auth": {"password": "S3CRET-C"}})");
  BOOST_REQUIRE(issues);
  BOOST_TEST(issues->size() >= 3u);
  BOOST_TEST(join(*issues).find("S3CRET") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_broken_schema_is_the_plugins_fault_and_said_so) {
  BOOST_TEST(!check_settings("{", "{}"));
  BOOST_TEST(!check_settings("[]", "{}"));
  const auto broken = check_settings(R"({"type": 7})", "{}");
  BOOST_REQUIRE(!broken);
  BOOST_TEST(broken.error().message.find("schema of its settings is broken") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
