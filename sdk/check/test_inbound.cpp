// What comes in: raw bytes kept until the host has room, and what they mean.
#include "sdk/check/test.hpp"

#include <algorithm>

namespace relance::check {
namespace {

constexpr std::size_t kPrefixesMax{400};

void finish_inbound(Subject &subject) {
  subject.stop();
  if (!subject.wait_for_ends(stop_grace())) subject.host().end_the_rest();
}

/// What brings raw items in: the profile's answer to a poll.
std::unique_ptr<Subject> with_news(Bench &bench) {
  if (bench.profile.polled_items == 0)
    skip("the profile has no \"polled_items\": the kit does not know how to make something come in");
  auto subject = bench.started();
  if ((subject->capabilities() & RELANCE_CAP_POLL) == 0) skip("this instance has no poll, by its traits");
  bench.simulator().behave(Stage::answer, bench.profile.polled);
  bench.simulator().answer_others(bench.profile.polled);
  return subject;
}

std::vector<RawSample> samples(const Bench &bench) {
  auto list = bench.profile.raws;
  if (bench.profile.webhook) {
    const auto &w = *bench.profile.webhook;
    std::string bytes{w.method + " " + w.url + "\r\n"};
    for (const auto &[name, value] : w.headers) bytes += name + ": " + value + "\r\n";
    list.push_back({"webhook", bytes + "\r\n" + w.body});
  }
  return list;
}

}  // namespace

void inbound_room(Bench &bench) {
  auto subject = with_news(bench);
  const auto wanted = bench.profile.polled_items;
  subject->host().take_inbound(0);
  const auto first = subject->poll("");
  subject->pump_until(
      [&] {
        return subject->host().refused_inbound() > 0 || !subject->host().is_open(Operation::poll, first);
      },
      end_patience());
  if (subject->host().refused_inbound() == 0) skip("the poll offered nothing (see poll.ends)");
  const auto *early = subject->await(Operation::poll, first, Milliseconds(200));
  if (early != nullptr && early->outcome == 0 && !early->cursor.empty())
    finding("the host took none of the items, and the poll ended with the new cursor \"" +
                early->cursor.substr(0, 60) + "\"",
            "a cursor covers only what inbound() took: end the poll when all is taken, or with the cursor "
            "that it came with",
            "relance_polled.cursor");
  // Room for one, then for all. Where the poll ended with its old cursor, the next one brings the rest.
  subject->host().take_inbound(1);
  subject->room();
  subject->pump_until([&] { return !subject->host().taken().empty(); }, Milliseconds(500));
  subject->host().take_inbound(SIZE_MAX);
  subject->room();
  subject->pump_until([&] { return subject->host().taken().size() >= wanted; }, Milliseconds(500));
  const auto *end = subject->await(Operation::poll, first, end_patience());
  if (subject->host().taken().size() < wanted) {
    const auto again = subject->poll(end == nullptr || end->outcome != 0 ? "" : end->cursor);
    subject->await(Operation::poll, again, end_patience());
    subject->room();
    subject->pump_until([&] { return subject->host().taken().size() >= wanted; }, Milliseconds(500));
  }
  std::vector<std::string> different;
  for (const auto &item : subject->host().taken())
    if (std::find(different.begin(), different.end(), item.bytes) == different.end())
      different.push_back(item.bytes);
  if (different.size() < wanted)
    finding("the host first took nothing, then one item, then all: of " + std::to_string(wanted) +
                " items only " + std::to_string(different.size()) + " came",
            "inbound() returns how many it took, from the front: keep the rest, and offer it again in "
            "room(), or leave the cursor "
            "where it was",
            "relance_host.inbound");
  finish_inbound(*subject);
}

void inbound_acknowledge(Bench &bench) {
  if (bench.profile.acknowledge_request.empty())
    skip(
        "the profile has no \"acknowledge_request\": nothing is acknowledged at this provider, or the kit "
        "cannot see it");
  auto subject = with_news(bench);
  const auto acknowledgements = [&] {
    const auto all = bench.simulator().requests();
    return std::count_if(all.begin(), all.end(), [&](const Request &request) {
      return (request.method + " " + request.target).starts_with(bench.profile.acknowledge_request);
    });
  };
  const auto *end = subject->await(Operation::poll, subject->poll(""), end_patience());
  static_cast<void>(end);
  subject->pump_for(Milliseconds(300));
  const auto items = subject->host().taken();
  if (items.empty()) skip("the poll brought nothing (see poll.ends)");
  if (acknowledgements() != 0)
    finding("an item was acknowledged at the provider before stored()",
            "until stored() the item is in no store: a crash would lose it. Acknowledge the tokens that "
            "stored() names",
            "relance_plugin.stored");
  std::vector<relance_token> tokens;
  for (const auto &item : items) tokens.push_back(item.token);
  subject->stored(tokens);
  if (!subject->pump_until([&] { return acknowledgements() > 0; }, Milliseconds(3'000)) && !has_finding())
    note("after stored() no request was seen that acknowledges");
  finish_inbound(*subject);
}

void parse_garbage(Bench &bench) {
  auto subject = bench.started();
  std::vector<RawSample> all;
  for (const auto &sample : samples(bench)) {
    const auto stride = std::max<std::size_t>(1, sample.bytes.size() / kPrefixesMax);
    for (std::size_t length{0}; length < sample.bytes.size(); length += stride)
      all.push_back({sample.kind, sample.bytes.substr(0, length)});
    for (int i{0}; i < 200 && !sample.bytes.empty(); ++i) {
      auto changed = sample.bytes;
      for (std::uint64_t k{0}; k <= bench.chance() % 4; ++k)
        changed[bench.chance() % changed.size()] = static_cast<char>(bench.chance() % 256);
      all.push_back({sample.kind, std::move(changed)});
    }
  }
  for (const auto *kind : {"webhook", "mail", "poll", "link", "pigeon", ""}) {
    for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{5'000}}) {
      std::string bytes(length, '\0');
      for (auto &c : bytes) c = static_cast<char>(bench.chance() % 256);
      all.push_back({kind, bytes});
    }
    for (const auto *text :
         {"{}", "[]", "null", "{\"", "POST / HTTP/1.1\r\n\r\n", "\r\n\r\n",
          "<?xml version=\"1.0\"?><a><a><a>", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})
      all.push_back({kind, text});
    all.push_back({kind, "POST / HTTP/1.1\r\n\r\n" + std::string(100'000, '[')});
  }
  std::size_t unended{0};
  for (const auto &raw : all) {
    const auto token =
        subject->parse(raw.kind, raw.bytes, bench.chance() % 2 == 0 ? 0 : subject->host().wall_ms());
    if (subject->await(Operation::parse, token, unended == 0 ? Milliseconds(2'000) : Milliseconds(50)) ==
            nullptr &&
        ++unended == 1)
      finding("parse() of " + std::to_string(raw.bytes.size()) + " bytes of \"" + raw.kind +
                  "\" never ended: " + raw.bytes.substr(0, 60),
              "end the token as UNREADABLE where the bytes say nothing", "relance_parsed");
  }
  finish_inbound(*subject);
}

void parse_same(Bench &bench) {
  const auto list = samples(bench);
  if (list.empty()) skip("the profile has no \"raw\" and no \"webhook\" to parse");
  std::vector<std::string> first;
  for (int life{0}; life < 2; ++life) {
    auto subject = bench.started();
    if (life == 1) {
      subject->host().shift_business(std::int64_t{400} * 86'400'000);
      subject->host().shift_wall(std::int64_t{400} * 86'400'000);
    }
    for (std::size_t i{0}; i < list.size() * 2; ++i) {
      const auto &raw = list[i % list.size()];
      const auto *end = subject->await(
          Operation::parse, subject->parse(raw.kind, raw.bytes, 1'789'000'000'000), end_patience());
      const auto meaning = end == nullptr ? "no end" : std::to_string(end->outcome) + end->meaning;
      if (life == 0 && i < list.size()) {
        first.push_back(meaning);
      } else if (meaning != first[i % list.size()]) {
        finding("the same bytes were read differently the second time: \"" +
                    first[i % list.size()].substr(0, 200) + "\", then \"" + meaning.substr(0, 200) + "\"",
                "parse() depends on the bytes (and received_at_ms) alone: the host keeps them, and asks "
                "again after a crash or for a "
                "better parser",
                "relance_plugin.parse");
      }
    }
    finish_inbound(*subject);
  }
}

void parse_sample(Bench &bench) {
  const auto &list = bench.profile.raws;
  if (list.empty()) skip("the profile has no \"raw\" samples");
  auto subject = bench.started();
  for (const auto &raw : list) {
    const auto *end = subject->await(Operation::parse, subject->parse(raw.kind, raw.bytes, 1'789'000'000'000),
                                     end_patience());
    if (end == nullptr) {
      finding("a sample's parse never ended", "end it with parsed()", "R4");
    } else if (end->receipt_count < raw.receipts || end->reply_count < raw.replies) {
      finding("a sample of \"" + raw.kind + "\" gave " + std::to_string(end->receipt_count) +
                  " receipts and " + std::to_string(end->reply_count) + " replies (" + end->text +
                  "), the profile says " + std::to_string(raw.receipts) + " and " +
                  std::to_string(raw.replies),
              "correct parse(), or the profile", "relance_plugin.parse");
    }
  }
  finish_inbound(*subject);
}

}  // namespace relance::check
