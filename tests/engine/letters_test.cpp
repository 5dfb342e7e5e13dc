// Messages that are pages: what goes out, to whom it fits, and what an operator is told and shown.
#include "host/engine/explain.hpp"
#include "tests/engine/engine_world.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

namespace relance::engine {
using test::EngineWorld;
using test::kMonday;

namespace {

/// One invoice of a debtor who can be reached on paper alone, and providers of that channel.
struct Paper : EngineWorld {
  std::string channel;

  explicit Paper(std::string by, const std::string &listed = "[\"one\"]")
      : EngineWorld{}, channel{std::move(by)} {
    engine.reset();
    std::ofstream{folder / "regions/FR.toml", std::ios::app} << channel << " = " << listed << '\n';
    std::ofstream{folder / "templates/words.en.toml"} << R"(subject = "{{total}} to pay"
text = "{{#items}}{{number}}: {{balance}}\n{{/items}}"
html = "<p>{{total}}</p>"
[letter]
opening = "Dear Sir or Madam,\n\nplease pay."
closing = "Yours faithfully\n{{creditor.name}}"
)";
    std::string scenario{
        "id = \"standard\"\n[[step]]\nid = \"reminder-1\"\nafter = \"5d\"\ntemplate = \"words\"\n"};
    write_scenario(scenario + "channels = [\"" + channel + "\"]\n");
  }

  void provider(const std::string &id, const std::string &lines) {
    std::ofstream{folder / "providers" / (id + ".toml")}
        << "plugin = \"scripted\"\nplacement = \"inproc\"\nchannel = \"" << channel << "\"\n"
        << lines << "\n[settings]\nanswer = \"accept\"\nsent_log = \"" << (folder / ("sent-" + id)).string()
        << "\"\n";
  }

  void begin(const std::string &address) {
    open();
    store::DebtorRecord record;
    record.code = "D1";
    record.name = "Debtor One";
    record.country = record.region = "FR";
    record.language = "en";
    record.contacts.push_back({channel, address, "Accounts", true});
    with_store([&](store::Store &store, Instant now) {
      BOOST_TEST_REQUIRE(store.import_debtors(creditor, {&record, 1}, now, false).has_value());
    });
    invoice("D1", "F1", kMonday);
    onboard();
    start();
  }

  store::NewAttempt sent() {
    store::NewAttempt attempt;
    with_store([&](store::Store &store, Instant) {
      const auto message = store.stored_message(creditor, 1);
      BOOST_TEST_REQUIRE(message.has_value());
      attempt = message->attempt;
    });
    return attempt;
  }

  store::Claim facts() {
    store::Claim claim;
    with_store([&](store::Store &store, Instant) { claim = store.facts_of_debtor(creditor, "D1").value(); });
    return claim;
  }
};

constexpr const char *kAddress{"Debtor One\n12 rue des Lilas\n75011 PARIS"};

}  // namespace

BOOST_AUTO_TEST_SUITE(letters_test)

BOOST_AUTO_TEST_CASE(a_letter_goes_out_as_its_text_and_a_pdf) {
  Paper world{"postal"};
  world.provider("one", "");
  world.begin(kAddress);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").size() == 1u);
  const auto attempt = world.sent();
  BOOST_TEST_REQUIRE(attempt.content.size() == 2u);
  BOOST_TEST(attempt.content[0].role == "text");
  BOOST_TEST(attempt.content[1].role == "letter");
  BOOST_TEST(attempt.content[1].media_type == "application/pdf");
  BOOST_TEST(attempt.content[1].bytes->starts_with("%PDF-"));
  BOOST_TEST((sha256(*attempt.content[1].bytes) == attempt.content[1].hash));
}

BOOST_AUTO_TEST_CASE(a_registered_email_carries_the_letter_and_a_fax_its_pages) {
  for (const auto &[channel, address, type, begin] :
       {std::tuple{"lre", "debtor@pec.example", "application/pdf", "%PDF-"},
        {"fax", "+33140000000", "image/tiff", "II*"}}) {
    Paper world{channel};
    world.provider("one", "");
    world.begin(address);
    world.advance_to(kMonday + Days{7});
    BOOST_TEST(world.received_by("one").size() == 1u);
    const auto attempt = world.sent();
    BOOST_TEST_REQUIRE(attempt.content.size() == 2u);
    BOOST_TEST(attempt.content[1].role == "letter");
    BOOST_TEST(attempt.content[1].media_type == type);
    BOOST_TEST(attempt.content[1].bytes->starts_with(begin));
  }
}

