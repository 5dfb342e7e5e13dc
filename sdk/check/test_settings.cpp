// Settings: good ones are accepted, odd ones refused in words, and none of their secrets ever comes out
// again.
#include "sdk/check/handed_over.hpp"
#include "sdk/check/test.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>

namespace relance::check {
namespace {

namespace json = boost::json;

constexpr int kFuzzRounds{150};
constexpr Milliseconds kFuzzMax{8'000};

/// One place of the settings, chosen by chance, becomes something that a schema would rarely let through.
class Oddities {
 public:
  explicit Oddities(Bench &bench) : bench_(bench) {}

  std::string next(const std::string &good) {
    auto value = json::parse(good);
    std::vector<json::value *> places;
    collect(value, places);
    auto &place = *places[bench_.chance() % places.size()];
    switch (bench_.chance() % 12) {
      case 0:
        place = nullptr;
        break;
      case 1:
        place = true;
        break;
      case 2:
        place = -1;
        break;
      case 3:
        place = INT64_MIN;
        break;
      case 4:
        place = 1e308;
        break;
      case 5:
        place = "";
        break;
      case 6:
        place = json::string(100'000, 'A');
        break;
      case 7:
        place = json::array{1, "two", nullptr};
        break;
      case 8:
        place = json::object{{"", json::object{}}};
        break;
      case 9:
        place = json::string("\xed\x9f\xbf \xc3\xa9\xc3\xa8 '\"\\ %s%n ${HOME} \r\n\t");
        break;
      case 10:
        place = deep();
        break;
      default:
        place = json::string("http://[::1:99999/../..\\");
        break;
    }
    return json::serialize(value);
  }

 private:
  static void collect(json::value &value, std::vector<json::value *> &into) {
    into.push_back(&value);
    if (auto *object = value.if_object())
      for (auto &entry : *object) collect(entry.value(), into);
    if (auto *list = value.if_array())
      for (auto &one : *list) collect(one, into);
  }
  static json::value deep() {
    json::value inner{1};
    for (int i{0}; i < 30; ++i) inner = json::array{std::move(inner)};
    return inner;
  }
  Bench &bench_;
};

/// A text nobody would say by chance, and how it looks in base64 wherever it may begin.
std::vector<std::string> forms_of(const std::string &canary) {
  static constexpr char kAlphabet[]{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};
  std::vector<std::string> forms{canary};
  for (std::size_t skip{0}; skip < 3; ++skip) {
    std::string out;
    for (std::size_t at{skip}; at + 3 <= canary.size(); at += 3) {
      const auto group = (static_cast<std::uint32_t>(static_cast<unsigned char>(canary[at])) << 16) |
                         (static_cast<std::uint32_t>(static_cast<unsigned char>(canary[at + 1])) << 8) |
                         static_cast<unsigned char>(canary[at + 2]);
      for (int shift{18}; shift >= 0; shift -= 6) out += kAlphabet[(group >> shift) & 63];
    }
    forms.push_back(out);
  }
  return forms;
}

/// @param canaries (what it is, its text)
void look_for(const std::vector<std::pair<std::string, std::string>> &canaries, RecordingHost &host,
              const char *fix) {
  for (const auto &[where, text] : host.texts())
    for (const auto &[what, canary] : canaries)
      for (const auto &form : forms_of(canary))
        if (text.find(form) != std::string::npos) finding(what + " came out in " + where, fix, "R6");
}

/// One life with everything that makes a plugin talk: wrong credentials, a refused message, an error, nobody
/// there.
std::unique_ptr<Subject> eventful_life(Bench &bench, const std::string &settings,
                                       const std::vector<Letter> &letters) {
  auto subject = bench.subject({.settings = settings, .host = {}});
  if (subject->create() != RELANCE_OK || subject->start() != RELANCE_OK) return subject;
  subject->wait_for_credit(end_patience());
  const auto &p = bench.profile;
  const std::pair<Stage, Answer> events[]{
      {Stage::answer, p.accepted},  {Stage::answer, p.unauthorised},
      {Stage::answer, p.rejected},  {Stage::answer, p.unavailable},
      {Stage::garbage, p.accepted}, {Stage::close_after_request, p.accepted},
      {Stage::refuse, p.accepted}};
  std::size_t next{0};
  for (const auto &[stage, answer] : events) {
    if (p.protocol == "none") break;
    bench.simulator().behave(stage, answer);
    subject->submit({letters[next++ % letters.size()]});
    subject->wait_for_ends(Milliseconds(1'500));
  }
  if (subject->plugin()->parse != nullptr &&
      (subject->capabilities() & (RELANCE_CAP_WEBHOOK | RELANCE_CAP_POLL | RELANCE_CAP_RECEIVE)) != 0) {
    subject->parse(
        "webhook",
        "POST https://hooks.relance.test/ HTTP\r\n\r\n{\"to\": \"" + letters[0].address + "\", \"broken\"",
        subject->host().wall_ms());
    subject->wait_for_ends(Milliseconds(1'500));
  }
  return subject;
}

void finish_settings(Bench &bench, Subject &subject) {
  bench.simulator().behave(Stage::answer, bench.profile.accepted);
  if (!subject.is_created()) return;
  subject.stop();
  if (!subject.wait_for_ends(stop_grace())) subject.host().end_the_rest();
}

}  // namespace

void settings_valid(Bench &bench) {
  const auto settings = bench.settings();
  auto subject = bench.subject({.settings = settings, .host = {}});
  const auto write = bench.assignment.profile_file.empty()
                         ? "the settings were made from the schema; write a profile (relance-check.json "
                           "beside the plugin) with "
                           "\"settings\" that hold, or give --settings"
                         : "the settings stand in the profile: correct them there, or the plugin";
  const auto refused = [&](const char *function, relance_status status) {
    std::string said;
    for (const auto &issue : subject->issues()) said += "; " + issue.path + ": " + issue.message;
    finding(std::string(function) + " returned " + std::to_string(status) + " for " +
                settings.substr(0, 300) + said,
            write, "relance_plugin.create");
  };
  if (const auto status = subject->check_settings(); status != RELANCE_OK)
    return refused("create() that only checks", status);
  if (const auto status = subject->create(); status != RELANCE_OK) return refused("create()", status);
  for (const auto &issue : subject->issues()) note("a warning: " + issue.path + ": " + issue.message);
  if (const auto status = subject->start(); status != RELANCE_OK) refused("start()", status);
}

void settings_refusal(Bench &bench) {
  const auto good = bench.settings();
  Oddities oddities(bench);
  std::size_t refused{0};
  const auto began = Clock::now();
  for (int i{0}; i < kFuzzRounds && Clock::now() - began < kFuzzMax / 2; ++i) {
    auto subject = bench.subject({.settings = oddities.next(good), .host = {.style = Arena::Style::packed}});
    // What a refusal lacks is said where the call is made.
    const auto checked = subject->check_settings();
    const auto made = subject->create();
    if (checked != made)
      finding("create() that only checks returned " + std::to_string(checked) + ", and " +
                  std::to_string(made) + " when it was to build",
              "both judge the same settings the same way", "relance_plugin.create");
    refused += made == RELANCE_OK ? 0 : 1;
  }
  note(std::to_string(refused) + " of the odd settings were refused");
}

void settings_fuzz(Bench &bench) {
  const auto good = bench.settings();
  Oddities oddities(bench);
  std::vector<std::string> all{"{}",
                               "[]",
                               "null",
                               "\"\"",
                               "0",
                               "{\"\":{}}",
                               "",
                               "{",
                               good.substr(0, good.size() / 2),
                               std::string("{\"a\":\"\xff\xfe\"}"),
                               std::string(200'000, '['),
                               good + good};
  const auto began = Clock::now();
  for (int i{0}; i < kFuzzRounds; ++i) all.push_back(oddities.next(good));
  for (std::size_t i{0}; i < all.size() && Clock::now() - began < kFuzzMax; ++i) {
    step("create() with the settings " + all[i].substr(0, 200));
    auto subject =
        bench.subject({.settings = all[i].empty() ? " " : all[i], .host = {.style = Arena::Style::packed}});
    subject->create();
  }
}

void settings_secrets(Bench &bench) {
  auto settings = bench.settings();
  const auto places = secret_places(settings, bench.profile);
  if (places.empty())
    skip("no property of the settings looks like a secret; name them in the profile's \"secrets\"");
  std::vector<std::pair<std::string, std::string>> canaries;
  for (const auto &place : places) {
    char canary[40];
    std::snprintf(canary, sizeof canary, "c4n4ry%018llx", static_cast<unsigned long long>(bench.chance()));
    canaries.emplace_back("the secret " + place, canary);
    settings = with_text(settings, place, canary);
  }
  const char *fix{
      "say which setting is meant, never its value; do not log requests, headers or URLs that carry it"};
  auto subject = eventful_life(bench, settings, bench.letters(8));
  finish_settings(bench, *subject);
  look_for(canaries, subject->host(), fix);
  // Broken settings: the parser's complaint must not quote them.
  for (std::size_t cut{settings.size() - 1}; cut > 0 && cut + 40 > settings.size(); --cut) {
    auto broken =
        bench.subject({.settings = settings.substr(0, cut), .host = {.style = Arena::Style::packed}});
    broken->create();
    look_for(canaries, broken->host(), fix);
  }
  Oddities oddities(bench);
  for (int i{0}; i < 40; ++i) {
    auto odd = bench.subject({.settings = oddities.next(settings), .host = {.style = Arena::Style::packed}});
    odd->create();
    look_for(canaries, odd->host(), fix);
  }
}

void messages_secret(Bench &bench) {
  bench.needs_simulator();
  auto letters = bench.letters(8);
  std::vector<std::pair<std::string, std::string>> canaries{{"the message's text", "t3xtc4n4ry77aa"},
                                                            {"the subject", "subj3ctc4n4ry77"}};
  for (auto &letter : letters) {
    letter.subject = canaries[1].second;
    for (auto &part : letter.parts)
      if (part.media_type.starts_with("text/")) part.bytes += " " + canaries[0].second;
  }
  auto subject = eventful_life(bench, bench.settings(), letters);
  finish_settings(bench, *subject);
  look_for(
      canaries, subject->host(),
      "log the idempotency key or the token; what is in a message is nobody's business but the addressee's");
}

void traits_honest(Bench &bench) {
  const auto &d = *bench.plugin->descriptor;
  const auto written_out = [](const relance_traits &t) {
    std::string all;
    for (const auto value : {std::int64_t{t.capabilities}, std::int64_t{t.max_in_flight},
                             std::int64_t{t.flags}, t.idempotency_window_ms, t.not_found_certain_after_ms})
      all += std::to_string(value) + " ";
    for (std::size_t i{0}; i < t.expected_receipt_count; ++i)
      all += std::to_string(t.expected_receipts[i].kind) + ":" +
             std::to_string(t.expected_receipts[i].within_ms) + " ";
    return all;
  };
  auto subject = bench.subject({.changes_threads = true});
  if (subject->create() != RELANCE_OK) skip("create() refuses the settings at hand (see settings.valid)");
  const auto *t = subject->traits();
  if (t == nullptr || !has_size(t->size, sizeof *t, "relance_traits")) return;
  const auto first = written_out(*t);
  if ((t->capabilities & ~d.capabilities & 0x1ffu) != 0)
    finding("traits have capabilities that the descriptor does not have: " +
                std::to_string(t->capabilities & ~d.capabilities),
            "the descriptor names all that any instance may have; an instance has a part of it",
            "relance_traits.capabilities");
  if ((t->flags & RELANCE_TRAIT_SUBMIT_NEVER_RELEASES) != 0 && (t->capabilities & RELANCE_CAP_TWO_PHASE) == 0)
    finding("the traits say that submit never releases, but there is no commit() to do it",
            "SUBMIT_NEVER_RELEASES goes with RELANCE_CAP_TWO_PHASE", "RELANCE_TRAIT_SUBMIT_NEVER_RELEASES");
  if (t->idempotency_window_ms < 0 || t->not_found_certain_after_ms < 0)
    finding("a time in the traits is negative", "0 says that there is none", "relance_traits");
  if (t->expected_receipt_count != 0 && t->expected_receipts == nullptr)
    abandon("expected_receipt_count is " + std::to_string(t->expected_receipt_count) + " without a list",
            "point to the list", "relance_traits.expected_receipts");
  for (std::size_t i{0}; i < t->expected_receipt_count; ++i)
    if (t->expected_receipts[i].kind > RELANCE_RCPT_COMPLAINT || t->expected_receipts[i].within_ms < 0)
      finding("expected_receipts[" + std::to_string(i) + "] has kind " +
                  std::to_string(t->expected_receipts[i].kind) + " within " +
                  std::to_string(t->expected_receipts[i].within_ms) + " ms",
              "one of RELANCE_RCPT_*, and a time from acceptance on", "relance_traits.expected_receipts");
  const auto again = [&](const char *when) {
    const auto *now = subject->traits();
    if (now != nullptr && written_out(*now) != first)
      finding(std::string("the traits changed ") + when + ": from " + first + "to " + written_out(*now),
              "work them out in create(), from the settings; the host reads them once",
              "relance_plugin.traits");
  };
  again("from one call to the next");
  if (subject->start() == RELANCE_OK) {
    again("with start()");
    if (bench.profile.protocol != "none") {
      subject->submit(bench.letters(2));
      subject->wait_for_ends(end_patience());
      again("after a message");
    }
    subject->stop();
    subject->wait_for_ends(stop_grace());
    again("with stop()");
  }
  if (written_out(*t) != first)
    finding("what traits() pointed to first has changed since", "it lives until destroy() returns", "R2");
}

}  // namespace relance::check
