#include "plugins/sms/smpp/reassembly.hpp"

#include <algorithm>

namespace relance::sms::smpp {

void Reassembly::add(sdk::PendingParse pending, const sdk::Reply &reply, gsm::Concatenation part,
                     Clock::time_point now) {
  const auto name =
      reply.from + ' ' + reply.to + ' ' + std::to_string(part.reference) + ' ' + std::to_string(part.count);
  const auto known = texts_.find(name);
  if (known == texts_.end() && std::find(ended_.begin(), ended_.end(), name + reply.text) != ended_.end())
    return pending.done({});
  if (known == texts_.end() && texts_.size() >= kTextsMax) {
    const auto oldest = std::min_element(texts_.begin(), texts_.end(), [](const auto &a, const auto &b) {
      return a.second.until < b.second.until;
    });
    auto node = texts_.extract(oldest);
    end(node.key(), std::move(node.mapped()));
  }
  auto &text = texts_[name];
  if (text.count == 0) {
    text.reply = reply;
    text.count = part.count;
    text.until = now + kPatience;
  }
  text.parts.emplace(part.number, reply.text);
  text.pending.push_back(std::move(pending));
  if (text.parts.size() < text.count) return;
  auto node = texts_.extract(name);
  end(name, std::move(node.mapped()));
}

void Reassembly::expire(Clock::time_point now) {
  for (auto at = texts_.begin(); at != texts_.end();) {
    if (at->second.until > now) {
      ++at;
      continue;
    }
    const auto next = std::next(at);
    auto node = texts_.extract(at);
    end(node.key(), std::move(node.mapped()));
    at = next;
  }
}

void Reassembly::end(const std::string &name, Text text) {
  std::string words;
  for (unsigned number{1}; number <= text.count; ++number) {
    const auto part = text.parts.find(static_cast<std::uint8_t>(number));
    words += part == text.parts.end() ? "[…]" : part->second;
  }
  for (const auto &[number, part] : text.parts) ended_.push_back(name + part);
  while (ended_.size() > kRememberedMax) ended_.pop_front();
  text.reply.text = std::move(words);
  for (std::size_t at{1}; at < text.pending.size(); ++at) text.pending[at].done({});
  text.pending.front().done({}, {&text.reply, 1});
}

}  // namespace relance::sms::smpp