BOOST_AUTO_TEST_CASE(a_letter_that_does_not_fit_one_provider_goes_to_the_next_and_says_why) {
  Paper world{"postal", "[\"one\", \"two\"]"};
  world.provider("one", "[letter]\nwindow = \"pingen\"\nbytes_max = 1024\n");
  world.provider("two", "[letter]\nwindow = \"din5008-b\"\n");
  world.begin(kAddress);
  BOOST_TEST(world.engine->pause("to look").has_value());
  world.advance_to(kMonday + Days{7});
  const auto claim = world.facts();
  const auto configuration = world.engine->configuration();
  const auto now = world.engine->business_now();
  const auto explained = explain(*configuration, "acme", claim, world.engine->standing_of(claim), now);
  BOOST_TEST_REQUIRE(explained.front().routes.size() == 2u);
  BOOST_TEST(explained.front().routes[0].because.find("it does not fit: the letter has ") !=
             std::string::npos);
  BOOST_TEST(explained.front().routes[0].because.find(" bytes, and this provider takes 1024") !=
             std::string::npos);
  BOOST_TEST(explained.front().routes[1].provider == "two");
  BOOST_TEST(explained.front().routes[1].because.empty());
  // And what the operator is shown is what leaves.
  const auto shown = preview_letter(*configuration, "acme", claim, now, false);
  BOOST_TEST_REQUIRE(shown.has_value());
  BOOST_TEST(preview_letter(*configuration, "acme", claim, now, true)->starts_with("II*"));
  BOOST_TEST(world.engine->resume().has_value());
  world.settle();
  BOOST_TEST(world.received_by("one").empty());
  BOOST_TEST(world.received_by("two").size() == 1u);
  BOOST_TEST((*world.sent().content[1].bytes == *shown));
}

BOOST_AUTO_TEST_CASE(a_letter_that_fits_nobody_becomes_a_persons_task) {
  Paper world{"postal"};
  world.provider("one", "");
  world.begin("Debtor One\n12 rue des Lilas\n" + std::string(90, 'X') + "\n75011 PARIS");
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").empty());
  BOOST_TEST_REQUIRE(world.tasks().size() == 1u);
  std::string journal;
  world.with_store([&](store::Store &store, Instant) {
    for (const auto &entry : store.journal(world.creditor, {}, {}, 100).value()) journal += entry.payload + '\n';
  });
  BOOST_TEST(journal.find("line 3: it is 52 characters too long") != std::string::npos, journal);
}

BOOST_AUTO_TEST_CASE(a_batch_of_letters_ends_before_it_keeps_others_waiting) {
  Paper world{"postal"};
  world.provider("one", "");
  world.begin(kAddress);
  for (int i{2}; i <= 60; ++i) {
    store::DebtorRecord record;
    record.code = "D" + std::to_string(i);
    record.name = "Debtor " + std::to_string(i);
    record.country = record.region = "FR";
    record.language = "en";
    record.contacts.push_back({"postal", kAddress, "Accounts", true});
    world.with_store([&](store::Store &store, Instant now) {
      BOOST_TEST_REQUIRE(store.import_debtors(world.creditor, {&record, 1}, now, false).has_value());
    });
    world.invoice(record.code, "F" + std::to_string(i), kMonday);
  }
  world.onboard();
  const auto before = world.engine->report();
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").size() == 60u);
  const auto after = world.engine->report();
  // 60 letters of a page, of which 12 are a batch, and what else there is to decide.
  BOOST_TEST(after.batches - before.batches >= 5u);
  BOOST_TEST(after.intents - before.intents == 60u);
}

BOOST_AUTO_TEST_CASE(letters_wait_while_a_logo_is_bad_and_leave_when_it_is_mended) {
  Paper world{"postal"};
  world.provider("one", "");
  const auto logo = world.folder / "logo.png";
  std::ofstream{logo} << "GIF89a, long enough to have a head and then some";
  std::ofstream{world.folder / "relanced.toml", std::ios::app} << "[creditor.letterhead]\nlogo = \"logo.png\"\n";
  world.begin(kAddress);
  world.advance_to(kMonday + Days{7});
  BOOST_TEST(world.received_by("one").empty());
  BOOST_TEST(world.tasks().empty());
  const auto told = world.engine->report().letterheads;
  BOOST_TEST_REQUIRE(told.size() == 1u);
  BOOST_TEST(told.at("acme") == "the logo " + logo.string() + " is no PNG");
  const auto claim = world.facts();
  const auto explained = explain(*world.engine->configuration(), "acme", claim, world.engine->standing_of(claim),
                                 world.engine->business_now());
  std::string kept;
  for (const auto &because : explained.front().kept_by) kept += because + '\n';
  BOOST_TEST(kept.find("is no PNG") != std::string::npos, kept);
  std::filesystem::remove(logo);
  // One dot, of no colour to speak of.
  static constexpr unsigned char kPng[]{0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53, 0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x64, 0x62, 0x06, 0x00, 0x00, 0x0e, 0x00, 0x07, 0xd7, 0x6f, 0xe4, 0x78, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
  std::ofstream{logo, std::ios::binary}.write(reinterpret_cast<const char *>(kPng), sizeof kPng);
  world.advance_to(kMonday + Days{8});
  BOOST_TEST(world.received_by("one").size() == 1u);
  BOOST_TEST(world.engine->report().letterheads.empty());
}

BOOST_AUTO_TEST_CASE(without_a_message_that_is_due_there_is_no_letter_to_show) {
  Paper world{"postal"};
  world.provider("one", "");
  world.begin(kAddress);
  const auto shown = preview_letter(*world.engine->configuration(), "acme", world.facts(),
                                    world.engine->business_now(), false);
  BOOST_TEST_REQUIRE(!shown.has_value());
  BOOST_TEST((shown.error().kind == ErrorKind::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::engine
