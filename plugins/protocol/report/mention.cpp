#include "plugins/protocol/report/mention.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/report.hpp"
#include "plugins/protocol/report/wording.hpp"

#include <algorithm>
#include <array>

namespace relance::report {
namespace {

/// Lines after a recipient that still speak about him, and what is kept of them.
constexpr std::size_t kBlockLinesMax = 16;
constexpr std::size_t kBlockBytesMax = 8000;
constexpr std::size_t kFoundMax = 5000;

/// How surely a line names a recipient.
enum class Weight { none, mentioned, announced, stated };

std::string_view without_bullet(std::string_view line) {
  line = trim(line);
  while (!line.empty() &&
         (std::string_view("*-+|>").find(line[0]) != std::string_view::npos || is_space(line[0])))
    line.remove_prefix(1);
  if (line.starts_with("\xE2\x80\xA2")) line.remove_prefix(3);  // a bullet
  return trim(line);
}

/// What stands before the address decides: nobody to be delivered to is introduced like this.
bool names_somebody_else(std::string_view before) {
  constexpr std::array<std::string_view, 27> kOthers{
      "mail from:",    "from:",     "from",     "sender:",      "contact", "assistance", "help",
      "message-id",    "helo",      "ehlo",     "by",           "mailto:", "reply-to:",  "envelope-from",
      "write to",      "e-mail to", "email to", "send mail to", "mail to", "sorry",      "von",
      "expanded from", "abuse",     "support",  "hello",        "dear",    "hi"};
  while (!before.empty() && std::string_view(" <(\"':").find(before.back()) != std::string_view::npos &&
         before.back() != ':')
    before.remove_suffix(1);
  for (const auto other : kOthers) {
    const bool is_word =
        before.size() == other.size() ||
        (before.size() > other.size() && !is_alnum(before[before.size() - other.size() - 1]));
    if (before.ends_with(other) && is_word) return true;
    if (before.ends_with(':') && before.substr(0, before.size() - 1).ends_with(other) && is_word) return true;
  }
  return false;
}

/// "Recipient:", "RCPT TO:", "undeliverable to": the words right before a recipient.
bool introduces_recipient(std::string_view before) {
  constexpr std::array<std::string_view, 29> kLabels{
      "rcpt to:",      "rcpt to",          "recipient:",      "recipients:",
      "recipient",     "address:",         "addresses:",      "userid:",
      "failed:",       "undeliverable to", "delivered to:",   "delivered to",
      "deliver to",    "addressed to:",    "addressed to",    "rejected recipient",
      "affected:",     "email account:",   "deliver mail to", "deliver message to",
      "delivery to",   "unknown user:",    "user unknown:",   "empfänger:",
      "destinataire:", "destinatario:",    "destinatário:",   "宛先:",
      "for:"};
  while (!before.empty() && std::string_view(" <(\"'").find(before.back()) != std::string_view::npos)
    before.remove_suffix(1);
  return std::any_of(kLabels.begin(), kLabels.end(),
                     [before](auto label) { return before.ends_with(label); });
}

bool begins_with_reply(std::string_view line) {
  line = trim(line);
  while (!line.empty() && (line[0] == '<' || line[0] == '>' || line[0] == ' ')) line.remove_prefix(1);
  return line.size() > 3 && (line[0] == '4' || line[0] == '5') && is_digit(line[1]) && is_digit(line[2]) &&
         (line[3] == ' ' || line[3] == '-');
}

/// Nothing but the address, or the address and then what happened to it.
bool leads_line(std::string_view line, const FoundAddress &found) {
  const auto rest = line.substr(found.end);
  const auto before = without_bullet(line.substr(0, found.begin));
  if (!before.empty() && before != "'" && before != "\"" && before != "<" && before != "[") return false;
  const auto after = trim(rest);
  if (after.empty() || found.is_bracketed) return true;
  return std::string_view(":.(,;'\"<>]").find(after[0]) != std::string_view::npos ||
         after.starts_with("- ") || after.starts_with("on ") || announces_failure(normalised(after)) ||
         meaning_of(normalised(after)).has_value();
}

/// "(expanded from: <info@customer.example>)": what the sender wrote.
std::string expanded_from(std::string_view words) {
  constexpr std::string_view kPhrase = "expanded from";
  const auto at = words.find(kPhrase);
  if (at == std::string_view::npos) return {};
  auto found = find_addresses(words.substr(at, 300), 1);
  return found.empty() || found.front().begin > kPhrase.size() + 20 ? std::string{}
                                                                    : std::move(found.front().address);
}

class Mentions {
 public:
  Mentions(const BounceText &text, const std::vector<std::string> &own) : text_(text), own_(own) {
    for (std::size_t i = 0; i < text_.lines.size(); ++i) weigh_line(i);
  }

