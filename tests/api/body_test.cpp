// The JSON of a request: every fault names its place.
#include "host/api/body.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

namespace relance::api {
namespace {

/// Reads the same members as a promise does.
Error fault_of(std::string_view text) {
  auto body = Body::parse(text);
  if (!body) return body.error();
  (void)body->text("invoice");
  (void)body->date("date");
  (void)body->text_or("note", "");
  const auto end = body->end();
  return end ? Error{} : end.error();
}

BOOST_AUTO_TEST_SUITE(body_test)

BOOST_AUTO_TEST_CASE(members_are_read_by_their_kind) {
  auto body = Body::parse(R"({"because":"é\n","on":true,"n":7,"day":"2026-02-28","ids":[1,2],"none":null})");
  BOOST_REQUIRE(body);
  BOOST_TEST(body->text("because") == "é\n");
  BOOST_TEST(body->required_flag("on"));
  BOOST_TEST(body->number("n", 1, 10) == 7);
  BOOST_TEST((body->date("day") == civil(2026, 2, 28)));
  BOOST_TEST(body->numbers("ids").size() == 2u);
  BOOST_TEST(!body->has("none"));
  BOOST_TEST(body->text_or("none", "fallback") == "fallback");
  BOOST_TEST(body->end().has_value());
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_an_empty_object) {
  BOOST_REQUIRE(Body::parse(""));
  BOOST_TEST(Body::parse(" \n")->end().has_value());
}

BOOST_AUTO_TEST_CASE(a_fault_names_its_json_pointer) {
  struct Case {
    const char *text, *where, *message;
  };
  for (const auto &[text, where, message] : {
           Case{R"({})", "/invoice", "missing"},
           Case{R"({"invoice":7})", "/invoice", "text"},
           Case{R"({"invoice":""})", "/invoice", "empty"},
           Case{R"({"invoice":"a\u0007"})", "/invoice", "control"},
           Case{R"({"invoice":"a","date":"2026-02-30"})", "/date", "2026-12-31"},
           Case{R"({"invoice":"a","date":"2026-02-28","note":[]})", "/note", "text"},
           Case{R"({"invoice":"a","date":"2026-02-28","Note":"x"})", "/Note", "nothing is known"},
       }) {
    const auto fault = fault_of(text);
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(fault.where == where);
      BOOST_TEST(fault.message.find(message) != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(broken_json_is_shown_by_line_and_column) {
  const auto fault = fault_of("{\n  \"invoice\": 'F-1'\n}");
  BOOST_TEST(fault.where.starts_with("body:2:"));
  BOOST_TEST(fault_of("[]").message.find("object") != std::string::npos);
  BOOST_TEST(fault_of("{} {}").where == "body:1:4");
  BOOST_TEST(fault_of("{\"a\":").message.find("not JSON") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_too_long_or_too_deep_is_refused) {
  BOOST_TEST(fault_of("{\"invoice\":\"" + std::string(Body::kTextBytesMax + 1, 'x') + "\"}").where ==
             "/invoice");
  BOOST_TEST(fault_of(std::string(100'000, '[')).message.find("not JSON") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_of_numbers_points_at_the_item) {
  auto body = Body::parse(R"({"ids":[1,"2"]})");
  (void)body->numbers("ids");
  BOOST_TEST(body->end().error().where == "/ids/1");
}

BOOST_AUTO_TEST_CASE(only_the_words_offered_are_taken) {
  constexpr std::array<std::string_view, 2> kWords{"done", "reached"};
  auto body = Body::parse(R"({"outcome":"lost"})");
  BOOST_TEST(body->one_of("outcome", kWords).empty());
  BOOST_TEST(body->end().error().message == "one of: done, reached");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace relance::api
