// Maileva's words: what to say of a letter, and what its states, events and the codes of La Poste become.
#pragma once

#include "plugins/postal/letter.hpp"
#include "plugins/postal/maileva/settings.hpp"
#include "plugins/postal/states.hpp"

#include <relance/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relance::postal::maileva {

/// "registered_mail/v4/sendings/ID" or "mail/v2/sendings/ID": where a letter stands at the provider, and our
/// reference for it.
struct SendingRef {
  std::string product, id;
  [[nodiscard]] std::string text() const { return product + "/sendings/" + id; }
  [[nodiscard]] bool is_registered() const { return product.starts_with("registered"); }
  static std::optional<SendingRef> parse(std::string_view text);
};
inline constexpr const char *kRegistered{"registered_mail/v4"};
inline constexpr const char *kPlain{"mail/v2"};

/// Maileva's window: six lines of 38 characters.
inline constexpr LetterLimits kLimits{.bytes_max = 20'000'000, .lines_max = 6, .line_characters_max = 38};

/// What Maileva would refuse of the recipient's and the sender's address.
void hold_addresses(const sdk::Message &message, Letter &letter);
/// Empty: Maileva has no such service.
[[nodiscard]] std::string product_for(std::string_view service);
[[nodiscard]] std::string sending_json(const Settings &settings, const sdk::Message &message);
/// The last line of an address is the sixth; the others stand as low as they can, from the second on.
[[nodiscard]] std::string recipient_json(const sdk::Message &message);

/// "registered_mail/v4/sendings/ID/recipients/ID/download_…", as a receipt names a proof.
[[nodiscard]] bool is_proof(std::string_view reference);

/// One event of a callback or of /notifications. `needs_record`: what it means stands in the recipient's
/// record, which `record` is (absent: not asked for yet).
struct Event {
  std::string type{}, sending{},
      key{};  ///< `sending`: a SendingRef; empty where the event is about a recipient
  std::int64_t at_ms{0};
  [[nodiscard]] bool needs_record() const;
};
[[nodiscard]] std::optional<Event> read_event(std::string_view json);
[[nodiscard]] std::optional<sdk::Receipt> receipt_of(const Event &event);
/// All that a recipient's record says, and the proofs that are there, as references.
[[nodiscard]] std::vector<sdk::Receipt> receipts_of(const SendingRef &ref, const std::string &key,
                                                    const sdk::Json &recipient);
/// La Poste's code, or the reason of undelivered mail.
[[nodiscard]] Meaning meaning_of_code(std::string_view code);

/// What we subscribe to: the events that the notification centre lists for each resource.
struct Subscription {
  std::string_view resource_type, event_type;
};
[[nodiscard]] std::span<const Subscription> subscriptions();

}  // namespace relance::postal::maileva
