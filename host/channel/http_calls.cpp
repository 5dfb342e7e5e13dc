#include "host/channel/http_calls.hpp"

#include "host/channel/border.hpp"

namespace relance::channel {
namespace {

std::string outcome_of(const HttpReply &reply) {
  switch (reply.result) {
    case HttpResult::replied:
      return std::to_string(reply.status);
    case HttpResult::not_sent:
      return "not sent (" + reply.error + ")";
    case HttpResult::unknown:
      break;
  }
  return "unknown (" + reply.error + ")";
}

}  // namespace

relance_status to_status(HttpCalls::Sent sent) {
  switch (sent) {
    case HttpCalls::Sent::taken:
      return RELANCE_OK;
    case HttpCalls::Sent::full:
      return RELANCE_E_BUSY;
    case HttpCalls::Sent::refused:
    case HttpCalls::Sent::repeated:
      return RELANCE_E_REFUSED;
    case HttpCalls::Sent::closed:
      break;
  }
  return RELANCE_E_INTERNAL;
}

HttpCalls::Sent HttpCalls::send(HttpCall call) {
  const std::lock_guard lock(mutex_);
  if (client_ == nullptr) return Sent::closed;
  const auto host = hosts_.allow(call.url);
  if (!host) {
    if (budget_.take()) ear_.log(RELANCE_LOG_WARNING, "an HTTP call was refused: " + host.error().message);
    return Sent::refused;
  }
  const auto answer = room_.take(call);
  if (answer != HttpRoom::Answer::taken)
    return answer == HttpRoom::Answer::full ? Sent::full : Sent::repeated;
  const auto token = call.token;
  auto &open = open_[token];
  open.since = SteadyClock::now();
  open.what.append(call.method).append(" ").append(*host);
  open.id = client_->send(std::move(call), [calls = weak_from_this()](HttpReply reply) {
    if (const auto self = calls.lock()) self->on_reply(std::move(reply));
  });
  return Sent::taken;
}

void HttpCalls::cancel(Token token) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(token);
  if (found == open_.end() || !found->second.id) return;
  client_->cancel(*std::exchange(found->second.id, std::nullopt));
}

void HttpCalls::give_up() {
  const std::lock_guard lock(mutex_);
  for (auto &[token, open] : open_)
    if (client_ != nullptr && open.id) client_->cancel(*std::exchange(open.id, std::nullopt));
}

void HttpCalls::on_reply(HttpReply reply) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(reply.token);
  if (client_ == nullptr || found == open_.end()) return;
  if (budget_.take()) {
    const auto took = std::chrono::round<Milliseconds>(SteadyClock::now() - found->second.since);
    ear_.log(RELANCE_LOG_DEBUG, "http " + found->second.what + ": " + outcome_of(reply) + " after " +
                                    std::to_string(took.count()) + " ms");
  }
  open_.erase(found);
  replies_.push_back(std::move(reply));
  if (replies_.size() == 1) ear_.has_replies();
}

std::vector<HttpReply> HttpCalls::take(std::size_t bytes_max) {
  std::vector<HttpReply> taken;
  const std::lock_guard lock(mutex_);
  std::size_t bytes{0};
  while (!replies_.empty() && (taken.empty() || bytes + replies_.front().body.size() <= bytes_max)) {
    bytes += replies_.front().body.size();
    room_.give_back(replies_.front().token);
    taken.push_back(std::move(replies_.front()));
    replies_.pop_front();
  }
  return taken;
}

void HttpCalls::close() {
  std::shared_ptr<HttpClient> client;  // let go after the lock: it may be the last
  const std::lock_guard lock(mutex_);
  client.swap(client_);
  for (const auto &[token, open] : open_)
    if (open.id) client->cancel(*open.id);
  open_.clear();
  replies_.clear();
}

}  // namespace relance::channel
