#include "host/channel/token_table.hpp"

namespace relance::channel {

bool TokenTable::open(OpenToken token) {
  const std::lock_guard lock(mutex_);
  return open_locked(std::move(token));
}

bool TokenTable::open_locked(OpenToken &&token) {
  const auto at = static_cast<std::size_t>(ending_of(token.operation));
  const auto name = token.token;
  const auto [place, is_new] = open_[at].try_emplace(name, std::move(token));
  if (is_new) ++live_[at];
  return is_new;
}

std::optional<OpenToken> TokenTable::close(Ending ending, Token token) {
  const std::lock_guard lock(mutex_);
  return close_locked(ending, token);
}

std::optional<OpenToken> TokenTable::close_locked(Ending ending, Token token) {
  const auto at = static_cast<std::size_t>(ending);
  const auto found = open_[at].find(token);
  if (found == open_[at].end()) return std::nullopt;
  std::optional<OpenToken> closed{std::move(found->second)};
  open_[at].erase(found);
  if (closed->is_made_up) return std::nullopt;
  --live_[at];
  return closed;
}

std::size_t TokenTable::announce(Ending ending, std::span<Token> tokens) {
  auto &open = open_[static_cast<std::size_t>(ending)];
  std::size_t live{0};
  const std::lock_guard lock(mutex_);
  for (auto &token : tokens) {
    const auto found = open.find(token);
    if (found == open.end() || found->second.is_made_up) {
      token = 0;
    } else {
      found->second.is_announced = true;
      ++live;
    }
  }
  return live;
}

std::vector<OpenToken> TokenTable::withdraw() {
  std::vector<OpenToken> withdrawn;
  const std::lock_guard lock(mutex_);
  for (std::size_t at{0}; at < open_.size(); ++at)
    boost::unordered::erase_if(open_[at], [&](auto &item) {
      auto &open = item.second;
      if (open.is_announced || open.is_made_up) return false;
      --live_[at];
      withdrawn.push_back(std::move(open));
      return true;
    });
  return withdrawn;
}

std::vector<OpenToken> TokenTable::expire(Instant now, bool keep_memory) {
  std::vector<OpenToken> expired;
  const std::lock_guard lock(mutex_);
  for (std::size_t at{0}; at < open_.size(); ++at)
    boost::unordered::erase_if(open_[at], [&](auto &item) {
      auto &open = item.second;
      if (open.is_made_up || open.deadline > now) return false;
      --live_[at];
      expired.push_back(open);
      if (open.operation == Operation::submit && open.is_announced) {
        if (late_.size() >= kLateMax) late_.erase(late_.begin());
        late_.insert(open.token);
      }
      open.is_made_up = true;
      return !keep_memory || !open.is_announced;
    });
  return expired;
}

bool TokenTable::take_late(Token token) {
  const std::lock_guard lock(mutex_);
  return late_.erase(token) != 0;
}

bool TokenTable::is_held(Ending ending, Token token) const {
  const auto &open = open_[static_cast<std::size_t>(ending)];
  const std::lock_guard lock(mutex_);
  const auto found = open.find(token);
  return found != open.end() && found->second.is_made_up;
}

std::vector<OpenToken> TokenTable::drain(bool keep_memory) {
  std::vector<OpenToken> drained;
  const std::lock_guard lock(mutex_);
  for (std::size_t at{0}; at < open_.size(); ++at) {
    for (auto &[name, open] : open_[at]) {
      if (!open.is_made_up) drained.push_back(open);
      open.is_made_up = true;
    }
    live_[at] = 0;
    if (!keep_memory) open_[at].clear();
  }
  return drained;
}

std::size_t TokenTable::size() const {
  const std::lock_guard lock(mutex_);
  std::size_t all{0};
  for (const auto live : live_) all += live;
  return all;
}

std::size_t TokenTable::size(Ending ending) const {
  const std::lock_guard lock(mutex_);
  return live_[static_cast<std::size_t>(ending)];
}

}  // namespace relance::channel
