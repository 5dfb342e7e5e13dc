// Which provider a message goes to: tables of what stands where, what each says, and who takes it; and shares
// by weight.
#include "host/channel/routing.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

namespace relance::channel {
BOOST_AUTO_TEST_SUITE(routing_test)

namespace {

constexpr Instant kLater{from_ms(1'000'000)}, kMuchLater{from_ms(2'000'000)};

/// A region's providers with their standing, and the debtor's addresses.
struct Map {
  ProviderStatus &add(const std::string &id, const std::string &channel = "sms",
                      std::uint32_t rank = UINT32_MAX) {
    auto &status = *statuses.emplace_back(std::make_unique<ProviderStatus>());
    status.id = id;
    status.channel = channel;
    status.credit = 1;
    auto &entry = *entries.emplace_back(std::make_unique<config::RegionProvider>());
    entry.id = id;
    entry.rank = rank == UINT32_MAX ? static_cast<std::uint32_t>(entries.size()) : rank;
    candidates.push_back({&status, &entry});
    return status;
  }
  config::RegionProvider &entry(std::size_t at) { return *entries[at]; }
  void contact(const std::string &channel, const std::string &address) {
    store::Contact contact;
    contact.channel = channel;
    contact.address = address;
    contacts.push_back(contact);
  }
  RouteResult route(std::uint64_t key = 1) const {
    return find_route({channels, from, contacts, false, candidates, key, refused, country});
  }
  std::string taken_by(std::uint64_t key = 1) const {
    const auto result = route(key);
    return result.route ? result.route->provider->id : result.is_temporary ? "waits" : "nobody";
  }

