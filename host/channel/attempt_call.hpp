// One operation on what was handed over before (a commit, discard, recall or query) as a plugin borrows it:
// the C struct together with all that it points to.
#pragma once

#include "host/channel/border.hpp"

#include <memory>

namespace relance::channel {

template <class C>
class AttemptCall {
 public:
  explicit AttemptCall(AttemptRef attempt) : attempt_(std::move(attempt)) {
    for (const auto &ref : attempt_.refs) refs_.push_back(to_str(ref));
    c.size = sizeof c;
    c.token = attempt_.token;
    c.idempotency_key = to_str(attempt_.idempotency_key);
    c.refs = refs_.data();
    c.ref_count = refs_.size();
    if (!attempt_.sender) return;
    const auto &sender = *attempt_.sender;
    for (const auto &line : sender.postal_lines) lines_.push_back(to_str(line));
    sender_.size = sizeof sender_;
    sender_.name = to_str(sender.name);
    sender_.address = to_str(sender.address);
    sender_.reply_to = to_str(sender.reply_to);
    sender_.postal_lines = lines_.data();
    sender_.postal_line_count = lines_.size();
    sender_.country = to_str(sender.country);
    c.sender = &sender_;
  }
  AttemptCall(const AttemptCall &) = delete;
  AttemptCall &operator=(const AttemptCall &) = delete;

  C c{};

 private:
  const AttemptRef attempt_;
  std::vector<relance_str> refs_, lines_;
  relance_sender sender_{};
};

}  // namespace relance::channel
