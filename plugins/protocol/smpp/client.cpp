#include "plugins/protocol/smpp/client.hpp"

#include "plugins/protocol/smpp/exchange.hpp"
#include "plugins/protocol/wire/signal_free.hpp"

#include <thread>

namespace relance::smpp {

struct Client::Impl {
  Impl(Options options, Events events) : hub{std::move(options), std::move(events)} {}
  Hub hub;
  std::thread thread;
};

Client::Client(Options options, Events events)
    : impl_{std::make_unique<Impl>(std::move(options), std::move(events))} {}

Client::~Client() {
  if (!impl_->thread.joinable()) return;
  impl_->hub.end_all();
  impl_->thread.join();
}

std::string Client::start() {
  if (auto fault = impl_->hub.prepare(); !fault.empty()) return fault;
  const wire::AllSignalsBlocked blocked;
  impl_->thread = std::thread{[hub = &impl_->hub] { hub->run(); }};
  return {};
}

void Client::submit(std::vector<Submission> submissions) {
  impl_->hub.hand_over([&](Orders &orders) {
    for (auto &submission : submissions) orders.submissions.push_back(std::move(submission));
  });
}

void Client::stored(std::vector<std::uint64_t> tokens) {
  impl_->hub.hand_over(
      [&](Orders &orders) { orders.stored.insert(orders.stored.end(), tokens.begin(), tokens.end()); });
}

void Client::room() {
  impl_->hub.hand_over([](Orders &orders) { orders.has_room = true; });
}

void Client::ask(std::uint32_t command, std::string body, std::function<void(const Answer &)> then) {
  impl_->hub.hand_over(
      [&](Orders &orders) { orders.questions.push_back({command, std::move(body), std::move(then)}); });
}

void Client::stop(std::chrono::milliseconds grace) {
  impl_->hub.hand_over([&](Orders &orders) { orders.stop_within = grace; });
}

}  // namespace relance::smpp
