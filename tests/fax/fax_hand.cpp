// The driver "hylafax" in a hand: a process that does with it what a line of JSON on standard input says, and
// answers with a line. For tests that call a real fax server and kill the process at any step.
#include "plugins/fax/hylafax/channel.hpp"

#include <relance/json.hpp>
#include <relance/testkit.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

namespace {

namespace sdk = relance::sdk;
using relance::fax::hylafax::HylafaxChannel;

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct KnownIssues {
  std::string all;
  relance_issue_sink sink{
      this, [](void *self, const relance_issue *issue) {
        auto &text = static_cast<KnownIssues *>(self)->all;
        text.append(sdk::to_view(issue->path)).append(": ").append(sdk::to_view(issue->message));
      }};
};

std::string said(const sdk::Outcome &outcome) {
  constexpr std::array kNames{"unknown",  "accepted", "delivered", "rejected",
                              "not_sent", "prepared", "not_found"};
  constexpr std::array kKinds{sdk::OutcomeKind::unknown,   sdk::OutcomeKind::accepted,
                              sdk::OutcomeKind::delivered, sdk::OutcomeKind::rejected,
                              sdk::OutcomeKind::not_sent,  sdk::OutcomeKind::prepared,
                              sdk::OutcomeKind::not_found};
  std::string kind;
  for (std::size_t i{0}; i < kKinds.size(); ++i)
    if (kKinds[i] == outcome.kind) kind = kNames[i];
  return sdk::json_object({{"outcome", kind},
                           {"code", outcome.code},
                           {"text", outcome.text},
                           {"ref", outcome.refs.empty() ? "" : outcome.refs[0]},
                           {"failure", std::to_string(static_cast<int>(outcome.failure))},
                           {"whole_instance", outcome.whole_instance ? "yes" : "no"}});
}

std::string name_of(sdk::ReceiptKind kind) {
  switch (kind) {
    case sdk::ReceiptKind::interim:
      return "interim";
    case sdk::ReceiptKind::delivered:
      return "delivered";
    case sdk::ReceiptKind::failed:
      return "failed";
    case sdk::ReceiptKind::expired:
      return "expired";
    case sdk::ReceiptKind::cancelled:
      return "cancelled";
    default:
      return "another";
  }
}

class Hand {
 public:
  explicit Hand(const std::string &settings) : channel_(host(), "fax", settings, issues_) {
    if (!known_.all.empty()) std::fprintf(stderr, "%s\n", known_.all.c_str());
  }

  std::string act(const sdk::Json &line) {
    host_.set_wall_ms(now_ms());
    const auto what = line["do"].text();
    const std::string ref{line["ref"].text()}, key{line["key"].text()};
    if (what == "send") return send(line, key);
    if (what == "commit") {
      relance_commit raw{};
      raw.size = sizeof raw;
      raw.refs = with(ref), raw.ref_count = 1;
      raw.not_after_ms = now_ms() + (line["late"].text().empty() ? 60'000 : -1);
      return said(channel_.commit(sdk::Commit{raw}));
    }
    if (what == "query") {
      relance_query raw{};
      raw.size = sizeof raw;
      raw.idempotency_key = sdk::to_str(key);
      raw.refs = with(ref), raw.ref_count = ref.empty() ? 0 : 1;
      return said(channel_.query(sdk::Query{raw}));
    }
    if (what == "recall") {
      relance_recall raw{};
      raw.size = sizeof raw;
      raw.refs = with(ref), raw.ref_count = 1;
      const auto recalled = channel_.recall(sdk::Recall{raw});
      return sdk::json_object({{"recall", recalled.kind == sdk::RecallKind::cancelled  ? "cancelled"
                                          : recalled.kind == sdk::RecallKind::too_late ? "too_late"
                                                                                       : "unknown"},
                               {"text", recalled.text}});
    }
    if (what == "discard") {
      relance_discard raw{};
      raw.size = sizeof raw;
      raw.refs = with(ref), raw.ref_count = 1;
      const auto discarded = channel_.discard(sdk::Discard{raw});
      return sdk::json_object({{"discard", discarded.kind == sdk::DiscardKind::gone       ? "gone"
                                           : discarded.kind == sdk::DiscardKind::released ? "released"
                                                                                          : "unknown"},
                               {"text", discarded.text}});
    }
    return poll(line);
  }

 private:
  sdk::Host host() { return sdk::Host{host_.raw(), &services_}; }
  const relance_str *with(const std::string &ref) {
    one_ = sdk::to_str(ref);
    return &one_;
  }

  std::string send(const sdk::Json &line, const std::string &key) {
    std::ifstream file{std::string{line["file"].text()}, std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    relance::testkit::TestMessage message{
        .channel = "fax",
        .address = std::string{line["number"].text()},
        .idempotency_key = key,
        .parts = {{.bytes = "the same in words"},
                  {.role = "letter",
                   .media_type = std::string{line["type"].text("image/tiff")},
                   .bytes = bytes}},
        .valid_until_in_ms = line["valid_for_ms"].integer(0)};
    message.sender_name = line["sender"].text(message.sender_name);
    const relance::testkit::MessageBox box{std::move(message), 1, now_ms(), now_ms()};
    return said(channel_.send(sdk::Message{*box.raw()}));
  }

  /// With the receipts of what it finds.
  std::string poll(const sdk::Json &line) {
    std::vector<std::string> refs;
    std::istringstream words{std::string{line["refs"].text()}};
    for (std::string word; words >> word;) refs.push_back(word);
    std::vector<relance_str> views;
    for (const auto &one : refs) views.push_back(sdk::to_str(one));
    std::vector<relance_open_ref> items(refs.size());
    std::vector<const relance_open_ref *> pointers;
    for (std::size_t i{0}; i < refs.size(); ++i) {
      items[i].size = sizeof items[i];
      items[i].refs = &views[i], items[i].ref_count = 1;
      pointers.push_back(&items[i]);
    }
    const std::string cursor{line["cursor"].text()};
    relance_poll raw{};
    raw.size = sizeof raw;
    raw.cursor = sdk::to_str(cursor);
    raw.open = pointers.data(), raw.open_count = pointers.size();
    const auto polled = channel_.poll(sdk::Poll{raw});
    std::string found;
    for (const auto &item : polled.found) {
      relance_raw stored{};
      stored.size = sizeof stored;
      stored.kind = sdk::to_str(item.kind), stored.bytes = sdk::to_str(item.bytes);
      for (const auto &receipt : HylafaxChannel::parse(sdk::Raw{stored}).receipts)
        found += (found.empty() ? "" : ", ") +
                 sdk::json_object({{"name", item.name},
                                   {"kind", name_of(receipt.kind)},
                                   {"final", receipt.is_final ? "yes" : "no"},
                                   {"failure", std::to_string(static_cast<int>(receipt.failure))},
                                   {"code", receipt.code},
                                   {"text", receipt.text},
                                   {"ref", receipt.ref},
                                   {"key", receipt.idempotency_key}});
    }
    return "{\"error\": " + sdk::json_string(polled.error) +
           ", \"cursor\": " + sdk::json_string(polled.cursor) + ", \"receipts\": [" + found + "]}";
  }

  relance::testkit::FakeHost host_;
  sdk::Services services_;
  KnownIssues known_;
  sdk::Issues issues_{&known_.sink};
  HylafaxChannel channel_;
  relance_str one_{};
};

}  // namespace

int main(int count, char **words) {
  if (count != 2) return 2;
  Hand hand{words[1]};
  for (std::string line; std::getline(std::cin, line);)
    std::cout << hand.act(sdk::Json::parse(line)) << std::endl;
}
