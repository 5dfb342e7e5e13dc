#include "host/channel/child_inbound.hpp"

namespace relance::channel {
namespace {

/// What a child has credit for, and the item by which it may go beyond that.
constexpr std::size_t kHeldBytesMax{kInboundBytesMax + kFrameBytesMax};

}  // namespace

bool ChildInbound::add(Inbound inbound) {
  if (held_.size() >= items_max_ || held_bytes_ + inbound.bytes.size() > kHeldBytesMax) return false;
  held_bytes_ += inbound.bytes.size();
  const auto ours = next_++;
  {
    const std::lock_guard lock(mutex_);
    theirs_.emplace(ours, inbound.plugin_token);
  }
  inbound.plugin_token = ours;
  held_.push_back(std::move(inbound));
  return true;
}

CreditFrame ChildInbound::offer() {
  CreditFrame credit;
  if (!held_.empty() && !is_blocked_) {
    const auto offered = held_.size();
    const auto taken =
        std::min(events_.inbound(provider_, std::vector<Inbound>(held_.begin(), held_.end())), offered);
    const auto end = held_.begin() + static_cast<std::ptrdiff_t>(taken);
    for (auto in = held_.begin(); in != end; ++in)
      credit.bytes += static_cast<std::int64_t>(in->bytes.size());
    held_.erase(held_.begin(), end);
    held_bytes_ -= static_cast<std::size_t>(credit.bytes);
    is_blocked_ = taken < offered;
    credit.items = static_cast<std::uint32_t>(taken);
  }
  if (held_.empty() && polled_) events_.polled(provider_, *std::exchange(polled_, std::nullopt));
  return credit;
}

std::vector<Token> ChildInbound::take_stored(const std::vector<Token> &tokens) {
  const std::lock_guard lock(mutex_);
  std::vector<Token> theirs;
  for (const auto token : tokens) {
    const auto found = theirs_.find(token);
    if (found == theirs_.end()) continue;  // of an earlier child; this one's plugin will offer it again
    theirs.push_back(found->second);
    theirs_.erase(found);
  }
  return theirs;
}

std::optional<Polled> ChildInbound::clear() {
  held_.clear();
  held_bytes_ = 0;
  is_blocked_ = false;
  const std::lock_guard lock(mutex_);
  theirs_.clear();
  return std::exchange(polled_, std::nullopt);
}

}  // namespace relance::channel
