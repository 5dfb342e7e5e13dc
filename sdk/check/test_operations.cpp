// What else a message can be asked: query, recall, commit, quote, poll, evidence. Each ends once, and none
// says what the provider did not.
#include "sdk/check/test.hpp"

#include <thread>

namespace relance::check {
namespace {

struct Mood {
  Stage stage;
  Answer answer;
  bool has_answered;  ///< the provider said something that means something
};

std::vector<Mood> moods(const Profile &p) {
  return {{Stage::answer, p.found, true},
          {Stage::answer, p.not_found, true},
          {Stage::answer, p.unavailable, false},
          {Stage::answer, p.unauthorised, false},
          {Stage::answer, p.throttled, false},
          {Stage::garbage, p.found, false},
          {Stage::close_after_request, p.found, false},
          {Stage::refuse, p.found, false}};
}

/// The simulator treats every request alike: here there is no message.
void behave(Bench &bench, const Mood &mood) {
  bench.simulator().behave(mood.stage, mood.answer);
  bench.simulator().answer_others(mood.answer);
  bench.simulator().breaks_every_request(true);
}

void finish_operations(Bench &bench, Subject &subject) {
  bench.simulator().breaks_every_request(false);
  bench.simulator().behave(Stage::answer, bench.profile.accepted);
  subject.stop();
  if (!subject.wait_for_ends(stop_grace())) {
    for (const auto &name : subject.host().open_names())
      finding("stop() left this open: " + name, "stop() ends every token, of every operation", "R4");
    subject.host().end_the_rest();
  }
}

std::string in(const Mood &mood) {
  return std::string(", while ") + name_of(mood.stage) +
         (mood.stage == Stage::answer ? " with " + std::to_string(mood.answer.status) : "");
}

const char *kEndIt{
    "end the token when the answer comes, when the connection breaks, and when the answer makes no sense"};

}  // namespace

void query_ends(Bench &bench) {
  Profile all = bench.profile;
  auto subject = bench.started();
  if ((subject->capabilities() & (RELANCE_CAP_QUERY_BY_KEY | RELANCE_CAP_QUERY_BY_REF)) == 0)
    skip("this instance has no query, by its traits");
  const auto by_ref = (subject->capabilities() & RELANCE_CAP_QUERY_BY_REF) != 0;
  for (const auto &mood : moods(all)) {
    behave(bench, mood);
    const auto *end = subject->await(
        Operation::query,
        subject->query("rcquery-00000000000000000001",
                       by_ref ? std::vector<std::string>{"sim-1"} : std::vector<std::string>{}),
        end_patience());
    if (end == nullptr) {
      finding("a query never ended" + in(mood), kEndIt, "R4");
    } else if (bench.profile.protocol == "http" && end->outcome == RELANCE_OUT_NOT_FOUND &&
               (!mood.has_answered || mood.answer.status == all.found.status)) {
      finding("a query ended as NOT_FOUND" + in(mood),
              "NOT_FOUND lets the host send again: only when the provider itself says that it never had it; "
              "otherwise UNKNOWN",
              "RELANCE_OUT_NOT_FOUND");
    } else if (bench.profile.protocol == "http" && !mood.has_answered &&
               (end->outcome == RELANCE_OUT_ACCEPTED || end->outcome == RELANCE_OUT_DELIVERED ||
                end->outcome == RELANCE_OUT_REJECTED || end->outcome == RELANCE_OUT_NOT_SENT) &&
               bench.simulator().requests().size() + bench.simulator().connections() > 0) {
      finding("a query ended as " + name_of_outcome(end->outcome) + in(mood),
              "without an answer the query says UNKNOWN", "relance_query");
    }
  }
  subject->query("rcquery-00000000000000000002", {});
  finish_operations(bench, *subject);
}

void recall_ends(Bench &bench) {
  auto subject = bench.started();
  if ((subject->capabilities() & RELANCE_CAP_RECALL) == 0) skip("this instance has no recall, by its traits");
  auto list = moods(bench.profile);
  list[0].answer = bench.profile.recalled;
  for (const auto &mood : list) {
    behave(bench, mood);
    bench.simulator().forget();
    const auto token = subject->recall("rcrecall-0000000000000000001", {"sim-1"});
    const auto *end = subject->await(Operation::recall, token, end_patience());
    if (end == nullptr) {
      finding("a recall never ended" + in(mood), kEndIt, "R4");
    } else if (bench.profile.protocol == "http" && end->outcome == RELANCE_RECALL_CANCELLED &&
               (!mood.has_answered || mood.answer.status >= 300)) {
      finding("a recall ended as CANCELLED" + in(mood),
              "CANCELLED means that it will certainly not arrive, and the reminder then counts as not sent: "
              "only when the provider "
              "says so; otherwise UNKNOWN",
              "RELANCE_RECALL_CANCELLED");
    }
  }
  // Again after a restart of the host: the same wish twice.
  subject->recall("rcrecall-0000000000000000001", {"sim-1"});
  finish_operations(bench, *subject);
}

void commit_repeat(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  if ((subject->capabilities() & RELANCE_CAP_TWO_PHASE) == 0)
    skip("this instance has no second phase, by its traits");
  bench.simulator().behave(Stage::answer, bench.profile.accepted);
  const auto letter = bench.letters(1).front();
  const auto *end = subject->await(Operation::submit, subject->submit_now({letter}).front(), end_patience());
  if (end == nullptr) abandon("submit never ended", kEndIt, "R4");
  if (end->outcome != RELANCE_OUT_PREPARED)
    skip("submit ended as " + name_of_outcome(end->outcome) + ", not as PREPARED");
  const auto refs = end->refs;
  const auto wall = subject->host().wall_ms();
  bench.simulator().forget();
  const auto late = subject->commit(letter.idempotency_key, refs, wall - 1'000);
  const auto *too_late = subject->await(Operation::commit, late, end_patience());
  if (too_late != nullptr && too_late->outcome != RELANCE_OUT_NOT_SENT)
    finding("a commit whose not_after had passed ended as " + name_of_outcome(too_late->outcome),
            "compare not_after_ms with host->wall_ms() before the first byte, for a commit as for a message",
            "relance_commit.not_after_ms");
  std::uint32_t first{0};
  for (int i{0}; i < 3; ++i) {
    const auto *done = subject->await(
        Operation::commit, subject->commit(i == 2 ? "" : letter.idempotency_key, refs, wall + 60'000),
        end_patience());
    if (done == nullptr) {
      finding("commit number " + std::to_string(i + 1) + " of the same draft never ended", kEndIt, "R4");
    } else if (i == 0) {
      first = done->outcome;
    } else if (done->outcome == RELANCE_OUT_REJECTED && first == RELANCE_OUT_ACCEPTED) {
      finding("a repeated commit ended as REJECTED, the first as ACCEPTED",
              "repeating it does no harm: what is released already is ACCEPTED", "relance_commit");
    }
  }
  for (const auto stage : {Stage::refuse, Stage::close_after_request}) {
    bench.simulator().behave(stage, bench.profile.accepted);
    const auto *done =
        subject->await(Operation::commit, subject->commit(letter.idempotency_key, refs), end_patience());
    if (done == nullptr) finding(std::string("a commit never ended, while ") + name_of(stage), kEndIt, "R4");
    if (done != nullptr && stage == Stage::close_after_request && done->outcome == RELANCE_OUT_NOT_SENT)
      finding(std::string("a commit ended as NOT_SENT, while ") + name_of(stage),
              "the draft may be released: UNKNOWN", "RELANCE_OUT_UNKNOWN");
  }
  bench.simulator().behave(Stage::answer, bench.profile.accepted);
  for (const auto &which : {refs, refs, std::vector<std::string>{"sim-never"}}) {
    const auto *gone =
        subject->await(Operation::discard, subject->discard(letter.idempotency_key, which), end_patience());
    if (gone == nullptr) finding("a discard never ended", kEndIt, "R4");
  }
  bench.simulator().behave(Stage::close_after_request, bench.profile.accepted);
  bench.simulator().breaks_every_request(true);
  bench.simulator().forget();
  const auto *lost =
      subject->await(Operation::discard, subject->discard(letter.idempotency_key, refs), end_patience());
  if (lost == nullptr) {
    finding(std::string("a discard never ended, while ") + name_of(Stage::close_after_request), kEndIt, "R4");
  } else if (bench.profile.protocol == "http" && lost->outcome == RELANCE_DISCARD_GONE &&
             !bench.simulator().requests().empty()) {
    finding("a discard ended as GONE without an answer of the provider",
            "GONE only when the provider says so; without an answer UNKNOWN", "RELANCE_DISCARD_GONE");
  }
  finish_operations(bench, *subject);
}

void quote_pure(Bench &bench) {
  auto subject = bench.started();
  if ((subject->capabilities() & RELANCE_CAP_QUOTE) == 0) skip("this instance has no quote, by its traits");
  subject->pump_for(Milliseconds(50));
  bench.simulator().forget();
  auto letters = bench.letters(3);
  letters[1].parts.clear();
  for (auto &part : letters[2].parts)
    if (part.media_type.starts_with("text/")) part.bytes = std::string(2'000, 'x') + "\xe2\x82\xac";
  for (const auto &letter : letters) {
    const auto one = subject->quote(letter), again = subject->quote(letter);
    if (one.reports != 1)
      finding("quote() reported " + std::to_string(one.reports) + " times", "exactly once, before it returns",
              "relance_quote_sink");
    if (one.said != again.said)
      finding("quote() said \"" + one.said + "\", then \"" + again.said + "\" of the same message",
              "compute it from the message and the settings alone", "relance_plugin.quote");
  }
  std::thread([&] { static_cast<void>(subject->quote(letters[0])); }).join();
  subject->pump_for(Milliseconds(100));
  if (bench.simulator().connections() != 0 || !bench.simulator().requests().empty())
    finding("quote() asked the provider", "a quote is computed, never asked over the network",
            "relance_plugin.quote");
  finish_operations(bench, *subject);
}

void poll_ends(Bench &bench) {
  auto subject = bench.started();
  if ((subject->capabilities() & RELANCE_CAP_POLL) == 0) skip("this instance has no poll, by its traits");
  std::string cursor;
  auto list = moods(bench.profile);
  list[0].answer = bench.profile.polled;
  list.insert(list.begin(), {Stage::answer, bench.profile.polled, true});
  for (const auto &mood : list) {
    behave(bench, mood);
    bench.simulator().forget();
    const auto *end = subject->await(Operation::poll, subject->poll(cursor), end_patience());
    if (end == nullptr) {
      finding("a poll never ended" + in(mood), kEndIt, "R4");
      continue;
    }
    const bool has_asked{bench.simulator().connections() > 0 || !bench.simulator().requests().empty()};
    if (mood.stage == Stage::close_after_request && end->outcome == 0 && has_asked &&
        bench.profile.protocol == "http")
      finding("a poll ended without an error" + in(mood),
              "set `error`, so that the old cursor stays and the host asks again: what was not read is lost "
              "otherwise",
              "relance_polled.error");
    if (end->outcome == 0) cursor = end->cursor;
  }
  behave(bench, list.front());
  const auto items = subject->host().taken();
  for (const auto &item : items)
    if (item.token == 0)
      finding("an inbound item has the token 0", "tokens begin at 1", "relance_inbound.token");
  if (items.size() < bench.profile.polled_items)
    finding("polls brought " + std::to_string(items.size()) + " raw items, the profile says at least " +
                std::to_string(bench.profile.polled_items),
            "each item goes through inbound() before polled() ends the poll", "relance_poll");
  finish_operations(bench, *subject);
}

void evidence_ends(Bench &bench) {
  auto subject = bench.started();
  const auto reference =
      bench.profile.evidence_reference.empty() ? "unknown-reference" : bench.profile.evidence_reference;
  for (const auto &mood : moods(bench.profile)) {
    behave(bench, mood);
    const auto token = subject->fetch(reference);
    if (token == 0) {
      finding("the driver has RELANCE_CAP_EVIDENCE, but extension(\"" RELANCE_EVIDENCE_ID
              "\") has no fetch()",
              "answer the id with a relance_evidence_source", "relance/evidence.h");
      break;
    }
    const auto *end = subject->await(Operation::fetch, token, end_patience());
    if (end == nullptr) {
      finding("a fetch of evidence never ended" + in(mood), kEndIt, "R4");
    } else if (bench.profile.protocol == "http" && !mood.has_answered &&
               end->outcome == RELANCE_FETCHED_GONE) {
      finding("a fetch ended as GONE" + in(mood),
              "GONE ends the search for a proof: only when the provider says so; else RETRY",
              "RELANCE_FETCHED_GONE");
    }
  }
  finish_operations(bench, *subject);
}

}  // namespace relance::check
