#include "host/channel/child_http.hpp"

#include "host/channel/wire.hpp"

namespace relance::channel {

relance_status ChildHttp::send(const HttpCall &call, std::string &because) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto host = hosts_.allow(call.url); !host) {
      because = host.error().message;
      return RELANCE_E_REFUSED;
    }
    const auto answer = room_.take(call);
    if (answer != HttpRoom::Answer::taken)
      return answer == HttpRoom::Answer::full ? RELANCE_E_BUSY : RELANCE_E_REFUSED;
  }
  outbox_.say([&](FrameWriter &w) { encode(w, call); });
  return RELANCE_OK;
}

void ChildHttp::cancel(Token token) {
  {
    const std::lock_guard lock(mutex_);
    if (!room_.is_open(token)) return;
  }
  outbox_.say(
      [&](FrameWriter &w) { encode_number(w, FrameType::http_cancel, static_cast<std::int64_t>(token)); });
}

bool ChildHttp::take(const Frame &frame) {
  if (frame.type == FrameType::http_reply) {
    auto head = decode_http_reply(frame.payload);
    if (!head || !assembly_.begin(std::move(*head))) return false;
  } else if (!assembly_.add(frame.payload)) {
    return false;
  }
  if (auto reply = assembly_.take()) whole_.push_back(std::move(*reply));
  return true;
}

std::vector<HttpReply> ChildHttp::replies() {
  const std::lock_guard lock(mutex_);
  for (const auto &reply : whole_) room_.give_back(reply.token);
  return std::exchange(whole_, {});
}

}  // namespace relance::channel
