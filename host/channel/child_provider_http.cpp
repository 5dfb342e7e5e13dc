// The HTTP calls of a child (relance.http/1), made by the daemon's client in its place. They live as long as
// the child: its end cancels them, as nobody would hear the replies.
#include "host/channel/child_provider.hpp"

namespace relance::channel {
namespace {

/// Replies that wait in front of the socket; the others stay where they count as open calls, so that a child
/// which reads nothing cannot fill the daemon's memory with them.
constexpr std::size_t kRepliesBytesMax{4u << 20};

}  // namespace

/// For the child that is being started. The hosts that it may be told of; none without a client.
std::vector<HttpHost> ChildProvider::begin_http() {
  if (!settings_.http) return {};
  http_ = std::make_shared<HttpCalls>(settings_.http, settings_.http_hosts,
                                      HttpCalls::Ear{[this] { signal(); },
                                                     [this](int level, const std::string &line) {
                                                       if (settings_.hooks.log)
                                                         settings_.hooks.log(settings_.id, level, line, {});
                                                     }});
  return settings_.http_hosts;
}

void ChildProvider::end_http() {
  if (const auto ended = std::exchange(http_, nullptr)) ended->close();
  http_assembly_ = {};
}

bool ChildProvider::take_http(const Frame &frame) {
  if (!http_) return false;
  if (frame.type == FrameType::http_cancel) {
    const auto token = decode_number(frame.payload);
    if (token) http_->cancel(static_cast<Token>(*token));
    return token.has_value();
  }
  if (frame.type == FrameType::http_call) {
    auto head = decode_http_call(frame.payload);
    if (!head || !http_assembly_.begin(std::move(*head))) return false;
  } else if (!http_assembly_.add(frame.payload)) {
    return false;
  }
  auto call = http_assembly_.take();
  // The child knows the hosts and the limits and has refused what is beyond them: one that has not is not
  // what it was.
  return !call || http_->send(std::move(*call)) == HttpCalls::Sent::taken;
}

void ChildProvider::hand_http_replies() {
  if (!http_) return;
  const std::lock_guard lock(mutex_);
  if (phase_ != Phase::up && phase_ != Phase::starting) return;
  FrameWriter w(out_);
  while (out_.size() - out_at_ < kRepliesBytesMax) {
    const auto replies = http_->take(kRepliesBytesMax);
    if (replies.empty()) break;
    for (const auto &reply : replies) encode(w, reply);
  }
  flush();
}

}  // namespace relance::channel
