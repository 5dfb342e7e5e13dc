#include "plugins/esp/mail.hpp"

#include "plugins/protocol/mime/mime.hpp"

#include <array>
#include <vector>

namespace relance::esp {
namespace {

/// `"Martin, Camille" <c@example.org>`: what JSON interfaces take for a From. They encode it for the header
/// themselves.
std::string field_of(std::string_view name, std::string_view address) {
  if (name.empty()) return std::string{address};
  std::string quoted{"\""};
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) quoted += c;
  }
  return quoted + "\" <" + std::string{address} + '>';
}

std::string_view body(const sdk::Message &message, std::string_view role) {
  const auto *part = message.find_part(role);
  return part == nullptr ? std::string_view{} : part->bytes;
}

mime::Result<mime::Built> build(const sdk::Message &message, std::string_view from,
                                std::string_view message_id) {
  const std::array<mime::Address, 1> to{{{message.addressee.name, message.addressee.address}}};
  std::vector<mime::Attachment> attachments;
  for (const auto &part : message.parts)
    if (part.role != "text" && part.role != "html")
      attachments.push_back(
          {part.media_type.substr(0, part.media_type.find_first_of("; ")), part.file_name, part.bytes});
  mime::Message mail;
  mail.from = {message.sender.name, from};
  mail.to = to;
  mail.reply_to = {{}, message.sender.reply_to};
  mail.subject = message.subject;
  mail.date_unix_s = message.dated_ms / 1000;
  mail.message_id = message_id;
  mail.text = body(message, "text");
  mail.html = body(message, "html");
  mail.attachments = attachments;
  return mime::build(mail);
}

}  // namespace

const gateway::Known &known_of_mail() {
  static const gateway::Known names{
      {"key", "to", "to_name", "from", "from_name", "from_field", "reply_to", "subject", "text", "html",
       "html_type", "message_id", "mime", "language", "country", "invoice", "attempt", "webhook_url"},
      {{"attachments", {"name", "type", "bytes"}}}};
  return names;
}

Mail to_mail(const sdk::Message &message, std::string_view default_from, std::string_view message_id_domain,
             std::string_view webhook_url, bool with_mime) {
  Mail mail;
  const std::string from{message.sender.address.empty() ? default_from : message.sender.address};
  for (const auto &[address, field] :
       {std::pair{std::string_view{from}, "from"}, std::pair{message.addressee.address, "to"}}) {
    if (const auto wire = mime::wire_address(address, field); wire.has_error()) {
      mail.refused_because = wire.error().text();
      return mail;
    }
  }
  const auto domain =
      message_id_domain.empty() ? std::string_view{from}.substr(from.rfind('@') + 1) : message_id_domain;
  const auto message_id = std::string{message.idempotency_key} + '@' + std::string{domain};
  const auto html = body(message, "html");
  mail.variables = {{"key", std::string{message.idempotency_key}},
                    {"to", std::string{message.addressee.address}},
                    {"to_name", std::string{message.addressee.name}},
                    {"from", from},
                    {"from_name", std::string{message.sender.name}},
                    {"from_field", field_of(message.sender.name, from)},
                    {"reply_to", std::string{message.sender.reply_to}},
                    {"subject", std::string{message.subject}},
                    {"text", std::string{message.text()}},
                    {"html", std::string{html}},
                    {"html_type", html.empty() ? "" : "text/html"},
                    {"message_id", message_id},
                    {"language", std::string{message.addressee.language}},
                    {"country", std::string{message.addressee.country}},
                    {"invoice", std::string{message.reference("invoice")}},
                    {"attempt", std::to_string(message.attempt_number)},
                    {"webhook_url", std::string{webhook_url}}};
  auto &attachments = mail.lists["attachments"];
  for (const auto &part : message.parts) {
    if (part.role == "text" || part.role == "html") continue;
    attachments.push_back({{"name", std::string{part.file_name}},
                           {"type", std::string{part.media_type}},
                           {"bytes", std::string{part.bytes}}});
  }
  if (!with_mime) return mail;
  auto built = build(message, from, message_id);
  if (built.has_error())
    mail.refused_because = built.error().text();
  else
    mail.variables["mime"] = std::move(built->bytes);
  return mail;
}

}  // namespace relance::esp
