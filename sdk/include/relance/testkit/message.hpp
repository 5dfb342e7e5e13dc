// A message for a test, with defaults for all that the test is not about.
#ifndef RELANCE_TESTKIT_MESSAGE_HPP
#define RELANCE_TESTKIT_MESSAGE_HPP

#include <relance/plugin.h>
#include <relance/signature.hpp>

#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace relance::testkit {

struct TestPart {
  std::string role{"text"}, media_type{"text/plain; charset=utf-8"}, file_name{}, bytes{};
};

struct TestMessage {
  std::string channel{"sms"}, address{}, name{"Camille Martin"};
  std::string organisation{}, given_name{}, family_name{};  ///< where `name` is known by its parts
  std::string idempotency_key{};                            ///< empty: made from the token
  std::vector<std::string> postal_lines{};
  std::string country{"FR"}, language{"fr-FR"};
  bool has_consent{true}, is_consumer{false};
  std::string sender_name{"Exemple SARL"}, sender_address{}, reply_to{};
  std::string service{"plain"}, subject{"Facture F-2026-017"};
  std::vector<TestPart> parts{{.bytes = "Bonjour, la facture F-2026-017 est echue."}};
  std::vector<std::pair<std::string, std::string>> references{{"invoice", "F-2026-017"}};
  std::uint32_t attempt_number{1};
  std::int64_t not_after_in_ms{60'000};  ///< from the host's wall time on; negative: it is too late already
  std::int64_t valid_until_in_ms{0};     ///< 0: none

  static TestMessage to(std::string address, std::string text) {
    return {.address = std::move(address), .parts = {{.bytes = std::move(text)}}};
  }
};

/// The C struct of a message, and all that it points to. Lives until its token has ended.
class MessageBox {
 public:
  MessageBox(TestMessage message, relance_token token, std::int64_t wall_ms, std::int64_t business_ms)
      : m_(std::move(message)) {
    if (m_.idempotency_key.empty())
      m_.idempotency_key = "01TESTKIT00000000000" + std::to_string(1'000'000 + token);
    for (const auto &line : m_.postal_lines) lines_.push_back(str(line));
    for (const auto &[key, value] : m_.references) references_.push_back({str(key), str(value)});
    for (const auto &part : m_.parts) {
      auto &raw = parts_.emplace_back();
      raw.size = sizeof raw;
      raw.role = str(part.role);
      raw.media_type = str(part.media_type);
      raw.file_name = str(part.file_name);
      raw.bytes = str(part.bytes);
      raw.sha256 = digests_.emplace_back(sdk::Sha256{}.add(part.bytes).digest()).data();
      part_pointers_.push_back(&raw);
    }
    addressee_.size = sizeof addressee_;
    addressee_.flags =
        (m_.has_consent ? RELANCE_ADDR_CONSENT : 0u) | (m_.is_consumer ? RELANCE_ADDR_CONSUMER : 0u);
    addressee_.channel = str(m_.channel);
    addressee_.address = str(m_.address);
    addressee_.name = str(m_.name);
    addressee_.postal_lines = lines_.data();
    addressee_.postal_line_count = lines_.size();
    addressee_.country = str(m_.country);
    addressee_.language = str(m_.language);
    addressee_.organisation = str(m_.organisation);
    addressee_.given_name = str(m_.given_name);
    addressee_.family_name = str(m_.family_name);
    sender_.size = sizeof sender_;
    sender_.name = str(m_.sender_name);
    sender_.address = str(m_.sender_address);
    sender_.reply_to = str(m_.reply_to);
    raw_.size = sizeof raw_;
    raw_.token = token;
    raw_.idempotency_key = str(m_.idempotency_key);
    raw_.addressee = &addressee_;
    raw_.sender = &sender_;
    raw_.service = str(m_.service);
    raw_.subject = str(m_.subject);
    raw_.parts = part_pointers_.data();
    raw_.part_count = part_pointers_.size();
    raw_.references = references_.data();
    raw_.reference_count = references_.size();
    raw_.attempt_number = m_.attempt_number;
    raw_.dated_ms = business_ms;
    raw_.not_after_ms = wall_ms + m_.not_after_in_ms;
    raw_.valid_until_ms = m_.valid_until_in_ms == 0 ? 0 : wall_ms + m_.valid_until_in_ms;
  }
  MessageBox(const MessageBox &) = delete;
  MessageBox &operator=(const MessageBox &) = delete;

  [[nodiscard]] const relance_message *raw() const { return &raw_; }

 private:
  static relance_str str(const std::string &text) { return {text.data(), text.size()}; }

  TestMessage m_;
  std::vector<relance_str> lines_;
  std::vector<relance_kv> references_;
  std::deque<relance_part> parts_;
  std::deque<sdk::Sha256::Digest> digests_;
  std::vector<const relance_part *> part_pointers_;
  relance_addressee addressee_{};
  relance_sender sender_{};
  relance_message raw_{};
};

}  // namespace relance::testkit
#endif
