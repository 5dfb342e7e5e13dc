// The receipt algebra: order and repeats change nothing.
#include "host/domain/receipt.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <rapidcheck.h>
#include <vector>

namespace relance::domain {
namespace {

rc::Gen<DeliveryState> any_state() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 15), rc::gen::inRange(0, 5)),
                      [](const std::pair<int, int> &numbers) {
                        return DeliveryState{static_cast<ReceiptKind>(numbers.first),
                                             static_cast<FailureClass>(numbers.second)};
                      });
}

DeliveryState fold(const std::vector<DeliveryState> &states) {
  DeliveryState state;
  for (const auto &next : states) state = join(state, next);
  return state;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(receipt_test)

BOOST_AUTO_TEST_CASE(any_permutation_of_receipts_with_repeats_ends_in_one_state) {
  BOOST_TEST(rc::check([] {
    auto states = *rc::gen::container<std::vector<DeliveryState>>(any_state());
    const auto once = fold(states);
    auto shuffled = states;
    for (const auto &state : states)
      if (*rc::gen::arbitrary<bool>()) shuffled.push_back(state);
    std::mt19937 chance{*rc::gen::arbitrary<std::uint32_t>()};
    std::shuffle(shuffled.begin(), shuffled.end(), chance);
    RC_ASSERT(fold(shuffled) == once);
  }));
}

BOOST_AUTO_TEST_CASE(join_is_associative_commutative_and_idempotent) {
  BOOST_TEST(rc::check([] {
    const auto a = *any_state(), b = *any_state(), c = *any_state();
    RC_ASSERT(join(join(a, b), c) == join(a, join(b, c)));
    RC_ASSERT(join(a, b) == join(b, a));
    RC_ASSERT(join(join(a, b), b) == join(a, b));
  }));
}

BOOST_AUTO_TEST_CASE(a_later_bounce_outweighs_a_delivery_and_reading_outweighs_both) {
  const DeliveryState delivered{ReceiptKind::delivered},
      bounced{ReceiptKind::failed, FailureClass::address_dead}, read{ReceiptKind::read};
  BOOST_TEST((join(delivered, bounced) == bounced));
  BOOST_TEST((join(bounced, read) == read));
}

BOOST_AUTO_TEST_CASE(a_dead_address_outweighs_a_full_mailbox_and_a_complaint_says_nothing_of_delivery) {
  const DeliveryState full{ReceiptKind::failed, FailureClass::temporary},
      dead{ReceiptKind::failed, FailureClass::address_dead};
  BOOST_TEST((join(full, dead) == dead));
  BOOST_TEST((join(full, {ReceiptKind::complaint}) == full));
}

BOOST_AUTO_TEST_CASE(what_was_expected_is_answered_by_it_by_more_or_by_a_failure) {
  struct Row {
    ReceiptKind said, expected;
    bool is_answer;
  };
  for (const auto &row : {Row{ReceiptKind::interim, ReceiptKind::delivered, false},
                          Row{ReceiptKind::accepted, ReceiptKind::delivered, false},
                          Row{ReceiptKind::dispatched, ReceiptKind::dispatched, true},
                          Row{ReceiptKind::available, ReceiptKind::delivered, false},
                          Row{ReceiptKind::delivered, ReceiptKind::delivered, true},
                          Row{ReceiptKind::read, ReceiptKind::delivered, true},
                          Row{ReceiptKind::delivered, ReceiptKind::read, false},
                          Row{ReceiptKind::failed, ReceiptKind::read, true},
                          Row{ReceiptKind::unclaimed, ReceiptKind::accepted_by_addressee, true},
                          Row{ReceiptKind::relayed, ReceiptKind::delivered, false}})
    BOOST_TEST(answers({row.said, {}}, row.expected) == row.is_answer, name_of(row.said) << " / " << name_of(row.expected));
}

BOOST_AUTO_TEST_CASE(a_message_is_delivered_with_its_last_part_and_failed_with_its_first) {
  const DeliveryState delivered{ReceiptKind::delivered}, waiting{ReceiptKind::interim},
      failed{ReceiptKind::failed};
  const DeliveryState half[]{delivered, waiting}, whole[]{delivered, delivered},
      broken[]{delivered, failed, waiting};
  BOOST_TEST((aggregate(half) == waiting));
  BOOST_TEST((aggregate(whole) == delivered));
  BOOST_TEST((aggregate(broken) == failed));
  BOOST_TEST((aggregate({}) == waiting));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::domain
