// Whatever the bytes of a file, a load ends with a configuration or with issues that have a place; it never
// crashes.
#include "host/config/document.hpp"
#include "tests/config/config_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <rapidcheck.h>

namespace relance::config {
BOOST_AUTO_TEST_SUITE(any_bytes_test)

using test::ConfigFolder;

/// Reads the bytes as each kind of file in turn.
void load_as_every_file(const ConfigFolder &folder, const std::string &bytes) {
  for (const char *file : {"relanced.toml", "regions/FR.toml", "providers/smtp.toml",
                           "scenarios/standard.toml", "templates/reminder.fr.toml"}) {
    const auto right = folder.read(file);
    folder.write(file, bytes);
    const auto loaded = folder.load();
    folder.write(file, right);
    const bool has_error{std::ranges::any_of(
        loaded.issues, [](const Issue &issue) { return issue.severity == Severity::error; })};
    RC_ASSERT(has_error == (loaded.configuration == nullptr));
    for (const auto &issue : loaded.issues) RC_ASSERT(!issue.at.file.empty() && !issue.message.empty());
  }
}

BOOST_AUTO_TEST_CASE(any_bytes_end_in_issues_or_a_configuration) {
  const ConfigFolder folder;
  BOOST_TEST(
      rc::check("any bytes", [&folder] { load_as_every_file(folder, *rc::gen::string<std::string>()); }));
}

/// Words of the language in any order come nearer to the readers than chance does.
BOOST_AUTO_TEST_CASE(any_words_of_the_language_end_in_issues_or_a_configuration) {
  static const std::vector<std::string> kWords{"[[step]]\n",
                                               "[step]\n",
                                               "[on]\n",
                                               "id",
                                               "before",
                                               "after",
                                               "after_previous",
                                               "channels",
                                               "on.failed",
                                               "on",
                                               "template",
                                               " = ",
                                               " = ",
                                               " = ",
                                               "\"7d\"",
                                               "\"-7d\"",
                                               "\"5bd\"",
                                               "\"email\"",
                                               "\"task\"",
                                               "\"one\"",
                                               "[",
                                               "]",
                                               "{",
                                               "}",
                                               ",",
                                               "\n",
                                               "\n",
                                               "\n",
                                               "-1",
                                               "9223372036854775807",
                                               "1e400",
                                               "nan",
                                               "true",
                                               "2026-11-22",
                                               "07:32:00",
                                               "'''",
                                               "\"\"\"",
                                               "'",
                                               "\"",
                                               "#",
                                               ".",
                                               "level",
                                               "minimum_balance",
                                               "\"50 EUR\"",
                                               "applies_to",
                                               "regions",
                                               "[[creditor]]\n",
                                               "[settings]\n",
                                               "password",
                                               "file",
                                               "env",
                                               "[contact]\n",
                                               "monday",
                                               "\"08:00-20:00\"",
                                               "subject",
                                               "text",
                                               "html",
                                               "\\",
                                               "\r\n",
                                               "é",
                                               "\xff"};
  const ConfigFolder folder;
  BOOST_TEST(rc::check("any words", [&folder] {
    std::string text;
    for (const auto &word : *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kWords)))
      text += word;
    load_as_every_file(folder, text);
  }));
}

BOOST_AUTO_TEST_CASE(depth_does_not_exhaust_the_stack) {
  Issues issues;
  for (const char *piece : {"a.", "[", "{a=", "[[", "\"x\".", "'x' . ", "[a.a.a.a.a.a.a.a.a.a]\n[",
                            "a = [{a.a.a.a.a.a.a.a.a.a.a = ["}) {
    std::string text;
    while (text.size() < 500'000) text += piece;
    BOOST_TEST(!parse_document(text, "deep.toml", issues).has_value(), piece);
    BOOST_TEST(!parse_document("a = " + text, "deep.toml", issues).has_value(), piece);
  }
}

BOOST_AUTO_TEST_CASE(dots_in_texts_and_numbers_are_no_keys) {
  Issues issues;
  const std::string dots{"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z"};
  for (const std::string &text : std::initializer_list<std::string>{
           "a = \"" + dots + "\"", "a = '" + dots + "'", "a = '''\n" + dots + "\n" + dots + "'''",
           "a = \"\"\"" + dots + "\"\"\"", "# " + dots, "a = \"\\\"" + dots + "\"",
           "a = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]"})
    BOOST_TEST(parse_document(text, "dots.toml", issues).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_text_knows_where_its_first_character_stands) {
  Issues issues;
  const auto document = parse_document(
      "a = 'x'\nb = '''\nfirst'''\nc = \"\"\"first\"\"\"\n\"é\" = '''\r\nx'''\n", "p.toml", issues);
  BOOST_TEST_REQUIRE(document.has_value());
  const auto place = [&](std::size_t index) {
    const auto &value = document->root.table.at(index).value;
    return std::to_string(value.text_line) + ':' + std::to_string(value.text_column);
  };
  BOOST_TEST(place(0) == "1:6");
  BOOST_TEST(place(1) == "3:1");
  BOOST_TEST(place(2) == "4:8");
  BOOST_TEST(place(3) == "6:1");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::config
