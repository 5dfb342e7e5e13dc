// The provider in every mood: what one message ends as, held against what the provider saw of it.
#include "sdk/check/test.hpp"

#include <algorithm>
#include <thread>

namespace relance::check {
namespace {

constexpr const char *kTwice{
    "may be sent twice: NOT_SENT promises that nothing which could be acted on has left. When any byte of "
    "the content has left and no answer came, say UNKNOWN"};
constexpr const char *kClaims{
    "nobody said so: without a whole answer of the provider the message is in doubt, say UNKNOWN"};
constexpr const char *kSlow{
    "no byte left, so nothing is in doubt: NOT_SENT lets the host try again at once, UNKNOWN makes it wait "
    "and a person look"};

bool took(std::uint32_t outcome) {
  return outcome == RELANCE_OUT_ACCEPTED || outcome == RELANCE_OUT_DELIVERED ||
         outcome == RELANCE_OUT_PREPARED;
}

/// One message while the provider behaves so: how it ended.
const End *one_message(Bench &bench, Subject &subject, Stage stage, const Answer &answer,
                       bool until_stop = false) {
  bench.simulator().behave(stage, answer);
  bench.simulator().forget();
  subject.wait_for_credit(Milliseconds(2'000));
  const auto tokens = subject.submit_now(bench.letters(1));
  const auto patience = until_stop ? Milliseconds(300) : end_patience();
  const auto *end = subject.await(Operation::submit, tokens.front(), patience);
  if (end == nullptr && !until_stop)
    finding(std::string("the message's token did not end within ") + std::to_string(patience.count()) +
                " ms, while " + name_of(stage),
            "a lost connection ends what was under way on it, now", "R4");
  return end;
}

std::string said(const End &end, Stage stage, int status = 0) {
  return "the message ended as " + name_of_outcome(end.outcome) +
         (end.code.empty() ? "" : " (" + end.code + ")") + ", while " + name_of(stage) +
         (status == 0 ? "" : " with " + std::to_string(status));
}

/// It has to be in doubt: the provider may have it.
void must_be_unknown(const End *end, Stage stage) {
  if (end == nullptr || end->outcome == RELANCE_OUT_UNKNOWN) return;
  finding(said(*end, stage), end->outcome == RELANCE_OUT_NOT_SENT ? kTwice : kClaims, "RELANCE_OUT_UNKNOWN");
}

void must_be_not_sent(const End *end, Stage stage, const char *why) {
  if (end == nullptr || end->outcome == RELANCE_OUT_NOT_SENT) return;
  finding(said(*end, stage),
          end->outcome == RELANCE_OUT_UNKNOWN ? why
          : took(end->outcome)                ? kClaims
                               : "REJECTED is about this message and address; a provider that cannot be "
                                 "reached is neither: NOT_SENT",
          "RELANCE_OUT_NOT_SENT");
}

/// However often something fails, the message goes out once.
void must_be_single(Bench &bench, Stage stage) {
  const auto count = bench.simulator().messages().size();
  if (count > 1)
    finding("one message was sent " + std::to_string(count) + " times, while " + name_of(stage),
            "never send again by yourself, and do not let a library do it: the host decides, with the "
            "provider's promises at hand. "
            "A pooled connection that died is where libraries resend in silence",
            "R4");
}

void finish_provider(Bench &bench, Subject &subject) {
  bench.simulator().behave(Stage::answer, bench.profile.accepted);
  subject.stop();
  if (!subject.wait_for_ends(stop_grace())) {
    finding("a token is still open after stop()", "stop() ends every token", "R4");
    subject.host().end_the_rest();
  }
}

bool is_any(std::uint32_t outcome, std::initializer_list<std::uint32_t> list) {
  return std::find(list.begin(), list.end(), outcome) != list.end();
}

}  // namespace

void provider_accepted(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  const auto *end = one_message(bench, *subject, Stage::answer, bench.profile.accepted);
  must_be_single(bench, Stage::answer);
  const auto messages = bench.simulator().messages();
  if (end != nullptr && messages.empty()) {
    finding("no request of the plugin carried a message; it ended as " + name_of_outcome(end->outcome) +
                (end->code.empty() ? "" : " (" + end->code + ": " + end->text + ")"),
            "let the settings of the profile lead to the simulator, and say in \"message_request\" which "
            "request carries the "
            "message; a plugin with a protocol of its own says \"protocol\": \"none\"",
            "relance-check");
  } else if (end != nullptr && !took(end->outcome)) {
    // Without a stated answer the plugin may not have understood ours.
    if (bench.profile.accepted.is_stated || end->outcome != RELANCE_OUT_UNKNOWN)
      finding(said(*end, Stage::answer, bench.profile.accepted.status),
              "say in the profile's \"answers\" what your provider answers to what it accepts, or correct "
              "how it is read",
              "RELANCE_OUT_ACCEPTED");
  }
  if (end != nullptr && end->outcome == RELANCE_OUT_PREPARED && bench.plugin->commit != nullptr) {
    const auto refs = end->refs;
    const auto key = std::string("rc");
    const auto *done = subject->await(Operation::commit, subject->commit(key, refs), end_patience());
    if (done == nullptr)
      finding("the commit of a prepared message never ended", "end its token with complete()", "R4");
  }
  finish_provider(bench, *subject);
}

void provider_refused(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  for (int i{0}; i < 2; ++i)
    must_be_not_sent(one_message(bench, *subject, Stage::refuse, bench.profile.accepted), Stage::refuse,
                     kSlow);
  // And it comes back: the plugin finds its way again.
  bench.simulator().behave(Stage::answer, bench.profile.accepted);
  for (int i{0}; i < 4; ++i) {
    const auto *end = one_message(bench, *subject, Stage::answer, bench.profile.accepted);
    if (end == nullptr || took(end->outcome)) break;
    if (i == 3)
      note("three messages after the provider came back, one still ended as " +
           name_of_outcome(end->outcome) +
           (end->retry_after_ms != 0 ? " with a pause of " + std::to_string(end->retry_after_ms) + " ms"
                                     : ""));
    subject->pump_for(Milliseconds(200));
  }
  finish_provider(bench, *subject);
}

void provider_rejected(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  const auto &p = bench.profile;
  for (const int status : {p.rejected.status, 403, 404, 422}) {
    auto answer = p.rejected;
    answer.status = status;
    const auto *end = one_message(bench, *subject, Stage::answer, answer);
    must_be_single(bench, Stage::answer);
    if (end != nullptr && took(end->outcome))
      finding(said(*end, Stage::answer, status), "look at the status before the body: 4xx is no acceptance",
              "RELANCE_OUT_ACCEPTED");
    if (end != nullptr && p.rejected.is_stated && status == p.rejected.status &&
        end->outcome != RELANCE_OUT_REJECTED)
      finding(said(*end, Stage::answer, status),
              "the profile says that this answer rejects the message: end it as REJECTED",
              "RELANCE_OUT_REJECTED");
  }
  if (p.protocol != "http") return finish_provider(bench, *subject);
  const auto *end = one_message(bench, *subject, Stage::answer, p.unauthorised);
  must_be_single(bench, Stage::answer);
  if (end != nullptr && (took(end->outcome) || end->outcome == RELANCE_OUT_REJECTED))
    finding(said(*end, Stage::answer, p.unauthorised.status),
            "a wrong password is the operator's, not the addressee's: NOT_SENT with "
            "RELANCE_FAIL_CONFIGURATION, the flag "
            "WHOLE_INSTANCE, and health(down); REJECTED would mark the address as bad",
            "RELANCE_OUT_REJECTED");
  finish_provider(bench, *subject);
}

void provider_throttled(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  const auto &answer = bench.profile.throttled;
  const auto *end = one_message(bench, *subject, Stage::answer, answer);
  must_be_single(bench, Stage::answer);
  if (end != nullptr && end->outcome == RELANCE_OUT_UNKNOWN && !answer.is_stated) {
    note(
        "a throttled message is in doubt: where the manual of your provider promises that 429 takes nothing, "
        "end it as NOT_SENT, and state the answer \"throttled\" in the profile");
  } else if (end != nullptr && end->outcome != RELANCE_OUT_NOT_SENT) {
    finding(
        said(*end, Stage::answer, answer.status),
        "a provider that says \"too many\" has not taken the message: NOT_SENT, so that it goes out later",
        "RELANCE_OUT_NOT_SENT");
  }
  std::int64_t asked{0};
  for (const auto &[name, value] : answer.headers)
    if (name == "retry-after") asked = std::atoll(value.c_str()) * 1'000;
  if (end != nullptr && end->outcome == RELANCE_OUT_NOT_SENT && asked > 0 &&
      bench.profile.protocol == "http" &&
      (end->retry_after_ms < asked - 1'000 || end->retry_after_ms > asked * 4))
    finding("the provider asked for a pause of " + std::to_string(asked) + " ms, retry_after_ms is " +
                std::to_string(end->retry_after_ms),
            "hand Retry-After on in retry_after_ms (seconds there, milliseconds here), with WHOLE_INSTANCE "
            "when it holds for all",
            "relance_result.retry_after_ms");
  finish_provider(bench, *subject);
}

void provider_error(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  for (const int status : {bench.profile.unavailable.status, 502, 503}) {
    auto answer = bench.profile.unavailable;
    answer.status = status;
    const auto *end = one_message(bench, *subject, Stage::answer, answer);
    must_be_single(bench, Stage::answer);
    if (end == nullptr) continue;
    if (took(end->outcome) || end->outcome == RELANCE_OUT_REJECTED)
      finding(said(*end, Stage::answer, status),
              took(end->outcome) ? kClaims : "5xx says nothing about the message: it is not final",
              "RELANCE_OUT_UNKNOWN");
    // SMTP's 4yz is a promise that nothing was taken; HTTP's 500 promises nothing, unless the provider's
    // manual does.
    if (end->outcome == RELANCE_OUT_NOT_SENT && status == 500 && bench.profile.protocol == "http" &&
        !bench.profile.unavailable.is_stated)
      finding(said(*end, Stage::answer, status),
              std::string(kTwice) +
                  "; where the manual of your provider promises that 500 takes nothing, state the answer "
                  "\"unavailable\" in the profile",
              "RELANCE_OUT_UNKNOWN");
  }
  finish_provider(bench, *subject);
}

void provider_reset(Bench &bench) {
  bench.needs_simulator();
  for (const auto stage : {Stage::reset_at_accept, Stage::reset_in_request, Stage::reset_after_request,
                           Stage::close_after_request}) {
    auto subject = bench.started();
    // Before it, one that goes well: so that a pooled connection is there to die.
    one_message(bench, *subject, Stage::answer, bench.profile.accepted);
    const auto *end = one_message(bench, *subject, stage, bench.profile.accepted);
    must_be_single(bench, stage);
    if (stage == Stage::reset_at_accept) {
      if (end != nullptr && !is_any(end->outcome, {RELANCE_OUT_NOT_SENT, RELANCE_OUT_UNKNOWN}))
        finding(said(*end, stage), kClaims, "RELANCE_OUT_UNKNOWN");
    } else {
      must_be_unknown(end, stage);
    }
    finish_provider(bench, *subject);
  }
}

void provider_cut(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  must_be_unknown(one_message(bench, *subject, Stage::cut_in_head, bench.profile.accepted),
                  Stage::cut_in_head);
  must_be_single(bench, Stage::cut_in_head);
  const auto *end = one_message(bench, *subject, Stage::cut_in_body, bench.profile.accepted);
  must_be_single(bench, Stage::cut_in_body);
  // Its status came: who needs nothing of the body may believe it.
  if (end != nullptr && is_any(end->outcome, {RELANCE_OUT_NOT_SENT, RELANCE_OUT_REJECTED}))
    finding(said(*end, Stage::cut_in_body), end->outcome == RELANCE_OUT_NOT_SENT ? kTwice : kClaims,
            "RELANCE_OUT_UNKNOWN");
  finish_provider(bench, *subject);
}

void provider_silent(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  bench.simulator().behave(Stage::silent, bench.profile.accepted);
  bench.simulator().forget();
  const auto tokens = subject->submit_now(bench.letters(1));
  subject->pump_until(
      [&] {
        const auto messages = bench.simulator().messages();
        return !messages.empty() && messages.front().is_whole;
      },
      end_patience());
  if (bench.simulator().messages().empty())
    skip("no request of the plugin carried the message (see provider.accepted)");
  subject->stop();
  const auto *end = subject->await(Operation::submit, tokens.front(), stop_grace());
  if (end == nullptr)
    finding("stop() did not end a message whose answer never came",
            "give the connection up and end the token as UNKNOWN", "R4");
  must_be_unknown(end, Stage::silent);
  must_be_single(bench, Stage::silent);
  subject->host().end_the_rest();
}

void provider_slow(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  const auto *end = one_message(bench, *subject, Stage::drip, bench.profile.accepted);
  must_be_single(bench, Stage::drip);
  if (end != nullptr && is_any(end->outcome, {RELANCE_OUT_NOT_SENT, RELANCE_OUT_REJECTED}))
    finding(said(*end, Stage::drip), end->outcome == RELANCE_OUT_NOT_SENT ? kTwice : kClaims,
            "RELANCE_OUT_UNKNOWN");
  if (end != nullptr && bench.profile.accepted.is_stated && !took(end->outcome))
    finding(said(*end, Stage::drip), "an answer may come in many pieces: read on until it is whole",
            "RELANCE_OUT_ACCEPTED");
  finish_provider(bench, *subject);
}

void provider_garbage(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  must_be_unknown(one_message(bench, *subject, Stage::garbage, bench.profile.accepted), Stage::garbage);
  must_be_single(bench, Stage::garbage);
  // A status of success with a body that says nothing.
  auto empty = bench.profile.accepted;
  empty.body = "<html>maintenance</html>";
  const auto *end = one_message(bench, *subject, Stage::answer, empty);
  if (end != nullptr && bench.profile.protocol == "http" &&
      is_any(end->outcome, {RELANCE_OUT_NOT_SENT, RELANCE_OUT_REJECTED}))
    finding(said(*end, Stage::answer, empty.status) + " and a body that is not the provider's",
            end->outcome == RELANCE_OUT_NOT_SENT ? kTwice : kClaims, "RELANCE_OUT_UNKNOWN");
  finish_provider(bench, *subject);
}

void provider_tls(Bench &bench) {
  bench.needs_simulator();
  if (bench.profile.settings_json.find("${simulator_url}") == std::string::npos)
    skip("the settings have no ${simulator_url} whose scheme could become https");
  Simulator untrusted(bench.profile, true);
  auto subject =
      bench.subject({.settings = bench.settings({"127.0.0.1", untrusted.port(), "https", bench.folder()})});
  if (subject->create() != RELANCE_OK || subject->start() != RELANCE_OK)
    skip("the settings with an https URL are refused");
  subject->wait_for_credit(Milliseconds(2'000));
  const auto tokens = subject->submit_now(bench.letters(1));
  const auto *end = subject->await(Operation::submit, tokens.front(), end_patience());
  if (untrusted.bytes_received() != 0)
    finding("it went on talking to a server whose certificate nobody has signed (" +
                std::to_string(untrusted.bytes_received()) + " bytes)",
            "verify certificate and host name; a setting may name a CA file, none may be the way to turn it "
            "off in silence",
            "relance_plugin.submit");
  if (end != nullptr && end->outcome != RELANCE_OUT_NOT_SENT && untrusted.bytes_received() == 0)
    finding("the message ended as " + name_of_outcome(end->outcome) + " where TLS did not come about",
            end->outcome == RELANCE_OUT_UNKNOWN ? kSlow : kClaims, "RELANCE_OUT_NOT_SENT");
  subject->stop();
  if (!subject->wait_for_ends(stop_grace())) {
    finding("a token is still open after stop()", "stop() ends every token", "R4");
    subject->host().end_the_rest();
  }
}

void provider_resend(Bench &bench) {
  bench.needs_simulator();
  // A pooled connection on which one message went well, and which dies when the next was read whole.
  for (int round{0}; round < 3; ++round) {
    auto subject = bench.started();
    for (int i{0}; i < 3; ++i) one_message(bench, *subject, Stage::answer, bench.profile.accepted);
    const auto stage = round == 0   ? Stage::close_after_request
                       : round == 1 ? Stage::reset_after_request
                                    : Stage::cut_in_head;
    const auto *end = one_message(bench, *subject, stage, bench.profile.accepted);
    // Whoever sends again does so when the provider is back.
    bench.simulator().behave(Stage::answer, bench.profile.accepted);
    subject->pump_for(Milliseconds(400));
    must_be_single(bench, stage);
    if (end != nullptr && took(end->outcome)) finding(said(*end, stage), kClaims, "RELANCE_OUT_UNKNOWN");
    finish_provider(bench, *subject);
    must_be_single(bench, stage);
  }
}

/// In time when it was handed over, too late when its call gets a connection: whoever gave relance.http/1 no
/// not_after_ms sends it all the same.
void late_in_the_queue(Bench &bench, Subject &subject) {
  constexpr std::int64_t kMinute{60'000};
  bench.simulator().forget();
  subject.host().hold_http(true);
  auto letters = bench.letters(1);
  letters[0].not_after_in_ms = kMinute;
  const auto token = subject.submit_now(letters).front();
  const auto patience = Clock::now() + Milliseconds(500);
  while (subject.host().held_http() == 0 && Clock::now() < patience) subject.pump_for(Milliseconds(5));
  const bool is_held{subject.host().held_http() != 0};
  if (is_held) subject.host().shift_wall(2 * kMinute);
  subject.host().hold_http(false);
  const auto *end = subject.await(Operation::submit, token, end_patience());
  if (!is_held) return;  // it has a client of its own
  if ((end != nullptr && end->outcome != RELANCE_OUT_NOT_SENT) || !bench.simulator().messages().empty())
    finding(
        "a message whose not_after passed while its call waited for a connection was sent",
        "give relance.http/1 the message's not_after_ms with the request that carries it: the host looks at "
        "it right before the first byte, and your own look came too early",
        "relance_http_call.not_after_ms");
}

void deadline_past(Bench &bench) {
  bench.needs_simulator();
  auto subject = bench.started();
  bench.simulator().forget();
  auto letters = bench.letters(2);
  letters[0].not_after_in_ms = -1;
  letters[1].not_after_in_ms = -86'400'000;
  const auto tokens = subject->submit_now(letters);
  for (const auto token : tokens) {
    const auto *end = subject->await(Operation::submit, token, end_patience());
    if (end != nullptr && end->outcome != RELANCE_OUT_NOT_SENT)
      finding("a message whose not_after had passed ended as " + name_of_outcome(end->outcome) +
                  (end->code.empty() ? "" : " (" + end->code + ")"),
              "right before the first byte leaves, compare not_after_ms with host->wall_ms(); when it has "
              "passed, NOT_SENT",
              "relance_message.not_after_ms");
  }
  if (!bench.simulator().messages().empty())
    finding("a message whose not_after had passed was sent",
            "no first byte after not_after_ms: by then the host may have sent it "
            "another way",
            "relance_message.not_after_ms");
  late_in_the_queue(bench, *subject);
  finish_provider(bench, *subject);
}

void deadline_clocks(Bench &bench) {
  bench.needs_simulator();
  constexpr std::int64_t kTenYears{std::int64_t{3'652} * 86'400'000};
  for (const auto shift : {kTenYears, -kTenYears}) {
    auto subject = bench.started();
    subject->host().shift_business(shift);
    bench.simulator().behave(Stage::answer, bench.profile.accepted);
    bench.simulator().forget();
    auto letters = bench.letters(1);
    const auto in_time = subject->submit_now(letters);
    const auto *sent = subject->await(Operation::submit, in_time.front(), end_patience());
    if (sent != nullptr && sent->outcome == RELANCE_OUT_NOT_SENT)
      finding("with the business clock ten years " + std::string(shift > 0 ? "ahead" : "behind") +
                  " a message that was in time ended as NOT_SENT (" + sent->code + ")",
              "not_after_ms is of host->wall_ms(); business_ms() may be virtual and is for dates that people "
              "read",
              "relance_message.not_after_ms");
    letters = bench.letters(1);
    letters[0].not_after_in_ms = -5'000;
    bench.simulator().forget();
    const auto late = subject->submit_now(letters);
    const auto *not_sent = subject->await(Operation::submit, late.front(), end_patience());
    if ((not_sent != nullptr && not_sent->outcome != RELANCE_OUT_NOT_SENT) ||
        !bench.simulator().messages().empty())
      finding("with the business clock ten years " + std::string(shift > 0 ? "ahead" : "behind") +
                  " a message that was too late was sent",
              "not_after_ms is of host->wall_ms()", "relance_message.not_after_ms");
    // Time jumps while it runs.
    subject->host().shift_business(-2 * shift);
    subject->pump_for(Milliseconds(50));
    finish_provider(bench, *subject);
  }
}

void bytes_same(Bench &bench) {
  bench.needs_simulator();
  const auto letter = bench.letters(1).front();
  constexpr std::int64_t kDays{std::int64_t{3} * 86'400'000};
  std::vector<Request> seen;
  for (int life{0}; life < 2; ++life) {
    auto subject = bench.started();
    if (life == 1) {
      subject->host().shift_business(kDays);
      subject->host().shift_wall(kDays);
      std::this_thread::sleep_for(Milliseconds(1'100));  // a real clock moves on by a second too
    }
    for (int i{0}; i < 2; ++i) {
      bench.simulator().forget();
      subject->host().judge_credit_and_refs(false);
      const auto tokens = subject->submit_now({letter});
      subject->await(Operation::submit, tokens.front(), end_patience());
      for (const auto &request : bench.simulator().messages()) seen.push_back(request);
    }
    finish_provider(bench, *subject);
  }
  if (seen.size() < 2) skip("no request of the plugin carried the message (see provider.accepted)");
  for (const auto &request : seen) {
    if (request.body == seen.front().body && request.target == seen.front().target) continue;
    std::size_t at{0};
    const auto &one = seen.front().body, &other = request.body;
    while (at < one.size() && at < other.size() && one[at] == other[at]) ++at;
    const auto from = at < 40 ? 0 : at - 40;
    finding(request.body == one
                ? "the same attempt went to " + seen.front().target + " and to " + request.target
                : "the same attempt had different bytes from byte " + std::to_string(at) + " on: \"" +
                      one.substr(from, 90) + "\" and \"" + other.substr(from, 90) + "\"",
            "build everything from the message: dated_ms, idempotency_key, attempt_number; never from a "
            "clock, a counter or chance. "
            "A provider that drops repeats looks at the bytes",
            "relance_message");
    break;
  }
}

}  // namespace relance::check
