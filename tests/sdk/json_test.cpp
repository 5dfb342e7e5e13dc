// The SDK's small JSON reader: what it takes, what it refuses, and that asking for what is not there is safe.
#include <boost/test/unit_test.hpp>
#include <relance/json.hpp>

using relance::sdk::Json;

BOOST_AUTO_TEST_SUITE(json_test)

BOOST_AUTO_TEST_CASE(values_are_found_by_name_and_place) {
  const auto json =
      Json::parse(R"( {"a": [1, -2.5e3, true, null, "x"], "b": {"c": "d", "c": "last"}, "n": "17"} )");
  BOOST_TEST(json["a"][0].integer() == 1);
  BOOST_TEST(json["a"][1].text() == "-2.5e3");
  BOOST_TEST(json["a"][1].integer(9) == 9);
  BOOST_TEST(json["a"][2].flag());
  BOOST_TEST((json["a"][3].kind() == Json::Kind::null));
  BOOST_TEST(json["a"].items().size() == 5u);
  BOOST_TEST(json["b"]["c"].text() == "last");
  BOOST_TEST(json["n"].integer() == 17);
  BOOST_TEST(json["a"]["b"][7]["c"].is_absent());
  BOOST_TEST(json["nothing"].text("otherwise") == "otherwise");
}

BOOST_AUTO_TEST_CASE(escapes_become_utf8) {
  BOOST_TEST(Json::parse(R"("\u00e9\n\ud83d\ude00\/\"")").text() == "é\n😀/\"");
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_absent) {
  for (const auto *text :
       {"",          "{",           "[1,]", "{\"a\" 1}", "01",      "1.",          "-",
        "+1",        "1e",          "tru",  "\"\t\"",    "\"\\x\"", "\"\\ud800\"", "\"\\udc00\"",
        "\"\\u12\"", "\"\\u12g4\"", "1 2",  "{1: 2}",    "'a'",     "\"a",         "nullx"})
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(Json::parse(text).is_absent());
    }
}

BOOST_AUTO_TEST_CASE(depth_is_bounded) {
  BOOST_TEST(!Json::parse(std::string(60, '[') + std::string(60, ']')).is_absent());
  BOOST_TEST(Json::parse(std::string(100'000, '[')).is_absent());
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
  std::string all;
  for (int c{0}; c < 256; ++c) all += static_cast<char>(c);
  BOOST_TEST(Json::parse(relance::sdk::json_string(all)).text() == all);
  BOOST_TEST(relance::sdk::json_object({{"a", "1"}, {"b\"", "2\n"}}) == R"({"a":"1","b\"":"2\u000a"})");
  BOOST_TEST(relance::sdk::json_object({}) == "{}");
}

BOOST_AUTO_TEST_SUITE_END()
