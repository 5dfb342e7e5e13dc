// What a debtor reads: values in their language, escaped where they must be, and no name that nobody knows.
#include "host/render/renderer.hpp"

#include "tests/render/sample_message.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::render {
BOOST_AUTO_TEST_SUITE(renderer_test)

using test::sample_message;
using test::sample_template;

constexpr const char *kNarrowSpace{"\u202f"};
constexpr const char *kFixedSpace{"\u00a0"};

std::string text_of(const std::string &text, const MessageModel &model) {
  Renderer renderer;
  const auto message = renderer.render(sample_template("s", text), model);
  BOOST_TEST_REQUIRE(message.has_value(), (message ? "" : message.error().text()));
  return message->text;
}

BOOST_AUTO_TEST_CASE(amounts_and_dates_are_written_as_the_language_writes_them) {
  auto model = sample_message();
  const auto written = [&model](const char *language, const char *country) {
    model.language = language;
    model.country = country;
    return text_of("{{total}}|{{date}}|{{#items}}{{due}};{{/items}}", model).substr(0, 64);
  };
  BOOST_TEST(written("fr", "FR")
                 .starts_with(std::string{"5"} + kNarrowSpace + "000,10" + kFixedSpace +
                              "€|12 novembre 2026|1 nov. 2026;"));
  BOOST_TEST(written("de", "DE")
                 .starts_with(std::string{"5.000,10"} + kFixedSpace + "€|12. November 2026|01.11.2026;"));
  BOOST_TEST(written("en", "GB").starts_with("€5,000.10|12 November 2026|1 Nov 2026;"));
  BOOST_TEST(written("it", "IT")
                 .starts_with(std::string{"5.000,10"} + kFixedSpace + "€|12 novembre 2026|1 nov 2026;"));
  BOOST_TEST(
      written("es", "ES")
          .starts_with(std::string{"5000,10"} + kFixedSpace + "€|12 de noviembre de 2026|1 nov 2026;"));
  BOOST_TEST(written("de-AT", "").starts_with(std::string{"€"} + kFixedSpace + "5.000,10"));
  BOOST_TEST(written("not a language", "").size() > 0U);
}

BOOST_AUTO_TEST_CASE(a_currency_without_cents_shows_none) {
  auto model = sample_message();
  model.total = {5000, domain::Currency::parse("JPY").value()};
  model.language = "en";
  BOOST_TEST(text_of("{{total}}", model).ends_with("5,000"));
}

BOOST_AUTO_TEST_CASE(overdue_items_and_upcoming_ones_are_kept_apart) {
  const auto model = sample_message();
  BOOST_TEST(
      text_of("{{#overdue_items}}\n- {{number}} {{overdue}}\n{{/overdue_items}}\n+\n{{#upcoming_items}}\n- "
              "{{number}}\n{{/upcoming_items}}\n",
              model) == std::string{"- F-2026-001 11"} + kFixedSpace + "jours\n- F-2026-002 6" + kFixedSpace +
                            "jours\n- F-2026-003 1" + kFixedSpace + "jour\n+\n- F-2026-004\n- F-2026-005\n");
  BOOST_TEST(text_of("{{overdue_total}}", model) ==
             std::string{"3"} + kNarrowSpace + "000,03" + kFixedSpace + "€");
}

BOOST_AUTO_TEST_CASE(a_section_that_is_left_out_leaves_no_line_behind) {
  auto model = sample_message();
  const std::string source{
      "A\n\n{{#has_upcoming}}\nlater\n\n{{/has_upcoming}}\n{{! a remark }}\n{{#bank}}\nB\n{{#bank.bic}}\nC\n"
      "  {{/bank.bic}}  \n\n{{/bank}}\n{{^bank}}\nno bank\n{{/bank}}\nD {{#bank}}E{{/bank}}\n"};
  BOOST_TEST(text_of(source, model) == "A\n\nlater\n\nB\nC\n\nD E\n");
  std::erase_if(model.items, [](const MessageItem &item) { return item.days_overdue <= 0; });
  BOOST_TEST(text_of(source, model) == "A\n\nB\nC\n\nD E\n");
  model.bank->bic.clear();
  BOOST_TEST(text_of(source, model) == "A\n\nB\n\nD E\n");
  model.bank.reset();
  BOOST_TEST(text_of(source, model) == "A\n\nno bank\nD \n");
}

