// Which message does the id in the words of a receipt mean? Many message centres write the id of their
// response there in another base: 6AAD5 in the response, 0000436949 in the receipt. An option
// (receipted_message_id) never does. What an id means is settled by what was given, never by a guess: a
// receipt put on the wrong message would stop one reminder and start another.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace relance::smpp {

enum class ReceiptIds : std::uint8_t {
  automatic,    ///< as it proves to be, by the ids that were given to this instance
  same,         ///< the very same characters
  decimal,      ///< receipts write in decimal what responses give in hexadecimal
  hexadecimal,  ///< receipts write in hexadecimal what responses give in decimal
};

class MessageIds {
 public:
  /// `learned`: what learned() said before a restart; empty at first.
  MessageIds(ReceiptIds mode, std::string_view learned);

  /// [any thread] A response gave this id.
  void given(std::string_view id);
  /// [any thread] The id, as a response gave it, that these words of a receipt mean. Nothing: two messages
  /// fit, and which one is meant will show.
  std::optional<std::string> meant(std::string_view words_id);
  /// [any thread] A few characters to keep for the next start.
  std::string learned() const;

  /// Ids that are remembered, the latest ones.
  static constexpr std::size_t kRememberedMax{20'000};
  /// So many receipts must speak for one way of writing, while none speaks for another.
  static constexpr int kProofs{3};

 private:
  /// How the ids of the responses are written.
  struct Style {
    bool has_upper{false}, has_lower{false};
    std::size_t width{0};  ///< of ids with leading zeros; 0: there are none
  };
  void look_at(std::string_view id);
  [[nodiscard]] std::string to_hexadecimal(std::string_view decimal) const;
  [[nodiscard]] std::string to_decimal(std::string_view hexadecimal) const;
  [[nodiscard]] std::string as_given(std::string_view id) const;
  [[nodiscard]] std::string pad(std::string digits) const;
  [[nodiscard]] bool is_known(const std::string &id) const { return !id.empty() && known_.contains(id); }
  std::optional<std::string> by_evidence(std::string_view words_id);

  const ReceiptIds mode_;
  mutable std::mutex mutex_;
  Style style_;
  ReceiptIds learned_{ReceiptIds::automatic};
  struct Proofs {
    int count{0};
  };
  Proofs same_, decimal_, hexadecimal_;
  std::unordered_set<std::string> known_;
  std::deque<std::string> order_;
};

}  // namespace relance::smpp
