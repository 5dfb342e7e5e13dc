// What is wrong in a template, at its line and column.
#include "host/render/template_check.hpp"

#include "host/render/renderer.hpp"
#include "host/render/vocabulary.hpp"
#include "tests/render/sample_message.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

namespace relance::render {
BOOST_AUTO_TEST_SUITE(template_check_test)

using test::sample_message;
using test::sample_template;

std::string complaints(const config::Template &made) {
  config::Issues issues;
  check_template(made, issues);
  issues.sort();
  std::string all;
  for (const auto &issue : issues.all()) all += issue.text() + '\n';
  return all;
}

BOOST_AUTO_TEST_CASE(every_mistake_is_named_with_its_line_and_column) {
  struct Case {
    const char *text, *complaint;
  };
  const Case cases[]{
      {"{{total}}", ""},
      {"{{! a remark }}", ""},
      {"a\né {{totl}}", "sample.fr.toml:5:3: error: there is no {{totl}}; did you mean {{total}}?\n"},
      {"{{number}}",
       "sample.fr.toml:4:1: error: {{number}} belongs to one invoice; write it between {{#items}} and "
       "{{/items}}\n"},
      {"{{^items}}{{number}}{{/items}}",
       "sample.fr.toml:4:11: error: {{number}} belongs to one invoice; write it between {{#items}} and "
       "{{/items}}\n"},
      {"{{items}}", "sample.fr.toml:4:1: error: {{items}} is no text; write {{#items}}…{{/items}}\n"},
      {"\n{{#items}}x", "sample.fr.toml:5:1: error: {{#items}} is never closed; write {{/items}}\n"},
      {"x{{/items}}", "sample.fr.toml:4:2: error: {{/items}} closes nothing\n"},
      {"{{#bank}}{{#items}}{{/bank}}{{/items}}",
       "sample.fr.toml:4:20: error: {{/bank}} stands where {{/items}} must come first\n"
       "sample.fr.toml:4:29: error: {{/items}} stands where {{/bank}} must come first\n"},
      {"x {{total", "sample.fr.toml:4:3: error: \"{{\" is never closed; write }}\n"},
      {"{{{total}}}", "sample.fr.toml:4:1: error: nothing is escaped in a text; write {{…}}\n"},
      {"{{> header}}",
       "sample.fr.toml:4:1: error: templates do not include one another; write the words out\n"},
      {"{{=<% %>=}}", "sample.fr.toml:4:1: error: delimiters stay {{ and }}\n"},
      {"{{ }}", "sample.fr.toml:4:1: error: a tag without a name\n"},
      {"{{.}}",
       "sample.fr.toml:4:1: error: {{.}} is one line of a list; write it directly between "
       "{{#creditor.address}} and "
       "{{/creditor.address}}\n"},
      {"Sinon,\nc'est la PRISON.",
       "sample.fr.toml:5:10: error: \"prison\" has no place in a reminder: not paying a debt is no crime, "
       "and "
       "threatening so is unlawful; reword it\n"},
  };
  for (const auto &[text, complaint] : cases)
    BOOST_TEST(complaints(sample_template("s", text)) == complaint, text);
}

BOOST_AUTO_TEST_CASE(an_unescaped_value_in_html_is_refused) {
  BOOST_TEST(
      complaints(sample_template("s", "t", "<p>{{&debtor.name}}</p>")) ==
      "sample.fr.toml:20:4: error: an unescaped value would let a debtor's name write HTML; write {{…}}\n");
}

BOOST_AUTO_TEST_CASE(the_check_and_the_renderer_agree_on_every_name) {
  Renderer renderer;
  for (const auto &word : vocabulary()) {
    const std::string name{word.name};
    std::string source;
    switch (word.shape) {
      case Shape::text:
        source = "{{" + name + "}}";
        break;
      case Shape::condition:
        source = "{{#" + name + "}}x{{/" + name + "}}{{^" + name + "}}y{{/" + name + "}}";
        break;
      case Shape::items:
        source = "{{#" + name + "}}{{number}}{{/" + name + "}}";
        break;
      case Shape::lines:
        source = "{{#" + name + "}}{{.}}{{/" + name + "}}";
        break;
    }
    if (is_of_item(word.field)) source = "{{#items}}" + source + "{{/items}}";
    if (word.field == Field::line) source = "{{#creditor.address}}" + source + "{{/creditor.address}}";
    const auto made = sample_template("s", source);
    BOOST_TEST(complaints(made) == "", source);
    const auto message = renderer.render(made, sample_message());
    BOOST_TEST(message.has_value(), source);
    const bool can_be_empty{word.field == Field::item_reference || word.field == Field::merged_steps};
    if (message && !can_be_empty) BOOST_TEST(!message->text.empty(), source);
  }
}

BOOST_AUTO_TEST_CASE(the_shipped_messages_pass_the_check_and_render_in_every_language) {
  config::LoadOptions options;
  options.check_template = check_template;
  options.reads_secrets = false;
  const auto loaded = config::load(test::source_dir() / "config" / "relanced.toml", options);
  std::string all;
  for (const auto &issue : loaded.issues) all += issue.text() + '\n';
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, all);
  BOOST_TEST(loaded.configuration->templates.size() == 30U);
  Renderer renderer;
  auto model = sample_message();
  for (const auto &made : loaded.configuration->templates) {
    model.language = made.language;
    const auto message = renderer.render(made, model);
    BOOST_TEST_REQUIRE(message.has_value(), made.id + (message ? "" : message.error().text()));
    BOOST_TEST(message->text.find("{{") == std::string::npos);
    BOOST_TEST(!message->html.empty() != (made.id == "call"));
    if (made.id == "thank-you") continue;
    for (const char *number : {"F-2026-001", "F-2026-002", "F-2026-003"}) {
      BOOST_TEST(message->text.find(number) != std::string::npos, made.id + '.' + made.language);
      if (made.id != "call")
        BOOST_TEST(message->html.find(number) != std::string::npos, made.id + '.' + made.language);
    }
    BOOST_TEST(message->text.find("FR14 2004 1010 0505 0001 3M02 606") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_shipped_call_says_whom_to_ask_for_what_is_overdue_and_what_to_quote) {
  const auto loaded = config::load(test::source_dir() / "config" / "relanced.toml",
                                   {.reads_secrets = false, .check_template = check_template});
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr);
  Renderer renderer;
  auto model = sample_message();
  model.contact_name = "Camille Martin";
  std::size_t calls{0};
  for (const auto &made : loaded.configuration->templates) {
    if (made.id != "call") continue;
    ++calls;
    model.language = made.language;
    const auto script = renderer.render(made, model, Form::script);
    BOOST_TEST_REQUIRE(script.has_value(), made.language + (script ? "" : script.error().text()));
    const auto says = [&](const std::string &words) { return script->text.find(words) != std::string::npos; };
    for (const auto &words : {std::string{"Camille Martin"}, std::string{"F-2026-001"}, model.creditor_name,
                              model.payment_reference})
      BOOST_TEST(says(words), made.language << ": " << words << " is not in\n" << script->text);
    BOOST_TEST(script->html.empty());
  }
  BOOST_TEST(calls == 5U);
}

BOOST_AUTO_TEST_CASE(the_operators_page_lists_every_name) {
  std::ifstream in{test::source_dir() / "docs" / "for-operators" / "configuration.md"};
  const std::string page{std::istreambuf_iterator<char>{in}, {}};
  for (const auto &word : vocabulary()) {
    const std::string sigil{word.shape == Shape::text ? "" : "#"};
    BOOST_TEST(page.find("| `{{" + sigil + std::string{word.name} + "}}` |") != std::string::npos, word.name);
    BOOST_TEST(page.find(word.meaning) != std::string::npos, word.meaning);
  }
}

BOOST_AUTO_TEST_CASE(a_formal_notice_asks_only_for_what_is_overdue) {
  const auto loaded = config::load(test::source_dir() / "config" / "relanced.toml",
                                   {.reads_secrets = false, .check_template = {}});
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr);
  Renderer renderer;
  for (const char *language : {"fr", "en", "de", "it", "es"}) {
    const auto *made = loaded.configuration->find_template("formal-notice", language, {});
    BOOST_TEST_REQUIRE(made != nullptr);
    const auto message = renderer.render(*made, sample_message());
    BOOST_TEST_REQUIRE(message.has_value());
    BOOST_TEST(message->text.find("F-2026-004") == std::string::npos, language);
    BOOST_TEST(message->html.find("F-2026-005") == std::string::npos, language);
  }
}

BOOST_AUTO_TEST_CASE(the_shipped_short_messages_fit_into_one_segment) {
  const auto loaded = config::load(test::source_dir() / "config" / "relanced.toml",
                                   {.reads_secrets = false, .check_template = {}});
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr);
  Renderer renderer;
  auto model = sample_message();
  std::size_t seen{0};
  for (const auto &made : loaded.configuration->templates) {
    if (made.sms.empty()) continue;
    ++seen;
    model.language = made.language;
    const auto message = renderer.render(made, model, Form::short_message);
    BOOST_TEST_REQUIRE(message.has_value());
    const auto characters = std::count_if(message->text.begin(), message->text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    });
    BOOST_TEST(characters <= 159,
               made.id << '.' << made.language << ": " << message->text);  // the euro sign takes two
  }
  BOOST_TEST(seen == 10u);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::render
