// Borrowed memory, and hosts of another age. The bites themselves are guarded.cpp's; here the plugin is led
// past them.
#include "sdk/check/test.hpp"

namespace relance::check {
namespace {

bool is_good(const End *end) {
  return end != nullptr && (end->outcome == RELANCE_OUT_ACCEPTED || end->outcome == RELANCE_OUT_DELIVERED ||
                            end->outcome == RELANCE_OUT_PREPARED);
}

/// Everything that hands memory over, once.
std::vector<relance_token> whole_life(Bench &bench, Subject &subject) {
  const auto can = subject.capabilities();
  std::vector<relance_token> tokens;
  if (bench.profile.protocol != "none") {
    tokens = subject.submit(bench.letters(1));
    const auto more = subject.submit(bench.letters(16));
    tokens.insert(tokens.end(), more.begin(), more.end());
    subject.wait_for_ends(end_patience());
  }
  if ((can & (RELANCE_CAP_QUERY_BY_KEY | RELANCE_CAP_QUERY_BY_REF)) != 0)
    subject.query("rcquery-0000000000000000000", {"ref-1", "ref-2"});
  if ((can & RELANCE_CAP_RECALL) != 0) subject.recall("rcrecall-000000000000000000", {"ref-1"});
  if ((can & RELANCE_CAP_TWO_PHASE) != 0) {
    subject.commit("rccommit-000000000000000000", {"ref-1"}, subject.host().wall_ms() + 60'000);
    subject.discard("rcdiscard-0000000000000000001", {"ref-1", "ref-2"});
  }
  if ((can & RELANCE_CAP_POLL) != 0) subject.poll("cursor");
  if ((can & (RELANCE_CAP_POLL | RELANCE_CAP_RECEIVE | RELANCE_CAP_WEBHOOK)) != 0) {
    for (const auto &raw : bench.profile.raws) subject.parse(raw.kind, raw.bytes, subject.host().wall_ms());
    subject.parse("webhook",
                  "POST https://hooks.relance.test/in HTTP/1.1\r\ncontent-type: text/plain\r\n\r\nbody", 0);
    subject.parse("mail", "From: a@example.org", subject.host().wall_ms());
    subject.parse("poll", "{", 0);
  }
  if ((can & RELANCE_CAP_WEBHOOK) != 0) {
    subject.authenticate("POST", "https://hooks.relance.test/in",
                         {{"x-signature", "00"}, {"content-type", "text/plain"}}, "body");
    if (bench.profile.webhook)
      subject.authenticate(bench.profile.webhook->method, bench.profile.webhook->url,
                           bench.profile.webhook->headers, bench.profile.webhook->body);
  }
  if ((can & RELANCE_CAP_QUOTE) != 0) subject.quote(bench.profile.letter);
  subject.wait_for_ends(end_patience() / 2);
  return tokens;
}

void end(Subject &subject) {
  subject.stop();
  if (!subject.wait_for_ends(stop_grace())) subject.host().end_the_rest();
  subject.destroy();
}

void on_host_of(Bench &bench, Age age, const std::string &which, const char *fix) {
  auto subject = bench.subject({.host = {.age = age}});
  if (const auto status = subject->create(); status != RELANCE_OK)
    abandon("create() returned " + std::to_string(status) + " on " + which, fix, "R1");
  if (const auto status = subject->start(); status != RELANCE_OK)
    abandon("start() returned " + std::to_string(status) + " on " + which, fix, "R1");
  subject->wait_for_credit(end_patience());
  const auto tokens = whole_life(bench, *subject);
  std::size_t good{0};
  for (const auto token : tokens) good += is_good(subject->host().end_of(Operation::submit, token)) ? 1 : 0;
  if (bench.profile.settings_json.find("${simulator_") != std::string::npos && good < tokens.size())
    finding(std::to_string(tokens.size() - good) + " of " + std::to_string(tokens.size()) +
                " messages were not accepted on " + which + ", though the provider accepts",
            fix, "R7");
  end(*subject);
}

}  // namespace

void memory_layout(Bench &bench) {
  // In one call, with a guard page behind each thing; the batch too.
  auto subject = bench.started();
  whole_life(bench, *subject);
  if (bench.profile.protocol != "none") {
    subject->submit(bench.letters(64));
    subject->wait_for_ends(end_patience());
    // Texts whose last byte ends a page: what looks for a NUL, or reads eight bytes at a time, runs over.
    for (const std::size_t length :
         {std::size_t{1}, std::size_t{7}, std::size_t{4'095}, std::size_t{4'096}, std::size_t{4'097}}) {
      auto letters = bench.letters(1);
      for (auto &part : letters[0].parts)
        if (part.media_type.starts_with("text/")) part.bytes.assign(length, 'x');
      letters[0].subject.assign(length % 200 + 1, 's');
      subject->submit(letters);
    }
    subject->wait_for_ends(end_patience());
  }
  end(*subject);
}

void memory_borrowed(Bench &bench) {
  auto subject = bench.started();
  whole_life(bench, *subject);
  // A message lives until its token ends, also while the provider is silent; then it is gone at once.
  if (bench.profile.protocol != "none") {
    for (const auto stage : {Stage::answer, Stage::drip, Stage::close_after_request, Stage::refuse}) {
      bench.simulator().behave(stage, bench.profile.accepted);
      subject->submit(bench.letters(6));
      subject->wait_for_ends(end_patience() / 2);
      subject->pump_for(Milliseconds(30));
    }
    bench.simulator().behave(Stage::silent, bench.profile.accepted);
    subject->submit(bench.letters(3));
    subject->pump_for(Milliseconds(80));
  }
  end(*subject);
}

void memory_older_host(Bench &bench) {
  if (bench.plugin->descriptor->min_host_minor > 0)
    skip("min_host_minor is " + std::to_string(bench.plugin->descriptor->min_host_minor) +
         ": it asks for a newer host");
  on_host_of(
      bench, Age::older, "a host of the first release (minor 0)",
      "look at RELANCE_HAS(host, its_name) before a field or function that came in a later minor, or say "
      "min_host_minor");
}

void memory_newer_host(Bench &bench) {
  on_host_of(bench, Age::newer, "a host with longer structs and unknown flags",
             "accept any `size` from yours on, ignore bits that you do not know, take an unknown value as "
             "the field's default");
  // A word that this release does not know: whatever comes of it, the token ends.
  if (bench.profile.protocol == "none") return;
  auto subject = bench.started({.host = {.age = Age::newer}});
  auto letters = bench.letters(2);
  letters[0].service = "teleported";
  letters[1].parts.push_back({"hologram", "model/x-unknown", "", "\x01\x02"});
  letters[1].channel = "telepathy";
  subject->submit(letters);
  if (!subject->wait_for_ends(end_patience()))
    finding("a message of an unknown service, or with a part of an unknown role, never ended",
            "end it as REJECTED with RELANCE_FAIL_POLICY, or send it without what you do not know", "R7");
  end(*subject);
}

}  // namespace relance::check
