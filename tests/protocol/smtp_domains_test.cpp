// The gates of recipients' domains, at times that the test chooses.
#include "plugins/protocol/smtp/domain_gates.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

namespace relance::smtp {
namespace {

using Clock = DomainGates::Clock;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Pass = DomainGates::Pass;

const Clock::time_point kStart{std::chrono::hours{1000}};

Outcome accepted() {
  Outcome outcome;
  outcome.verdict = Verdict::accepted;
  outcome.stage = Stage::end_of_data;
  outcome.reply.code = 250;
  return outcome;
}
Outcome refused(std::uint16_t code, EnhancedStatus status, std::string text, Stage stage = Stage::rcpt) {
  Outcome outcome;
  outcome.verdict = Verdict::not_sent;
  outcome.stage = stage;
  outcome.reply = {code, status, std::move(text)};
  return outcome;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smtp_domains_test)

BOOST_AUTO_TEST_CASE(a_rule_takes_its_domains_together_and_a_star_each_by_itself) {
  DomainGates gates{{{{"gmail.com", "GoogleMail.com"}, 1, 0}, {{"*.hosted.example"}, 1, 0}, {{"*"}, 1, 0}},
                    100};
  auto pass = [&, id = std::uint64_t{0}](const char *domain) mutable {
    return gates.offer(++id, domain, kStart).pass;
  };
  BOOST_CHECK(pass("gmail.com") == Pass::now);
  BOOST_CHECK(pass("googlemail.com") == Pass::wait);
  BOOST_CHECK(pass("a.hosted.example") == Pass::now);
  BOOST_CHECK(pass("b.c.hosted.example") == Pass::wait);
  BOOST_CHECK(pass("hosted.example") == Pass::now);  // the star's
  BOOST_CHECK(pass("other.example") == Pass::now);
  BOOST_CHECK(pass("other.example") == Pass::wait);
  DomainGates without_star{{{{"gmail.com"}, 1, 0}}, 100};
  BOOST_CHECK(without_star.offer(1, "other.example", kStart).pass == Pass::free);
}

BOOST_AUTO_TEST_CASE(no_minute_sees_more_than_its_rate_and_a_burst) {
  std::mt19937 random{1};
  for (const std::size_t per_minute : {1u, 7u, 60u, 600u}) {
    DomainGates gates{{{{"d.example"}, 0, per_minute}}, 1000};
    std::vector<Clock::time_point> left;
    std::uint64_t id{0};
    for (auto now = kStart; now < kStart + seconds{400}; now += milliseconds{random() % 100}) {
      if (gates.offer(++id, "d.example", now).pass == Pass::now) left.push_back(now);
      for (const auto &released : gates.release(now))
        if (released.may_go) left.push_back(now);
    }
    const auto burst = std::max<std::size_t>(per_minute / 60, 1);
    for (std::size_t first{0}; first < left.size(); ++first) {
      std::size_t count{0};
      while (first + count < left.size() && left[first + count] - left[first] < seconds{60}) ++count;
      BOOST_REQUIRE_LE(count, per_minute + burst);
    }
    // Nor is it held to less.
    BOOST_TEST(left.size() + per_minute >= per_minute * 400 / 60, per_minute << ": " << left.size());
  }
}

BOOST_AUTO_TEST_CASE(what_would_wait_long_or_takes_others_room_comes_back_with_its_time) {
  DomainGates rate{{{{"d.example"}, 0, 2}}, 100};
  BOOST_CHECK(rate.offer(1, "d.example", kStart).pass == Pass::now);
  const auto later = rate.offer(2, "d.example", kStart);
  BOOST_CHECK(later.pass == Pass::later);
  BOOST_TEST(later.retry_after.count() == 30'000);
  DomainGates busy{{{{"d.example", "e.example"}, 1, 0}}, 4};
  BOOST_CHECK(busy.offer(1, "d.example", kStart).pass == Pass::now);
  BOOST_CHECK(busy.offer(2, "d.example", kStart).pass == Pass::wait);
  BOOST_CHECK(busy.offer(3, "d.example", kStart).pass == Pass::wait);
  const auto crowded = busy.offer(4, "e.example", kStart);
  BOOST_CHECK(crowded.pass == Pass::later);
  BOOST_TEST(crowded.retry_after.count() > 0);
  BOOST_CHECK(busy.next_release() == Clock::time_point::max());  // an answer must come first
  busy.ended("d.example", accepted(), kStart);
  const auto released = busy.release(kStart);
  BOOST_REQUIRE_EQUAL(released.size(), 1u);
  BOOST_TEST(released[0].id == 2u);
  busy.forget(3);
  busy.ended("d.example", accepted(), kStart);
  BOOST_TEST(busy.release(kStart).empty());
}

BOOST_AUTO_TEST_CASE(a_crowd_that_is_sent_away_comes_back_one_by_one_and_all_get_through) {
  // A host with a thousand mails for one domain, which offers each again when it was told to.
  for (const DomainRule &rule : {DomainRule{{"d.example"}, 0, 60}, DomainRule{{"d.example"}, 4, 0}}) {
    constexpr std::uint64_t kMails{1000};
    DomainGates gates{{rule}, 32};
    std::multimap<Clock::time_point, std::uint64_t> due;
    for (std::uint64_t id{1}; id <= kMails; ++id) due.emplace(kStart, id);
    std::multimap<Clock::time_point, int> under_way;
    std::size_t offers{0};
    std::size_t done{0};
    for (auto now = kStart; done < kMails && now < kStart + std::chrono::hours{5}; now += milliseconds{100}) {
      const auto went = [&] { under_way.emplace(now + milliseconds{500}, 0); };
      while (!under_way.empty() && under_way.begin()->first <= now) {
        gates.ended("d.example", accepted(), now);
        under_way.erase(under_way.begin());
        ++done;
      }
      for (const auto &released : gates.release(now))
        if (released.may_go) went();
      while (!due.empty() && due.begin()->first <= now) {
        const auto id = due.begin()->second;
        due.erase(due.begin());
        ++offers;
        const auto admission = gates.offer(id, "d.example", now);
        if (admission.pass == Pass::now) went();
        if (admission.pass == Pass::later) due.emplace(now + admission.retry_after, id);
      }
    }
    BOOST_TEST(done == kMails);
    BOOST_TEST(offers < 3 * kMails, offers << " offers");
  }
}

BOOST_AUTO_TEST_CASE(slow_down_pauses_the_domain_longer_each_time_until_a_mail_is_taken) {
  DomainGates gates{{{{"*"}, 10, 0}}, 100};
  const auto slow = refused(421, {4, 7, 28}, "unusual rate of mail");
  auto now = kStart;
  for (const int expected_s : {60, 120, 240, 480, 900, 900}) {
    BOOST_CHECK(gates.offer(1, "d.example", now).pass == Pass::now);
    BOOST_CHECK(gates.offer(2, "d.example", now).pass == Pass::now);
    gates.ended("d.example", slow, now);
    gates.ended("d.example", slow, now);  // of the same moment: one wish
    const auto held = gates.offer(3, "d.example", now);
    BOOST_CHECK(held.pass == Pass::later);
    BOOST_TEST(held.retry_after.count() == expected_s * 1000);
    BOOST_CHECK(gates.offer(4, "other.example", now).pass == Pass::now);
    gates.ended("other.example", accepted(), now);
    now += held.retry_after;
  }
  BOOST_CHECK(gates.offer(5, "d.example", now).pass == Pass::now);
  gates.ended("d.example", accepted(), now);
  BOOST_CHECK(gates.offer(6, "d.example", now).pass == Pass::now);
  gates.ended("d.example", slow, now);
  BOOST_TEST(gates.offer(7, "d.example", now).retry_after.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(what_waits_when_a_pause_begins_does_not_wait_for_its_end) {
  DomainGates gates{{{{"d.example"}, 1, 0}}, 100};
  BOOST_CHECK(gates.offer(1, "d.example", kStart).pass == Pass::now);
  BOOST_CHECK(gates.offer(2, "d.example", kStart).pass == Pass::wait);
  gates.ended("d.example", refused(450, {4, 7, 0}, "too many connections, wait 90 seconds"), kStart);
  const auto released = gates.release(kStart);
  BOOST_REQUIRE_EQUAL(released.size(), 1u);
  BOOST_TEST(!released[0].may_go);
  BOOST_TEST(released[0].retry_after.count() == 90'000);
}

BOOST_AUTO_TEST_CASE(greylisting_is_about_one_mail_and_slow_down_about_all) {
  struct Case {
    std::uint16_t code;
    EnhancedStatus status;
    const char *text;
    bool is_slow, is_grey;
    std::int64_t wait_ms;
  };
  for (const auto &one :
       {Case{451, {4, 7, 1}, "Greylisting in action, please come back in 00:05:00", false, true, 0},
        Case{450,
             {4, 2, 0},
             "Recipient address rejected: Greylisted, see http://x/help/d.html",
             false,
             true,
             0},
        Case{451, {4, 7, 1}, "Greylisted, try again in 300 seconds", false, true, 300'000},
        Case{421, {4, 7, 0}, "Try again later, closing connection", true, false, 0},
        Case{450, {4, 7, 28}, "Our system has detected an unusual rate", true, false, 0},
        Case{452, {4, 5, 3}, "Too many recipients", false, false, 0},
        Case{451, {}, "Rate limited; retry after 10 minutes", true, false, 600'000},
        Case{451, {}, "come back in 7 days or 99999999 minutes", false, false, 3'600'000},
        Case{452, {4, 2, 2}, "mailbox full", false, false, 0},
        Case{550, {5, 7, 1}, "too many messages, blocked", false, false, 0}}) {
    const Reply reply{one.code, one.status, one.text};
    BOOST_TEST_CONTEXT(one.text) {
      BOOST_TEST(asks_to_slow_down(reply) == one.is_slow);
      BOOST_TEST(is_greylisted(reply) == one.is_grey);
      BOOST_TEST(stated_wait_ms(one.text) == one.wait_ms);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::smtp
