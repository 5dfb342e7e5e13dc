// Quotes of a child: the engine waits for them, so a deadline stands over the whole, and a child that ends or
// says nothing costs no more than that.
#include "host/channel/child_provider.hpp"
#include "host/channel/quote_border.hpp"

namespace relance::channel {

std::vector<std::optional<Quote>> ChildProvider::quote(std::span<const Submission> batch,
                                                       Milliseconds deadline) {
  std::vector<std::optional<Quote>> quotes(batch.size());
  std::unique_lock lock(mutex_);
  if (phase_ != Phase::up) return quotes;
  quotes_.clear();
  auto queued_bytes = out_.size() - out_at_;
  Going going;
  for (const auto &message : batch) {
    Outgoing outgoing;
    if (refuse_or_seal(message, 0, queued_bytes, outgoing)) continue;
    going.frame_bytes.push_back(wire_bytes(message));
    queued_bytes += going.frame_bytes.back();
    going.messages.push_back(std::move(outgoing));
    quotes_.emplace(message.token, std::nullopt);
  }
  if (going.messages.empty()) return quotes;
  quotes_missing_ = quotes_.size();
  write_slices(going, FrameType::quote);
  ended_.wait_for(lock, deadline, [this] { return quotes_missing_ == 0 || phase_ != Phase::up; });
  for (std::size_t i{0}; i < batch.size(); ++i)
    if (const auto found = quotes_.find(batch[i].token); found != quotes_.end())
      quotes[i] = std::move(found->second);
  quotes_.clear();
  quotes_missing_ = 0;
  return quotes;
}

bool ChildProvider::take_quoted(const Frame &frame) {
  auto quoted = decode_quotes(frame.payload);
  if (!quoted) return false;
  std::size_t unasked{quoted->empty() ? 1u : 0u};
  {
    const std::lock_guard lock(mutex_);
    for (auto &[token, quote] : *quoted) {
      const auto found = quotes_.find(token);
      if (found == quotes_.end() || found->second) {  // too late, or twice
        ++unasked;
        continue;
      }
      found->second = std::move(quote);
      if (quotes_missing_ > 0) --quotes_missing_;
    }
    if (quotes_missing_ == 0) ended_.notify_all();
  }
  chatter_.note(unasked);
  return true;
}

}  // namespace relance::channel
