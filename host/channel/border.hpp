// The two ways over the border: the host's values as borrowed C structs for a plugin, and a plugin's C
// structs as values of the host. Whatever a plugin writes into a struct, a well-formed value comes out.
#pragma once

#include "host/channel/provider.hpp"

#include <relance/plugin.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace relance::channel {

/// A struct of the other side, as far as it goes; what it does not have is zero (rule R1).
template <class T>
T read_sized(const T *theirs) {
  T ours{};
  std::memcpy(&ours, theirs, std::min<std::size_t>(theirs->size, sizeof ours));
  ours.size = sizeof ours;
  return ours;
}

inline relance_str to_str(std::string_view text) {
  return {text.data(), text.size()};
}
inline std::string_view to_view(relance_str text) {
  return text.data == nullptr ? std::string_view{} : std::string_view{text.data, text.len};
}

/// One line for a log or an operator: control characters blanked, at most kTextMax bytes.
std::string to_line(std::string_view text);
inline constexpr std::size_t kTextMax{4096};  ///< a provider's words; more is cut, as nobody reads it

inline constexpr std::size_t kRefsMax{
    RELANCE_REFS_MAX};  ///< of one result: the parts of the longest SMS that anybody sends
inline constexpr std::size_t kRefBytesMax{RELANCE_REF_BYTES_MAX};
/// One that is cut would name another message, or none.
inline bool is_ref(relance_str ref) {
  return ref.data != nullptr && ref.len != 0 && ref.len <= kRefBytesMax;
}

/// A span that a plugin states: beyond ten years it is as good as that, and can be added to any moment.
/// "Never certain", written as the largest number, must not become "at once" by an overflow.
inline constexpr std::int64_t kSpanMaxMs{10ll * 365 * 24 * 3'600'000};
inline Milliseconds bounded(std::int64_t ms) {
  return Milliseconds{std::clamp<std::int64_t>(ms, 0, kSpanMaxMs)};
}

inline constexpr std::int32_t kDateDaysMax{2'932'896};  ///< 9999-12-31

/// Messages as a plugin reads them. Every pointer goes into the arrays here or to what the owner of the bytes
/// keeps, so the arrays are reserved to their final size before anything is added and never grow.
class MessageArrays {
 public:
  struct Counts {
    std::size_t parts{0}, postal_lines{0}, references{0}, sender_lines{0};
  };
  void reserve(std::size_t messages, Counts totals);
  /// A message with room for so many parts, lines and references, to be filled in through the pointers
  /// returned.
  struct Slot {
    relance_message *message;
    relance_addressee *addressee;
    relance_sender *sender;
    relance_part *parts;
    relance_str *postal_lines, *sender_lines;
    relance_kv *references;
  };
  Slot add(Counts counts);

  [[nodiscard]] const std::vector<relance_message> &messages() const { return messages_; }

 private:
  std::vector<relance_message> messages_;
  std::vector<relance_addressee> addressees_;
  std::vector<relance_sender> senders_;
  std::vector<relance_part> parts_;
  std::vector<const relance_part *> part_pointers_;
  std::vector<relance_str> postal_lines_;
  std::vector<relance_kv> references_;
};

/// Submissions together with their C face.
struct MessageBatch {
  explicit MessageBatch(std::vector<Submission> batch);
  std::vector<Submission> submissions;
  MessageArrays arrays;
};

std::uint32_t address_flags(const Addressee &addressee);
std::uint32_t message_flags(const Submission &submission);
MessageArrays::Counts counts_of(const Submission &submission);

Outcome to_outcome(const relance_result &result);
Recall to_recall(const relance_recalled &result);
Discard to_discard(const relance_discarded &result);
Parsed to_parsed(const relance_parsed &result);
Polled to_polled(const relance_polled &result);
Inbound to_inbound(const relance_inbound &inbound);
Health to_health(const relance_health &health);
Fields to_fields(const relance_kv *fields, std::size_t count);
Traits to_traits(const relance_descriptor &descriptor, const relance_traits &traits);

OutcomeKind to_outcome_kind(std::uint32_t outcome);
FailureClass to_failure_class(std::uint32_t failure);
ReceiptKind to_receipt_kind(std::uint32_t kind);
ReplyKind to_reply_kind(std::uint32_t kind);

}  // namespace relance::channel