  Weight heaviest() const {
    auto weight = Weight::none;
    for (const auto &entry : found_) weight = std::max(weight, entry.weight);
    return weight;
  }

  std::vector<Mention> of(Weight weight) const {
    std::vector<Mention> mentions;
    if (weight == Weight::none) return mentions;
    for (const auto &entry : found_) {
      const bool is_known = std::any_of(mentions.begin(), mentions.end(), [&entry](const Mention &mention) {
        return same_address(mention.address, entry.address);
      });
      if (entry.weight == weight && !is_known && mentions.size() < kRecipientsMax)
        mentions.push_back({entry.address, {}, {}});
    }
    if (weight == Weight::mentioned) mentions.resize(1);
    for (auto &mention : mentions) {
      mention.words = words_about(text_, mention.address);
      mention.original_address = expanded_from(mention.words);
    }
    return mentions;
  }

 private:
  struct Entry {
    std::string address;
    Weight weight;
  };

  bool is_own(std::string_view address) const {
    return std::any_of(own_.begin(), own_.end(),
                       [address](const auto &own) { return same_address(own, address); });
  }

  void weigh_line(std::size_t i) {
    const auto &line = text_.lines[i];
    if (line.starts_with(">") && !line.starts_with(">>>")) return;
    if (found_.size() >= kFoundMax) return;
    for (const auto &address : text_.addresses[i]) {
      const auto before =
          normalised((i > 0 ? text_.lines[i - 1] + ' ' : std::string{}) + line.substr(0, address.begin));
      auto weight = weight_of(line, i, address, before);
      const bool is_certain = before.ends_with("rcpt to:") || before.ends_with("rcpt to: <") ||
                              before.ends_with("rcpt to:<") || is_spoken_of(line, address);
      if (is_own(address.address) && !is_certain) weight = Weight::none;
      if (weight != Weight::none) found_.push_back({address.address, weight});
    }
  }

  /// "<anna@customer.example> (expanded from <info@customer.example>): host … said": also somebody who wrote
  /// to himself through another address.
  static bool is_spoken_of(std::string_view line, const FoundAddress &address) {
    if (!address.is_bracketed || address.begin != 0) return false;
    const auto after = normalised(line.substr(address.end));
    return after.starts_with(": host ") || after.starts_with("(expanded from") ||
           after.starts_with(" (expanded from");
  }

  Weight weight_of(std::string_view line, std::size_t i, const FoundAddress &address,
                   std::string_view before) {
    if (before.ends_with("generated from")) return Weight::mentioned;
    if (introduces_recipient(before)) return Weight::stated;
    if (names_somebody_else(before)) return Weight::none;
    if (leads_line(line, address) || begins_with_reply(line)) return Weight::stated;
    if (is_short_beside(line, address) && is_announced_above(i)) return Weight::stated;
    if (is_announcement(i)) return Weight::announced;
    return starts_with_ignoring_case(local_part(address.address), "postmaster") ? Weight::none
                                                                                : Weight::mentioned;
  }

