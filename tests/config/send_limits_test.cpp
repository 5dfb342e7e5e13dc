// What an operator allows a provider: read, refused with its place, and what it means for a moment in time.
#include "host/config/send_limits.hpp"

#include "tests/config/config_folder.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <sstream>

namespace relance::config {
BOOST_AUTO_TEST_SUITE(send_limits_test)

using test::ConfigFolder;

namespace {

Instant at(const char *text) {
  return parse_instant(text).value();
}

/// The provider's file with these lines before [settings], loaded.
Loaded with(const ConfigFolder &folder, const std::string &lines) {
  folder.write("providers/smtp.toml", "id = \"smtp\"\nplugin = \"smtp\"\nchannel = \"email\"\n" + lines);
  return folder.load();
}

}  // namespace

BOOST_AUTO_TEST_CASE(prices_are_exact_to_the_millionth) {
  const std::pair<const char *, std::int64_t> kRight[]{{"0.0075 EUR", 7'500},
                                                       {"12 EUR", 12'000'000},
                                                       {"0.000001 CHF", 1},
                                                       {"1.5 EUR", 1'500'000},
                                                       {"0 EUR", 0}};
  for (const auto &[text, micro] : kRight) {
    const auto price = parse_micro_price(text);
    BOOST_TEST_REQUIRE(price.has_value(), text);
    BOOST_TEST(price->micro == micro);
  }
  for (const auto *text : {"", "EUR", "1", "1EUR", "-1 EUR", "1.0000001 EUR", "1. EUR", ".5 EUR", "1,5 EUR",
                           "1 EURO", "1e3 EUR", "99999999999 EUR", "1 EUR ", " 1 EUR"})
    BOOST_TEST(!parse_micro_price(text).has_value(), text);
  BOOST_TEST(format_micro_price(7'500, "EUR") == "0.0075 EUR");
  BOOST_TEST(format_micro_price(12'000'000, "EUR") == "12.00 EUR");
  BOOST_TEST(format_micro_price(-1'500'000, "EUR") == "-1.50 EUR");
}

BOOST_AUTO_TEST_CASE(limits_become_what_they_say) {
  const ConfigFolder folder;
  const auto loaded = with(folder, R"([limits]
per_second = 2.5
burst = 7
per_day = 900
parallel = 4
time_zone = "Europe/Rome"
[price]
per_message = "0.12 EUR"
per_day = "50 EUR"
per_month = "800 EUR"
[breaker]
in_a_row = 4
ratio_percent = 30
window = 40
delay = "10s"
delay_max = "5m"
[[maintenance]]
days = ["sunday"]
from = "02:00"
to = "04:30"
[[maintenance]]
from = "23:00"
to = "01:00"
time_zone = "Asia/Tokyo"
)");
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr,
                     (loaded.issues.empty() ? "" : loaded.issues.front().text()));
  const auto &provider = *loaded.configuration->provider("smtp");
  const auto &limits = provider.send_limits;
  BOOST_TEST(limits.per_second == 2.5);
  BOOST_TEST(limits.burst == 7u);
  BOOST_TEST(limits.per_day == 900u);
  BOOST_TEST(provider.credit_max == 4u);
  BOOST_TEST(limits.zone->name() == "Europe/Rome");
  BOOST_TEST((limits.price_max == MicroPrice{120'000, "EUR"}));
  BOOST_TEST((limits.month_budget == MicroPrice{800'000'000, "EUR"}));
  BOOST_TEST(limits.breaker.in_a_row == 4u);
  BOOST_TEST((limits.breaker.delay_max == std::chrono::minutes{5}));
  BOOST_TEST_REQUIRE(limits.maintenance.size() == 2u);
  BOOST_TEST(limits.maintenance[0].days[0]);
  BOOST_TEST(!limits.maintenance[0].days[1]);
  BOOST_TEST(limits.maintenance[1].days[3]);
  BOOST_TEST(limits.is_counted());
}

BOOST_AUTO_TEST_CASE(days_are_those_of_the_regions_that_list_the_provider) {
  const ConfigFolder folder;
  const auto loaded = with(folder, "[limits]\nper_day = 5\n");
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr);
  BOOST_TEST(loaded.configuration->provider("smtp")->send_limits.zone->name() == "Europe/Paris");
  folder.write("regions/PT.toml",
               "id = \"PT\"\ncountry = \"PT\"\ncalendar = \"TARGET2\"\ntime_zone = "
               "\"Europe/Lisbon\"\n[providers]\nemail = [\"smtp\"]\n");
  const auto issues = folder.issues();
  BOOST_TEST(
      issues.find(
          "provider \"smtp\" counts by days, and the regions FR and PT which list it have different ones; "
          "write time_zone = \"Europe/Paris\" into its [limits]") != std::string::npos,
      issues);
}

BOOST_AUTO_TEST_CASE(a_maintenance_ends_when_it_says_also_over_midnight_and_in_its_own_zone) {
  SendLimits limits;
  limits.zone = domain::Zone::of("Europe/Paris").value();
  MaintenanceWindow sunday;
  sunday.days[0] = true;
  sunday.from = 22 * 60;
  sunday.until = 2 * 60;
  limits.maintenance.push_back(sunday);
  // 2026-02-01 is a Sunday; Paris is an hour ahead of UTC.
  BOOST_TEST(!maintenance_until(limits, at("2026-02-01T20:59:59Z")).has_value());
  BOOST_TEST((maintenance_until(limits, at("2026-02-01T21:00:00Z")) == at("2026-02-02T01:00:00Z")));
  BOOST_TEST((maintenance_until(limits, at("2026-02-02T00:30:00Z")) == at("2026-02-02T01:00:00Z")));
  BOOST_TEST(!maintenance_until(limits, at("2026-02-02T01:00:00Z")).has_value());
  BOOST_TEST(!maintenance_until(limits, at("2026-02-02T22:00:00Z")).has_value());
  // In summer two hours ahead.
  BOOST_TEST((maintenance_until(limits, at("2026-07-05T20:00:00Z")) == at("2026-07-06T00:00:00Z")));
  MaintenanceWindow overlapping;
  overlapping.days.fill(true);
  overlapping.from = 60;
  overlapping.until = 180;
  limits.maintenance.push_back(overlapping);
  BOOST_TEST((maintenance_until(limits, at("2026-02-02T00:30:00Z")) == at("2026-02-02T02:00:00Z")));
}

BOOST_AUTO_TEST_CASE(days_and_months_begin_in_the_providers_zone) {
  SendLimits limits;
  limits.zone = domain::Zone::of("Europe/Paris").value();
  BOOST_TEST((next_day(limits, at("2026-02-01T22:59:59Z")) == at("2026-02-01T23:00:00Z")));
  BOOST_TEST((next_day(limits, at("2026-02-01T23:00:00Z")) == at("2026-02-02T23:00:00Z")));
  BOOST_TEST((next_month(limits, at("2026-12-31T22:00:00Z")) == at("2026-12-31T23:00:00Z")));
  BOOST_TEST((next_month(limits, at("2026-12-31T23:00:00Z")) == at("2027-01-31T23:00:00Z")));
  limits.zone.reset();
  BOOST_TEST((next_day(limits, at("2026-02-01T12:00:00Z")) == at("2026-02-02T00:00:00Z")));
}

BOOST_AUTO_TEST_CASE(every_mistake_is_told_with_its_place) {
  struct Broken {
    const char *lines, *issue;
  };
  constexpr Broken kBroken[]{
      {"[limits]\nper_second = 0\n",
       "providers/smtp.toml:5:14: error: \"per_second\" must be a number from 0.001 to "
       "100000; write per_second = 5, or 0.5 for one in two seconds"},
      {"[limits]\nper_second = \"5\"\n", "providers/smtp.toml:5:14: error: \"per_second\" must be a number"},
      {"[limits]\nburst = 5\n",
       "providers/smtp.toml:5:9: error: a burst goes with per_second; write both, or neither"},
      {"[limits]\nper_dy = 5\n",
       "providers/smtp.toml:5:1: error: unknown key \"per_dy\"; did you mean \"per_day\"?"},
      {"[limits]\nper_day = 0\n", "providers/smtp.toml:5:11: error: \"per_day\" is 0, but must be from 1 to"},
      {"[limits]\ntime_zone = \"Europe/Pars\"\n", "providers/smtp.toml:5:13: error:"},
      {"credit_window = 5\n[limits]\nparallel = 6\n",
       "providers/smtp.toml:6:12: error: credit_window says the same; keep one of the two"},
      {"[price]\nper_message = 0.12\n",
       "providers/smtp.toml:5:15: error: \"per_message\" is a number with a point"},
      {"[price]\nper_message = \"0,12 EUR\"\n",
       "providers/smtp.toml:5:15: error: \"0,12 EUR\" is no price; write \"0.075 EUR\", with at most six "
       "decimals"},
      {"[price]\nper_day = \"5 EUR\"\nper_month = \"80 CHF\"\n",
       "providers/smtp.toml:6:13: error: a provider has its prices in one currency; this one is not in EUR "
       "as the one before"},
      {"[breaker]\nin_a_row = 0\n",
       "providers/smtp.toml:4:1: error: this breaker never opens; set in_a_row or ratio_percent, or enabled "
       "= false"},
      {"[breaker]\nratio_percent = 101\n", "providers/smtp.toml:5:17: error: \"ratio_percent\" is 101"},
      {"[breaker]\ndelay = \"1m\"\ndelay_max = \"30s\"\n",
       "providers/smtp.toml:6:13: error: \"delay_max\" is \"30s\""},
      {"[[maintenance]]\ndays = [\"sonntag\"]\nfrom = \"02:00\"\nto = \"03:00\"\n",
       "providers/smtp.toml:5:9: error: \"sonntag\" is no day"},
      {"[[maintenance]]\nfrom = \"2:00\"\nto = \"03:00\"\n",
       "providers/smtp.toml:5:8: error: \"2:00\" is no time of day; write \"02:00\""},
      {"[[maintenance]]\nfrom = \"02:00\"\n",
       "providers/smtp.toml:4:1: error: \"to\" is missing; write to = \"02:00\""},
      {"[[maintenance]]\nfrom = \"02:00\"\nto = \"02:00\"\n",
       "providers/smtp.toml:6:6: error: this maintenance has no length"},
  };
  for (const auto &broken : kBroken) {
    const ConfigFolder folder;
    const auto loaded = with(folder, broken.lines);
    BOOST_TEST((loaded.configuration == nullptr), broken.lines);
    const auto issues = folder.issues();
    BOOST_TEST(issues.find(broken.issue) != std::string::npos, broken.lines << " gives " << issues);
  }
}

BOOST_AUTO_TEST_CASE(a_regions_list_has_order_shares_numbers_and_domains) {
  const ConfigFolder folder;
  const auto region = [&folder](const std::string &providers) {
    folder.write(
        "regions/FR.toml",
        "id = \"FR\"\ncountry = \"FR\"\nlanguage = \"fr\"\ntime_zone = \"Europe/Paris\"\n[providers]\n" +
            providers);
  };
  for (const auto *id : {"b", "c", "d"})
    folder.write("providers/" + std::string{id} + ".toml", "plugin = \"smtp\"\nchannel = \"email\"\n");
  region(
      "email = [{ id = \"smtp\", domains = [\"example.fr\", \"*.example.de\"] },\n"
      "  [{ id = \"b\", weight = 3 }, \"c\"],\n  \"d\"]\n");
  const auto loaded = folder.load();
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr, folder.issues());
  const auto &listed = loaded.configuration->region("FR")->providers_of("email");
  BOOST_TEST_REQUIRE(listed.size() == 4u);
  BOOST_TEST(listed[0].domains.size() == 2u);
  BOOST_TEST(listed[1].weight == 3u);
  BOOST_TEST(listed[1].rank == listed[2].rank);
  BOOST_TEST(listed[2].weight == 1u);
  BOOST_TEST(listed[2].rank < listed[3].rank);
  const std::pair<const char *, const char *> kBroken[]{
      {"email = \"smtp\"\n", "regions/FR.toml:6:9: error: \"email\" must be a list"},
      {"email = [5]\n", "regions/FR.toml:6:10: error: a provider of a region is its id, or a table"},
      {"email = [\"smtp\", \"smtp\"]\n", "regions/FR.toml:6:18: error: provider \"smtp\" is listed twice"},
      {"email = [{ id = \"smtp\", weight = 2 }]\n",
       "regions/FR.toml:6:34: error: a weight means something only among providers that share the messages"},
      {"email = [[{ id = \"smtp\", weight = 0 }]]\n", "regions/FR.toml:6:35: error: \"weight\" is 0"},
      {"email = [{ id = \"smtp\", prefixes = [\"+33\"] }]\n",
       "regions/FR.toml:6:37: error: recipients of channel \"email\" have no number; drop prefixes"},
      {"email = [{ id = \"smtp\", domains = [\"Example.fr\"] }]\n",
       "regions/FR.toml:6:36: error: \"Example.fr\" is no domain"},
      {"email = [{ domain = [\"example.fr\"] }]\n", "error: \"id\" is missing"},
      {"email = [[[\"smtp\"]]]\n", "regions/FR.toml:6:11: error: a provider of a region is its id"},
      {"sms = [{ id = \"s\", prefixes = [\"0033\"] }]\n",
       "regions/FR.toml:6:32: error: \"0033\" is no beginning of a number; write \"+33\" or \"+336\""},
      {"email = [\"smpt\"]\n",
       "regions/FR.toml:6:10: error: there is no provider \"smpt\"; did you mean \"smtp\"?"},
  };
  for (const auto &[lines, issue] : kBroken) {
    region(lines);
    const auto issues = folder.issues();
    BOOST_TEST(issues.find(issue) != std::string::npos, lines << " gives " << issues);
  }
}

BOOST_AUTO_TEST_CASE(the_examples_of_fail_over_in_the_shipped_regions_are_right) {
  namespace fs = std::filesystem;
  const ConfigFolder folder;
  fs::copy(test::source_dir() / "config", folder.path() / "example", fs::copy_options::recursive);
  for (const auto *name : {"FR", "BE"}) {
    const auto file = "example/regions/" + std::string{name} + ".toml";
    std::string shown;
    std::istringstream lines{folder.read(file)};
    for (std::string line; std::getline(lines, line);)
      shown += (line.starts_with("# sms") || line.starts_with("#   {") || line.starts_with("#   [") ||
                        line == "# ]"
                    ? line.substr(2)
                    : line) +
               '\n';
    folder.write(file, shown);
  }
  const auto loaded =
      load(folder.path() / "example" / "relanced.toml", {.reads_secrets = false, .check_template = {}});
  for (const auto &issue : loaded.issues) BOOST_TEST_MESSAGE(issue.text());
  BOOST_TEST_REQUIRE(loaded.configuration != nullptr);
  BOOST_TEST(loaded.configuration->region("FR")->providers_of("sms").size() == 2u);
  const auto &belgian = loaded.configuration->region("BE")->providers_of("sms");
  BOOST_TEST_REQUIRE(belgian.size() == 3u);
  BOOST_TEST(belgian[0].prefixes.at(0) == "+32");
  BOOST_TEST(belgian[1].weight == 3u);
  BOOST_TEST(belgian[1].rank == belgian[2].rank);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::config
