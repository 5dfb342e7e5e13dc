// A configuration that is right: what the example under config/ becomes, and what is looked up in it.
#include "host/config/configuration.hpp"
#include "tests/config/config_folder.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::config {
BOOST_AUTO_TEST_SUITE(load_test)

using test::ConfigFolder;

std::string texts(const std::vector<Issue> &issues) {
  std::string all;
  for (const auto &issue : issues) all += issue.text() + '\n';
  return all;
}

/// Without its secrets: they are on no machine but the operator's.
Loaded load_example() {
  return load(test::source_dir() / "config" / "relanced.toml",
              {.reads_secrets = false, .check_template = {}});
}

BOOST_AUTO_TEST_CASE(the_example_loads_without_a_single_error) {
  const auto loaded = load_example();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  const auto &configuration = *loaded.configuration;
  BOOST_TEST(loaded.issues.empty(), texts(loaded.issues));
  BOOST_TEST(configuration.regions.size() == 6U);
  BOOST_TEST(configuration.scenarios.size() == 1U);
  BOOST_TEST(configuration.version.size() == 64U);
  for (const auto *id : {"FR", "DE", "IT", "ES", "BE", "GB"}) {
    const auto *region = configuration.region(id);
    BOOST_TEST_REQUIRE(region != nullptr);
    BOOST_TEST(region->providers_of("email").size() == 1U);
    BOOST_TEST(region->providers_of("lre").empty());
  }
  BOOST_TEST(configuration.region("FR")->zone.name() == "Europe/Paris");
}

BOOST_AUTO_TEST_CASE(a_scenario_becomes_what_it_says) {
  const auto loaded = load_example();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  const auto &scenario = *loaded.configuration->scenario("standard");
  BOOST_TEST_REQUIRE(scenario.steps.size() == 6U);
  const auto &notice = scenario.steps[4];
  BOOST_TEST(notice.id == "formal-notice");
  BOOST_TEST(notice.needs_approval);
  BOOST_TEST(notice.is_formal);
  BOOST_TEST_REQUIRE(notice.minimum_balance.size() == 2U);
  BOOST_TEST(notice.minimum_balance[0].minor == 5000);
  BOOST_TEST_REQUIRE(notice.reactions.size() == 2U);
  BOOST_TEST((notice.reactions[0].on == domain::ReceiptKind::unclaimed));
  BOOST_TEST(notice.reactions[0].channel == "postal");
  BOOST_TEST(notice.reactions[1].gives_task);
  std::vector<int> levels;
  for (const auto &step : scenario.steps) levels.push_back(step.level);
  BOOST_TEST(levels == (std::vector<int>{0, 1, 2, 2, 3, 3}), boost::test_tools::per_element());
  BOOST_TEST(*scenario.promise_resume_at == 2);
  BOOST_TEST((scenario.payment_grace == domain::DayCount{3, domain::DayKind::business}));
  BOOST_TEST(scenario.steps[3].is_task());
  BOOST_TEST(scenario.steps[3].template_id == "call");
}

BOOST_AUTO_TEST_CASE(a_step_s_message_is_called_like_the_step_unless_it_says_otherwise) {
  ConfigFolder folder;
  folder.write("scenarios/standard.toml",
               "[[step]]\nid = \"reminder\"\nafter = \"5d\"\nchannels = [\"email\", \"task\"]\n"
               "[[step]]\nid = \"call\"\nafter = \"9d\"\nchannels = [\"task\"]\n"
               "[[step]]\nid = \"again\"\nafter_previous = \"10d\"\nchannels = [\"email\"]\ntemplate = "
               "\"reminder\"\n");
  const auto loaded = folder.load();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  const auto &steps = loaded.configuration->scenarios[0].steps;
  BOOST_TEST(steps[0].template_id == "reminder");
  BOOST_TEST(steps[1].template_id.empty());
  BOOST_TEST(steps[2].template_id == "reminder");
}

BOOST_AUTO_TEST_CASE(the_most_specific_scenario_wins) {
  ConfigFolder folder;
  const auto scenario = [](const std::string &id, const std::string &applies_to) {
    return "id = \"" + id + "\"\n" + applies_to +
           "\n[[step]]\nid = \"call\"\nafter = \"5d\"\nchannels = [\"task\"]\n";
  };
  folder.write("scenarios/standard.toml", scenario("standard", ""));
  folder.write("scenarios/a.toml", scenario("france", "applies_to = { regions = [\"FR\"] }"));
  folder.write("scenarios/b.toml", scenario("sme", "applies_to = { segments = [\"sme\", \"large\"] }"));
  folder.write("scenarios/c.toml",
               scenario("sme-france", "applies_to = { segments = [\"sme\"], regions = [\"FR\"] }"));
  const auto loaded = folder.load();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  const auto chosen = [&](const char *segment, const char *region) {
    return loaded.configuration->scenario_for(segment, region)->id;
  };
  BOOST_TEST(chosen("sme", "FR") == "sme-france");
  BOOST_TEST(chosen("large", "FR") == "sme");
  BOOST_TEST(chosen("consumer", "FR") == "france");
  BOOST_TEST(chosen("consumer", "DE") == "standard");
}

