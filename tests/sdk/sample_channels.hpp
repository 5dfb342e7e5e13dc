// Channel classes for the tests of the C++ face, each driven through the table that a host would call.
#pragma once

#include <boost/test/unit_test.hpp>
#include <relance/channel.hpp>
#include <relance/testkit.hpp>

#include <latch>

namespace relance::sdk::test {

inline constexpr Description description_named(const char *driver) {
  return {.id = "org.relance.test.face",
          .driver = driver,
          .name = "Face",
          .version = "1.0",
          .vendor = "Relance",
          .channel = "sms"};
}

using testkit::FakeHost;
using testkit::Instance;
using testkit::TestMessage;

/// Blocking throughout; the address says what becomes of a message.
class Waiting {
 public:
  static constexpr Description kDescription{description_named("waiting")};
  Waiting(Host host, std::string_view, std::string_view settings, Issues &issues)
      : host_(host), http_(host), settings_(Json::parse(settings)) {
    if (settings_["refuse"].flag()) issues.fatal("/refuse", "may not be set");
  }
  Traits traits() const {
    return {.max_in_flight = static_cast<std::uint32_t>(settings_["max_in_flight"].integer(64)),
            .workers = static_cast<std::uint32_t>(settings_["workers"].integer(2))};
  }
  Outcome send(const Message &message) {
    const auto verb = message.addressee.address;
    if (verb == "throw") throw std::runtime_error("thrown by send");
    if (verb == "throw_int") throw 7;
    if (verb == "wait_for_stop") {
      host_.log(LogLevel::info, "waits");
      while (!message.stop_requested()) std::this_thread::yield();
      return Outcome::not_sent("stopped", "it saw the stop");
    }
    if (verb == "post") {
      const auto reply =
          http_.post("https://api.example.com", {{"x-key", std::string{message.idempotency_key}}},
                     std::string{message.text()}, message.not_after_ms);
      return reply.is_success() ? Outcome::accepted({reply.body}) : reply.outcome();
    }
    if (verb == "throttled") {
      auto outcome = Outcome::not_sent("429", "slower", 1000);
      outcome.whole_instance = true;
      return outcome;
    }
    return Outcome::accepted({"", "ref-" + std::string{verb}, ""});
  }
  Outcome commit(const Commit &commit) { return Outcome::accepted({std::string{commit.refs.at(0)}}); }
  Discarded discard(const Discard &discard) {
    host_.log(LogLevel::info, "discarded", {{"ref", discard.refs.at(0)}, {"key", discard.idempotency_key}});
    if (discard.refs[0] == "throw") throw std::runtime_error("thrown by discard");
    return discard.sender ? Discarded::released(std::string{discard.sender->address}) : Discarded::gone();
  }
  Outcome query(const Query &query) {
    return query.refs.empty() ? Outcome::not_found() : Outcome::delivered({std::string{query.refs[0]}});
  }
  Recalled recall(const Recall &recall) {
    return {.kind = recall.refs.at(0) == "kept" ? RecallKind::cancelled : RecallKind::too_late};
  }
  Parsed parse(const Raw &raw) {
    if (raw.bytes == "throw") throw std::runtime_error("thrown by parse");
    if (raw.bytes == "nonsense") return Parsed::unreadable("says nothing");
    return Parsed::receipt({.ref = std::string{raw.bytes},
                            .kind = ReceiptKind::delivered,
                            .is_final = true,
                            .evidence = {{.media_type = "application/pdf", .reference = "proof-1"}}});
  }
  Polled poll(const Poll &poll) {
    if (poll.cursor == "throw") throw std::runtime_error("thrown by poll");
    if (poll.cursor == "away") return Polled::failed("the provider is away", 5000);
    Polled polled{.cursor = "next"};
    for (int i{0}; i < 3; ++i)
      polled.found.push_back({.kind = "poll", .name = std::to_string(i), .bytes = "receipt"});
    return polled;
  }
  Fetched fetch(const Fetch &fetch) {
    return fetch.reference == "gone" ? Fetched::gone("it is no more") : Fetched::ok("%PDF");
  }
  Authenticated authenticate(const WebhookRequest &request) const {
    if (request.method == "GET") return {Verdict::challenge, {.status = 200, .body = "token"}};
    return request.header("x-signature") == "right" ? Verdict::genuine : Verdict::forged;
  }
  Quote quote(const Message &message) const {
    Quote quote{.segments = static_cast<std::uint32_t>(message.text().size() / 160 + 1),
                .price = Price{45'000, "EUR"}};
    if (message.text().empty()) quote.issues.push_back({.path = "/parts", .message = "no text"});
    return quote;
  }

 private:
  Host host_;
  Http http_;
  Json settings_;
};

/// Asynchronous and small: what becomes of a Pending that nobody ends, and of what throws.
class Calling {
 public:
  static constexpr Description kDescription{description_named("calling")};
  Calling(Host host, std::string_view, std::string_view, Issues &) : http_(host) {}
  void submit(std::vector<Pending> batch) {
    for (auto &pending : batch) {
      const Message message{*pending};
      const auto verb = message.addressee.address;
      if (verb == "forget") continue;
      if (verb == "throw") throw std::runtime_error("thrown by submit");
      if (verb == "wait_here") {
        pending.end(http_.post("https://api.example.com", {}, {}, message.not_after_ms).outcome());
      } else if (verb == "post") {
        http_.send({.method = "POST", .url = "https://api.example.com", .not_after_ms = message.not_after_ms},
                   [open = std::move(pending)](HttpReply reply) mutable {
                     open.end(reply.is_success() ? Outcome::accepted({reply.body}) : reply.outcome());
                   });
      } else {
        pending.accepted({"ref"});
      }
    }
  }

 private:
  Http http_;
};

/// As the host does it: the pages of a table's own functions, and nothing of the class.
template <class T>
Instance made(FakeHost &host, std::string settings = "{}") {
  return Instance{Driver<T>::table(), host, std::move(settings)};
}

}  // namespace relance::sdk::test