  /// "SMTP <anna@customer.example>", after an empty line or not, under an announcement.
  static bool is_short_beside(std::string_view line, const FoundAddress &address) {
    constexpr std::size_t kBesideBytesMax = 12;
    return address.is_bracketed && trim(line).size() - (address.end - address.begin) <= kBesideBytesMax;
  }
  bool is_announced_above(std::size_t i) const {
    while (i > 0 && trim(text_.lines[i - 1]).empty()) --i;
    return i > 0 && announces_failure(
                        normalised((i > 1 ? text_.lines[i - 2] + ' ' : std::string{}) + text_.lines[i - 1]));
  }

  /// The line, or the sentence that runs through it, tells of a failure. Asked for each address of a line,
  /// found once.
  bool is_announcement(std::size_t i) {
    if (announcement_at_ == i) return is_announcement_;
    const auto wider = normalised((i > 0 ? text_.lines[i - 1] + ' ' : std::string{}) + text_.lines[i] +
                                  (i + 1 < text_.lines.size() ? ' ' + text_.lines[i + 1] : std::string{}));
    announcement_at_ = i;
    is_announcement_ = announces_failure(wider) || announces_delay(wider) || meaning_of(wider).has_value();
    return is_announcement_;
  }

  const BounceText &text_;
  const std::vector<std::string> &own_;
  std::vector<Entry> found_;
  std::size_t announcement_at_{std::string::npos};
  bool is_announcement_{false};
};

/// AOL names its users without their domain, alone on the lines after the announcement.
std::vector<Mention> local_names(const BounceText &text, std::string_view domain) {
  std::vector<Mention> mentions;
  bool is_announced = false;
  for (const auto &line : text.lines) {
    const auto word = trim(line);
    if (word.empty()) continue;
    const auto name = word.substr(0, word.find("  "));
    const bool is_name =
        name.size() <= 64 &&
        std::all_of(name.begin(), name.end(),
                    [](char c) { return is_alnum(c) || c == '.' || c == '-' || c == '_'; }) &&
        (name.size() == word.size() || meaning_of(normalised(word.substr(name.size()))).has_value());
    const bool is_indented = line[0] == ' ' || line[0] == '\t';
    if (is_announced && is_name && is_indented && !domain.empty() && mentions.size() < kRecipientsMax)
      mentions.push_back(
          {std::string(name) + '@' + std::string(domain), text.words.substr(0, kBlockBytesMax), {}});
    else
      is_announced = announces_failure(normalised(line)) || (is_announced && !is_name && !mentions.empty());
  }
  return mentions;
}

}  // namespace

std::vector<Mention> find_mentions(const BounceText &text, const std::vector<std::string> &own,
                                   std::string_view domain) {
  const Mentions all(text, own);
  auto mentions = all.of(all.heaviest());
  return mentions.empty() ? local_names(text, domain) : mentions;
}

std::vector<Mention> find_stated(const BounceText &text, const std::vector<std::string> &own) {
  return Mentions(text, own).of(Weight::stated);
}

std::string words_about(const BounceText &text, std::string_view address) {
  std::string words;
  const auto names = [&](std::size_t i) {
    return std::any_of(text.addresses[i].begin(), text.addresses[i].end(),
                       [address](const auto &found) { return same_address(found.address, address); });
  };
  const auto opens_other = [&](std::size_t i) {
    const auto &found = text.addresses[i];
    return !found.empty() && !same_address(found.front().address, address) &&
           (leads_line(text.lines[i], found.front()) || begins_with_reply(text.lines[i]));
  };
  std::size_t until = 0;
  std::string dialog;  // the quoted SMTP lines right before: old sendmails name the recipient after what was
                       // said of him
  for (std::size_t i = 0; i < text.lines.size() && words.size() < kBlockBytesMax; ++i) {
    if (names(i)) {
      if (i >= until) words += dialog;
      until = std::max(until, i + kBlockLinesMax);
    } else if (opens_other(i)) {
      until = 0;
    }
    if (i < until) words += text.lines[i] + '\n';
    const std::string_view line = text.lines[i];
    if (line.starts_with("<<<") || line.starts_with(">>>"))
      dialog += text.lines[i] + '\n';
    else
      dialog.clear();
  }
  return words;
}

}  // namespace relance::report