BOOST_AUTO_TEST_CASE(a_change_of_any_file_changes_the_version_and_only_its_own_scenario) {
  ConfigFolder folder;
  const auto before = folder.load();
  BOOST_TEST_REQUIRE(before.configuration != nullptr, texts(before.issues));
  folder.append("templates/reminder.fr.toml", "# another word\n");
  const auto after = folder.load();
  BOOST_TEST_REQUIRE(after.configuration != nullptr, texts(after.issues));
  const auto &old_scenario = before.configuration->scenarios[0];
  const auto &new_scenario = after.configuration->scenarios[0];
  BOOST_TEST(before.configuration->version != after.configuration->version);
  BOOST_TEST(old_scenario.version == new_scenario.version);
  BOOST_TEST(before.configuration->content_id(old_scenario, 0) !=
             after.configuration->content_id(new_scenario, 0));
  const auto again = folder.load();
  BOOST_TEST(again.configuration->content_id(new_scenario, 0) ==
             after.configuration->content_id(new_scenario, 0));
}

BOOST_AUTO_TEST_CASE(a_template_is_found_in_the_language_then_without_its_country_then_in_the_fallback) {
  ConfigFolder folder;
  folder.write("templates/reminder.de.toml", "subject = 'Zahlung'\ntext = 'Guten Tag'\n");
  folder.write("templates/reminder.de-AT.toml", "subject = 'Zahlung'\ntext = 'Servus'\n");
  const auto loaded = folder.load();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  const auto language = [&](const char *wanted) {
    const auto *made = loaded.configuration->find_template("reminder", wanted, "fr");
    return made == nullptr ? std::string{"none"} : made->language;
  };
  BOOST_TEST(language("de-AT") == "de-AT");
  BOOST_TEST(language("de-CH") == "de");
  BOOST_TEST(language("fr-BE") == "fr");
  BOOST_TEST(language("pl") == "fr");
  BOOST_TEST(language("") == "fr");
  BOOST_TEST(loaded.configuration->find_template("nothing", "fr", "fr") == nullptr);
}

BOOST_AUTO_TEST_CASE(settings_reach_the_plugin_as_json_and_people_without_the_secrets) {
  ConfigFolder folder;
  folder.write("secret", "hush\n");
  folder.write("providers/smtp.toml",
               "plugin = \"smtp\"\nchannel = \"email\"\n[settings]\nhost = \"mail\"\nport = 25\n"
               "password = { file = \"../secret\" }\n[settings.tls]\nverify = true\n");
  const auto loaded = folder.load();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  const auto &provider = *loaded.configuration->provider("smtp");
  BOOST_TEST(provider.settings_json.reveal() ==
             R"({"host":"mail","port":25,"password":"hush","tls":{"verify":true}})");
  BOOST_TEST(provider.shown_json == R"({"host":"mail","port":25,"password":"***","tls":{"verify":true}})");
  BOOST_TEST(provider.position_of("/port").line == 5U);
  BOOST_TEST(provider.position_of("/tls/verify").line == 8U);
  BOOST_TEST(provider.position_of("/tls/missing").line == 7U);
  BOOST_TEST((provider.placement == Placement::child));
}

BOOST_AUTO_TEST_CASE(a_plugin_is_granted_what_its_file_says_and_never_what_is_the_daemons) {
  ConfigFolder folder;
  folder.write(
      "providers/smtp.toml",
      "plugin = \"smtp\"\nchannel = \"email\"\n[sandbox]\nconnect_ports = [587, 993]\nmemory_mib = 256\n"
      "data_folders = [{ path = \"/usr/share\" }, { path = \"scenarios\", access = \"write\" }]\n"
      "[settings]\nca_file = \"/etc/ca.pem\"\nstate = \"" +
          (folder.path() / "state/relance.db").string() + "\"\nhost = \"mail\"\n");
  const auto loaded = folder.load();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  BOOST_TEST(loaded.configuration->requires_sandbox);
  const auto &sandbox = loaded.configuration->provider("smtp")->sandbox;
  BOOST_TEST(sandbox.is_enabled);
  BOOST_TEST(sandbox.has_network);
  BOOST_TEST(sandbox.connect_ports == (std::vector<std::uint16_t>{587, 993}),
             boost::test_tools::per_element());
  BOOST_TEST(sandbox.memory_mib == 256U);
  BOOST_REQUIRE(sandbox.data_folders.size() == 2U);
  BOOST_TEST(sandbox.data_folders[0].first == "/usr/share");
  BOOST_TEST(!sandbox.data_folders[0].second);
  BOOST_TEST(sandbox.data_folders[1].first == loaded.configuration->file.parent_path() / "scenarios");
  BOOST_TEST(sandbox.data_folders[1].second);
  BOOST_REQUIRE(sandbox.files.size() == 1U);
  BOOST_TEST(sandbox.files[0] == "/etc/ca.pem");
}

