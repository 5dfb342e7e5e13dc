#include "plugins/smtp/message.hpp"

#include "plugins/protocol/report/report.hpp"

#include <relance/host.hpp>

#include <array>
#include <vector>

namespace relance::smtp_channel {

using sdk::to_view;

mime::Result<smtp::Submission> make_submission(const relance_message &message, const Settings &settings) {
  const auto key = to_view(message.idempotency_key);
  const auto &addressee = *message.addressee;
  const auto &sender = *message.sender;
  const auto message_id = std::string{key} + '@' + settings.message_id_domain;
  const auto return_path = settings.return_path(key);
  const std::array<mime::Address, 1> to{{{to_view(addressee.name), to_view(addressee.address)}}};
  mime::Message mail;
  mail.from = {to_view(sender.name), to_view(sender.address)};
  mail.to = to;
  const auto reply_address = settings.reply_address(key);
  mail.reply_to = {{}, reply_address.empty() ? to_view(sender.reply_to) : std::string_view{reply_address}};
  mail.subject = to_view(message.subject);
  mail.date_unix_s = message.dated_ms / 1000;
  mail.message_id = message_id;
  std::vector<mime::Attachment> attachments;
  for (std::size_t index{0}; index < message.part_count; ++index) {
    const auto &part = *message.parts[index];
    const auto role = to_view(part.role);
    if (role == "text") {
      mail.text = to_view(part.bytes);
    } else if (role == "html") {
      mail.html = to_view(part.bytes);
    } else {
      auto media_type = to_view(part.media_type);
      media_type = media_type.substr(0, media_type.find_first_of("; "));
      attachments.push_back({media_type, to_view(part.file_name), to_view(part.bytes)});
    }
  }
  mail.attachments = attachments;
  // A complaint comes back with addresses and ids blacked out; a field of our own is left as it is.
  const std::array<mime::Header, 2> headers{
      {{report::kKeyHeader, key}, {"Disposition-Notification-To", return_path}}};
  const bool asks{settings.request_read_receipt || (message.flags & RELANCE_MSG_READ_RECEIPT) != 0};
  mail.headers = std::span{headers}.first(asks ? 2 : 1);

  auto built = mime::build(mail);
  if (built.has_error()) return built.error();
  auto wire = mime::wire_address(mail.to.front().email, "to");
  if (wire.has_error()) return wire.error();
  auto from = mime::wire_address(return_path, "envelope_sender");
  if (from.has_error()) return from.error();
  smtp::Submission submission;
  submission.id = message.token;
  submission.envelope = {
      std::move(from->email), {std::move(wire->email)}, std::string{key}, built->needs_smtputf8};
  auto author = mime::wire_address(mail.from.email, "from");  // its domain in A-labels, as in d=
  if (author.has_error()) return author.error();
  const auto signatures = settings.signatures_for(author->email);
  auto signature_fields = dkim::sign(built->bytes, signatures, mail.date_unix_s);
  if (signature_fields.empty() && !signatures.empty())
    return mime::Refusal{mime::Fault::unsigned_mail, "dkim"};
  submission.content = std::move(signature_fields);
  submission.content += built->bytes;
  return submission;
}

}  // namespace relance::smtp_channel