  std::vector<std::string> channels{"sms", "email"};
  std::size_t from{0};
  std::string country{"FR"};
  std::vector<store::Contact> contacts;
  std::vector<std::unique_ptr<ProviderStatus>> statuses;
  std::vector<std::unique_ptr<config::RegionProvider>> entries;
  std::vector<Candidate> candidates;
  std::vector<ProviderRefusal> refused;
};

std::string because(const RouteResult &result, const std::string &provider) {
  for (const auto &refusal : result.refusals)
    if (refusal.provider == provider) return refusal.because;
  return "not refused";
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_provider_that_can_take_it_does_and_the_others_say_why_not) {
  Map map;
  map.contact("sms", "+33612345678");
  auto &down = map.add("down");
  down.is_paused = true;
  down.paused_because = "auth: refused";
  auto &closed = map.add("closed");
  closed.closed_because = "it is under maintenance";
  auto &full = map.add("full");
  full.credit = 0;
  map.add("free");
  map.add("spare");
  const auto result = map.route();
  BOOST_TEST_REQUIRE(result.route.has_value());
  BOOST_TEST(result.route->provider->id == "free");
  BOOST_TEST(result.refusals.size() == 3u);
  BOOST_TEST(because(result, "down") == "auth: refused");
  BOOST_TEST(because(result, "closed") == "it is under maintenance");
  BOOST_TEST(because(result, "full") == kWindowFull);
}

BOOST_AUTO_TEST_CASE(a_letter_goes_to_an_address_that_the_post_takes_and_else_another_channel_has_its_turn) {
  for (const auto &[country, address, taken, why] :
       {std::tuple{"FR", "Durand\n1 rue A\n75001 PARIS", "printer", ""},
        {"FR", "Durand\n1 rue A\nPARIS", "mail", "line 3: there is no postcode"},
        {"FR", "Durand\n1 rue A\n\n75001 PARIS", "mail", "line 3: it is empty"},
        {"DE", "Durand\n1 rue A\n1010 Wien", "mail", "could be one of AT"}}) {
    Map map;
    map.channels = {"postal", "email"};
    map.country = country;
    map.contact("postal", address);
    map.contact("email", "a@b.example");
    map.add("printer", "postal");
    map.add("mail", "email");
    BOOST_TEST(map.taken_by() == taken, address);
    if (*why != '\0')
      BOOST_TEST(because(map.route(), "").find(why) != std::string::npos, because(map.route(), ""));
  }
}

BOOST_AUTO_TEST_CASE(numbers_and_domains_choose_among_providers) {
  struct Case {
    const char *prefix, *domain, *address;
    bool is_served;
  };
  constexpr Case kCases[]{
      {"+33", "", "+33612345678", true},
      {"+33", "", "+32470123456", false},
      {"+336", "", "+33712345678", false},
      {"", "example.fr", "a@example.fr", true},
      {"", "example.fr", "a@EXAMPLE.fr", true},
      {"", "example.fr", "a@mail.example.fr", false},
      {"", "example.fr", "a@badexample.fr", false},
      {"", "*.example.fr", "a@mail.example.fr", true},
      {"", "*.example.fr", "a@example.fr", false},
      {"", "*.example.fr", "a@badexample.fr", false},
      {"", "example.fr", "no address", false},
      {"", "example.fr", "\"a@example.fr\"@other.de", false},
      {"", "", "anything", true},
  };
  for (const auto &one : kCases) {
    config::RegionProvider entry;
    if (*one.prefix != '\0') entry.prefixes = {one.prefix};
    if (*one.domain != '\0') entry.domains = {one.domain};
    BOOST_TEST(serves(entry, one.address) == one.is_served,
               one.prefix << one.domain << " for " << one.address);
  }
  Map map;
  map.contact("sms", "+32470123456");
  map.add("france");
  map.entry(0).prefixes = {"+33"};
  map.add("world");
  BOOST_TEST(map.taken_by() == "world");
  BOOST_TEST(because(map.route(), "france") == "it is not for numbers that begin so");
}

BOOST_AUTO_TEST_CASE(a_channel_whose_providers_serve_others_is_passed_over_and_one_that_waits_is_not) {
  Map map;
  map.contact("sms", "+32470123456");
  map.contact("email", "a@b.example");
  map.add("mail", "email");
  auto &swiss = map.add("swiss");
  map.entry(1).prefixes = {"+41"};
  BOOST_TEST(map.taken_by() == "mail");
  map.entry(1).prefixes = {"+32"};
  swiss.credit = 0;
  swiss.credit_at = kLater;
  BOOST_TEST(map.taken_by() == "waits");
  BOOST_TEST((map.route().retry_at == kLater));
  BOOST_TEST(!map.route().awaits_calendar);
}

BOOST_AUTO_TEST_CASE(who_waits_for_the_calendar_alone_is_told_the_earliest_day) {
  Map map;
  map.contact("sms", "+33612345678");
  auto &day = map.add("day");
  day.closed_because = "its day is used up";
  day.closed_until = kMuchLater;
  map.add("dear");
  map.refused.push_back({"dear", "its budget", false, Instant::max(), kLater});
  const auto result = map.route();
  BOOST_TEST(!result.route.has_value());
  BOOST_TEST(result.awaits_calendar);
  BOOST_TEST((result.business_retry_at == kLater));
  auto &down = map.add("down");
  down.is_paused = true;
  BOOST_TEST(!map.route().awaits_calendar);  // it may be back before
}

BOOST_AUTO_TEST_CASE(what_refused_this_message_for_good_is_asked_no_more_and_the_next_channel_follows) {
  Map map;
  map.contact("sms", "+33612345678");
  map.contact("email", "a@b.example");
  map.add("one");
  map.add("two");
  map.add("mail", "email");
  map.refused.push_back({"one", "it does not fit", true});
  BOOST_TEST(map.taken_by() == "two");
  map.refused.push_back({"two", "it costs too much", true});
  const auto result = map.route();
  BOOST_TEST(result.route->provider->id == "mail");
  BOOST_TEST(because(result, "one") == "it does not fit");
  BOOST_TEST(because(result, "two") == "it costs too much");
  map.from = 2;
  BOOST_TEST(map.taken_by() == "nobody");
}

BOOST_AUTO_TEST_CASE(a_suppressed_address_and_a_region_without_providers_are_named) {
  Map map;
  map.contact("sms", "+33612345678");
  map.contacts[0].is_suppressed = true;
  map.contacts[0].suppressed_because = "STOP";
  map.contact("email", "a@b.example");
  const auto result = map.route();
  BOOST_TEST(!result.route.has_value());
  BOOST_TEST(!result.is_temporary);
  BOOST_TEST_REQUIRE(result.refusals.size() == 2u);
  BOOST_TEST(result.refusals[0].because == "the address is suppressed: STOP");
  BOOST_TEST(result.refusals[1].because == "the region has no provider for this channel");
}

BOOST_AUTO_TEST_CASE(weights_share_ten_thousand_keys_and_each_key_always_goes_the_same_way) {
  Map map;
  map.contact("sms", "+33612345678");
  const std::map<std::string, std::uint32_t> weights{{"a", 6}, {"b", 3}, {"c", 1}};
  for (const auto &[id, weight] : weights) {
    map.add(id, "sms", 0);
    map.entries.back()->weight = weight;
  }
  map.add("later", "sms", 1);
  constexpr int kKeys{10'000};
  std::map<std::string, int> shares;
  std::map<std::uint64_t, std::string> went;
  for (int i{0}; i < kKeys; ++i) {
    const auto key = route_key(1, i, 7, 2, 1);
    went[key] = map.taken_by(key);
    ++shares[went[key]];
    BOOST_TEST_REQUIRE(map.taken_by(key) == went[key]);
  }
  BOOST_TEST(went.size() == static_cast<std::size_t>(kKeys));  // no two debtors have one key
  BOOST_TEST(shares.count("later") == 0u);
  for (const auto &[id, weight] : weights) {
    const double expected{kKeys * weight / 10.0};
    // Four standard deviations of a fair draw.
    BOOST_TEST(std::abs(shares[id] - expected) < 4 * std::sqrt(expected), id << " took " << shares[id]);
  }
  // One that goes leaves its own share to the others, and moves nothing else.
  map.statuses[1]->is_paused = true;
  int moved{0};
  for (const auto &[key, id] : went)
    if (id != "b" && map.taken_by(key) != id) ++moved;
  BOOST_TEST(moved == 0);
}

BOOST_AUTO_TEST_CASE(a_key_differs_by_each_of_its_parts) {
  const auto key = route_key(1, 2, 3, 4, 5);
  BOOST_TEST(key == route_key(1, 2, 3, 4, 5));
  BOOST_TEST(key != route_key(2, 2, 3, 4, 5));
  BOOST_TEST(key != route_key(1, 3, 3, 4, 5));
  BOOST_TEST(key != route_key(1, 2, 4, 4, 5));
  BOOST_TEST(key != route_key(1, 2, 3, 5, 5));
  BOOST_TEST(key != route_key(1, 2, 3, 4, 6));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
