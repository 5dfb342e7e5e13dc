#include "plugins/lre/pec/message.hpp"

#include "plugins/protocol/report/report.hpp"

#include <array>

namespace relance::lre::pec {
namespace {

bool is_body(const sdk::Part &part) {
  return part.role == "text" || part.role == "html";
}

std::string_view without_parameters(std::string_view media_type) {
  return media_type.substr(0, media_type.find_first_of("; "));
}

}  // namespace

std::vector<sdk::Quote::Issue> faults_of(const sdk::Message &message, const Settings &settings) {
  std::vector<sdk::Quote::Issue> issues;
  if (mime::wire_address(message.addressee.address, "to").has_error())
    issues.push_back({"/addressee/address", "is no e-mail address"});
  std::size_t bytes{0};
  for (const auto &part : message.parts)
    if (!is_body(part)) bytes += part.bytes.size();
  if (bytes > settings.attachments_bytes_max)
    issues.push_back({"/parts", "documents of " + std::to_string(bytes) + " bytes: at most " +
                                    std::to_string(settings.attachments_bytes_max) + " are sent"});
  return issues;
}

mime::Result<smtp::Submission> make_submission(const sdk::Message &message, std::uint64_t id,
                                               const Settings &settings) {
  const std::array<mime::Address, 1> to{{{message.addressee.name, message.addressee.address}}};
  const auto message_id = settings.message_id(message.idempotency_key);
  mime::Message mail;
  mail.from = {message.sender.name, settings.address};
  mail.to = to;
  mail.subject = message.subject;
  mail.date_unix_s = message.dated_ms / 1000;
  mail.message_id = message_id;
  std::vector<mime::Attachment> attachments;
  for (const auto &part : message.parts) {
    if (part.role == "text")
      mail.text = part.bytes;
    else if (part.role == "html")
      mail.html = part.bytes;
    else
      attachments.push_back({without_parameters(part.media_type),
                             part.file_name.empty() ? std::string_view{"documento.pdf"} : part.file_name,
                             part.bytes});
  }
  mail.attachments = attachments;
  const std::array<mime::Header, 2> headers{
      {{"X-TipoRicevuta", settings.receipt}, {report::kKeyHeader, message.idempotency_key}}};
  mail.headers = headers;
  auto built = mime::build(mail);
  if (built.has_error()) return built.error();
  auto recipient = mime::wire_address(to.front().email, "to");
  if (recipient.has_error()) return recipient.error();
  auto sender = mime::wire_address(settings.address, "from");
  if (sender.has_error()) return sender.error();
  smtp::Submission submission;
  submission.id = id;
  submission.envelope = {std::move(sender->email), {std::move(recipient->email)}, {}, built->needs_smtputf8};
  submission.content = std::move(built->bytes);
  return submission;
}

}  // namespace relance::lre::pec