BOOST_AUTO_TEST_CASE(what_is_empty_can_be_asked_for) {
  auto model = sample_message();
  const std::string source{
      "{{#contact_name}}Dear {{contact_name}}{{/contact_name}}{{^contact_name}}Hello{{/contact_name}}"
      "{{#bank}}, {{bank.iban}}{{/bank}}{{^bank}}, no bank{{/bank}}"};
  BOOST_TEST(text_of(source, model) == "Dear Mme Durand, FR14 2004 1010 0505 0001 3M02 606");
  model.contact_name.clear();
  model.bank.reset();
  BOOST_TEST(text_of(source, model) == "Hello, no bank");
}

BOOST_AUTO_TEST_CASE(html_is_escaped_and_text_is_not) {
  auto model = sample_message();
  model.debtor_name = "<b>\"A\" & 'B'</b>";
  Renderer renderer;
  const auto message =
      renderer.render(sample_template("{{debtor.name}}", "{{debtor.name}}", "<p>{{debtor.name}}</p>"), model);
  BOOST_TEST_REQUIRE(message.has_value());
  BOOST_TEST(message->subject == "<b>\"A\" & 'B'</b>");
  BOOST_TEST(message->text == "<b>\"A\" & 'B'</b>");
  BOOST_TEST(message->html == "<p>&lt;b&gt;&quot;A&quot; &amp; &apos;B&apos;&lt;/b&gt;</p>");
}

BOOST_AUTO_TEST_CASE(a_line_break_in_a_name_adds_no_line_anywhere) {
  auto model = sample_message();
  model.debtor_name = "Acme\r\nBcc: everyone@example.com\n\nHello";
  Renderer renderer;
  const auto message = renderer.render(sample_template("To {{debtor.name}}\t!", "{{debtor.name}}"), model);
  BOOST_TEST_REQUIRE(message.has_value());
  BOOST_TEST(message->subject == "To Acme Bcc: everyone@example.com Hello !");
  BOOST_TEST(message->text.find_first_of("\r\n") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_that_nobody_knows_is_an_error_and_never_empty) {
  Renderer renderer;
  for (const char *source : {"{{totl}}", "{{#totl}}x{{/totl}}", "{{^totl}}x{{/totl}}", "{{number}}", "{{.}}",
                             "{{> total}}", "{{}}", "{{#items}}{{#bank}}{{numbr}}{{/bank}}{{/items}}"}) {
    const auto message = renderer.render(sample_template("s", source), sample_message());
    BOOST_TEST(message.has_error(), source);
    if (message.has_error()) BOOST_TEST(message.error().where == "sample.fr.toml:4:1");
  }
}

BOOST_AUTO_TEST_CASE(a_renderer_that_met_an_error_renders_the_next_message_as_if_nothing_had_been) {
  Renderer renderer;
  const auto good = sample_template("{{total}}", "{{#items}}{{number}} {{/items}}");
  const auto before = renderer.render(good, sample_message());
  BOOST_TEST(
      renderer.render(sample_template("s", "{{#items}}{{nobody}}{{/items}}"), sample_message()).has_error());
  const auto after = renderer.render(good, sample_message());
  BOOST_TEST_REQUIRE((before.has_value() && after.has_value()));
  BOOST_TEST(before->text == after->text);
  BOOST_TEST(before->text == "F-2026-001 F-2026-002 F-2026-003 F-2026-004 F-2026-005 ");
}

BOOST_AUTO_TEST_CASE(lists_of_lines_are_walked) {
  BOOST_TEST(text_of("{{#creditor.address}}[{{.}}]{{/creditor.address}}", sample_message()) ==
             "[12 rue de la République][69002 LYON]");
  auto model = sample_message();
  model.merged_steps = {"pre-due"};
  BOOST_TEST(text_of("{{#has_merged}}{{#merged_steps}}{{.}}{{/merged_steps}}{{/has_merged}}", model) ==
             "pre-due");
}

BOOST_AUTO_TEST_CASE(a_short_message_has_words_of_its_own_and_only_plain_spaces) {
  auto made = sample_template("Subject", "A long letter", "<p>A long letter</p>");
  made.sms = "\n{{creditor.name}}: {{total}} \n";
  auto model = sample_message();
  model.language = "fr";
  Renderer renderer;
  const auto message = renderer.render(made, model, Form::short_message);
  BOOST_TEST_REQUIRE(message.has_value());
  BOOST_TEST(message->text == model.creditor_name + ": 5 000,10 €");
  BOOST_TEST(message->html.empty());
  BOOST_TEST(renderer.render(made, model)->text == "A long letter");
}

BOOST_AUTO_TEST_CASE(a_template_without_words_for_a_short_message_never_becomes_one) {
  Renderer renderer;
  const auto message = renderer.render(sample_template("s", "A long letter"), sample_message(), Form::short_message);
  BOOST_TEST_REQUIRE(message.has_error());
  BOOST_TEST(message.error().text().find("sms") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::render
