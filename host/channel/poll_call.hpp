// One poll as the C interface sees it: the struct and all that it points to, which live until its token ends.
#pragma once

#include "host/channel/border.hpp"
#include "host/channel/provider.hpp"

#include <deque>

namespace relance::channel {

class PollCall {
 public:
  PollCall(Token token, std::string cursor, OpenPage open)
      : cursor_{std::move(cursor)}, page_{std::move(open)} {
    for (const auto &item : page_.items) {
      auto &refs = refs_.emplace_back();
      for (const auto &ref : item.refs) refs.push_back(to_str(ref));
      auto &raw = items_.emplace_back();
      raw.size = sizeof raw;
      raw.idempotency_key = to_str(item.idempotency_key);
      raw.refs = refs.data();
      raw.ref_count = refs.size();
      raw.accepted_at_ms = to_ms(item.accepted_at);
      pointers_.push_back(&raw);
    }
    c_.size = sizeof c_;
    c_.flags = page_.has_more ? RELANCE_POLL_MORE : 0u;
    c_.token = token;
    c_.cursor = to_str(cursor_);
    c_.open = pointers_.data();
    c_.open_count = pointers_.size();
  }
  PollCall(const PollCall &) = delete;
  PollCall &operator=(const PollCall &) = delete;

  [[nodiscard]] const relance_poll &c() const { return c_; }

 private:
  std::string cursor_;
  OpenPage page_;
  std::deque<std::vector<relance_str>> refs_;  // deques: their elements stay where they are
  std::deque<relance_open_ref> items_;
  std::vector<const relance_open_ref *> pointers_;
  relance_poll c_{};
};

}  // namespace relance::channel
