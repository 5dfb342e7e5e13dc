// The frames of relance.http/1: a call to the daemon, its reply back, each as a head with the first piece of
// its body and then the further pieces, so that no frame grows with the body. What belongs together is
// written at once, so the pieces follow their head with nothing else of HTTP between them.
#pragma once

#include "host/channel/frame.hpp"
#include "host/channel/http_call.hpp"

#include <optional>
#include <string_view>

namespace relance::channel {

inline constexpr std::size_t kHttpPieceBytes{256u << 10};

void encode(FrameWriter &w, const HttpCall &call);
void encode(FrameWriter &w, const HttpReply &reply);

/// A call or a reply whose body may not be whole yet.
template <class T>
struct HttpHead {
  T value;
  std::uint64_t body_bytes{0};
};
/// Held to the same rules as a call of a plugin in the daemon: the child may not be what it was.
std::optional<HttpHead<HttpCall>> decode_http_call(std::string_view payload);
std::optional<HttpHead<HttpReply>> decode_http_reply(std::string_view payload);

template <class T>
class HttpAssembly {
 public:
  /// False: it does not belong here, or is too long.
  bool begin(HttpHead<T> head) {
    if (head_ || head.value.body.size() > head.body_bytes) return false;
    head_ = std::move(head);
    return true;
  }
  bool add(std::string_view piece) {
    if (!head_ || piece.empty() || piece.size() > head_->body_bytes - head_->value.body.size()) return false;
    head_->value.body.append(piece);
    return true;
  }
  /// When all of it is there.
  std::optional<T> take() {
    if (!head_ || head_->value.body.size() < head_->body_bytes) return std::nullopt;
    auto whole = std::move(head_->value);
    head_.reset();
    return whole;
  }

 private:
  std::optional<HttpHead<T>> head_;
};

}  // namespace relance::channel