BOOST_AUTO_TEST_CASE(the_http_client_and_the_hosts_of_a_provider_are_what_the_files_say) {
  ConfigFolder folder;
  folder.write("ca.pem", "certificates\n");
  folder.append("relanced.toml",
                "[http]\nproxy = \"http://proxy.example.com:3128\"\nno_proxy = [\"localhost\", "
                "\"intranet.example.com\"]\nca_file = \"ca.pem\"\n");
  folder.append("providers/smtp.toml", "[http]\nhosts = [\"api.example.com\", \"*.example.org:8443\"]\n");
  const auto loaded = folder.load();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  const auto &http = loaded.configuration->http;
  BOOST_TEST(http.proxy == "http://proxy.example.com:3128");
  BOOST_TEST(http.no_proxy == "localhost,intranet.example.com");
  BOOST_TEST(http.ca_file.filename() == "ca.pem");
  const auto &hosts = loaded.configuration->provider("smtp")->http_hosts;
  BOOST_TEST_REQUIRE(hosts.size() == 2U);
  BOOST_TEST(hosts[1].allows(false, "a.example.org", 8443));
}

BOOST_AUTO_TEST_CASE(a_recipient_in_another_zone_has_the_region_s_hours_on_their_own_clock) {
  const auto loaded = load_example();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, texts(loaded.issues));
  const auto &france = *loaded.configuration->region("FR");
  const auto monday = civil(2026, 11, 23);
  const auto in_paris = france.window.first_allowed_on_or_after(monday);
  const auto in_reunion =
      france.window.in_zone(domain::Zone::of("Indian/Reunion").value()).first_allowed_on_or_after(monday);
  BOOST_TEST(format_instant(in_paris) == "2026-11-23T07:00:00Z");
  BOOST_TEST(format_instant(in_reunion) == "2026-11-23T04:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_file_that_a_setting_names_and_that_is_not_there_is_a_warning) {
  ConfigFolder folder;
  folder.write("ca.pem", "");
  folder.append("providers/smtp.toml",
                "[settings]\nca_file = \"" + (folder.path() / "ca.pem").string() + "\"\n");
  BOOST_TEST(folder.issues() == "");
  folder.append("providers/smtp.toml", "[settings.trust]\nauthorities_file = \"/nowhere/ca.pem\"\n");
  BOOST_TEST(
      folder.issues() ==
      "providers/smtp.toml:6:20: warning: there is no file /nowhere/ca.pem; without it the provider may "
      "not start\n");
}

BOOST_AUTO_TEST_CASE(what_may_go_as_a_short_message_needs_words_for_one_once_there_is_a_provider) {
  ConfigFolder folder;
  folder.write("scenarios/standard.toml",
               "id = \"standard\"\n[[step]]\nid = \"reminder\"\nafter = \"5d\"\n"
               "channels = [\"email\", \"sms\"]\ntemplate = \"reminder\"\n");
  BOOST_TEST(folder.issues() == "");
  folder.write("providers/gateway.toml", "plugin = \"sms\"\nchannel = \"sms\"\n");
  BOOST_TEST(folder.issues().starts_with(
                 "templates/reminder.fr.toml:2:9: error: this template may go as a short message "
                 "(scenario standard, step reminder) and has no words for one"),
             folder.issues());
  folder.append("templates/reminder.fr.toml", "sms = 'Bonjour'\n");
  BOOST_TEST(folder.issues() == "");
  BOOST_TEST(folder.load().configuration->find_template("reminder", "fr", {})->sms == "Bonjour");
}

BOOST_AUTO_TEST_CASE(a_letterhead_that_cannot_be_printed_is_warned_of_where_anything_is_printed) {
  const ConfigFolder folder;
  LoadOptions options;
  options.check_letterhead = [](const Letterhead &head) -> Result<void> {
    if (head.font == "Gone Sans") return unavailable("the font \"Gone Sans\" is not installed");
    return {};
  };
  folder.append("relanced.toml", "[creditor.letterhead]\nfont = \"Gone Sans\"\n");
  BOOST_TEST(folder.issues(options) == "");
  folder.write("providers/letters.toml", "plugin = \"postal\"\nchannel = \"postal\"\n");
  BOOST_TEST(folder.issues(options) == "");  // no region uses it
  folder.append("regions/FR.toml", "postal = [\"letters\"]\n");
  BOOST_TEST(folder.issues(options) == "relanced.toml:9:1: warning: the font \"Gone Sans\" is not installed; until then the "
                                       "letters and faxes of creditor \"acme\" wait\n");
  BOOST_TEST(folder.load(options).configuration != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::config
