#include "plugins/protocol/report/letter_kind.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/wording.hpp"

#include <algorithm>

namespace relance::report {
namespace {

// clang-format off
constexpr std::string_view kSystemSenders =
    "mailer-daemon|mailer_daemon|mailerdaemon|mail delivery|mail.delivery|maildelivery|postmaster|"
    "post_master|poostmaster|mdaemon|system administrator|mail system|mail administrator|mailadmin|"
    "delivery subsystem|delivery system|bounce@|interscan|mail server|email server|mailserver|"
    "exchange server|microsoftexchange|symantec|mail router|mail gateway|antispam|listserv";

constexpr std::string_view kDeliverySubjects =
    "undeliver|returned mail|return mail|mail returned|failure notice|delivery status|"
    "delivery notification|delivery report|delivery fail|delivery failure|delivery has failed|"
    "delivery error|delivery problem|delivery delay|delivery unsuccess|mail delivery|message delivery|"
    "failed mail|mail fail|failed delivery|failure delivery|mail system error|mail error|nondeliver|"
    "non deliver|non-deliver|not delivered|could not be delivered|couldn't be delivered|bounced|"
    "unable to deliver|returning message|returned to sender|message status|delayed|warning: message|"
    "warning: could not send|loop alert|user unknown|unknown user|unknown recipient|rejected|message you sent*blocked|message*was blocked|"
    "message blocked|"
    "unzustellbar|zustellung|nicht zugestellt|non remis|non distribu|échec de|Échec de|non recens|"
    "no entregado|no se ha podido entregar|error de entrega|mancato recapito|non recapitabile|recapito|"
    "não entregue|onbestelbaar|niet bezorgd|ikke leveret|inte levereras|nie dostarczono|недоставлен|"
    "не доставлен|エラー|配信|送信|届け|退信|配達|mail non consegnat";

constexpr std::string_view kAwaySubjects =
    "out of office|out of the office|automatic reply|autoreply|auto-reply|auto reply|auto response|"
    "autoresponse|automated response|vacation|away from|on leave|abwesenheit|automatische antwort|"
    "abwesend|réponse automatique|reponse automatique|absent du bureau|fuera de la oficina|"
    "respuesta automática|fuori ufficio|risposta automatica|resposta automática|afwezig|"
    "automatisch antwoord|frånvaro|autosvar|automatyczna odpowied|nieobecno|автоответ|自動応答|自動返信|不在|"
    "message d'absence|absence du bureau|réponse d'absence";

/// A system took a message in and says so; nobody has read it yet.
constexpr std::string_view kAcknowledgingSubjects =
    "we have received your|your request has been received|your message has been received|ticket created|"
    "ticket has been created|eingangsbestätigung|ihre anfrage ist eingegangen|ihre nachricht ist eingegangen|"
    "accusé de réception|votre demande a bien été|votre message a bien été|nous avons bien reçu votre|"
    "hemos recibido su|acuse de recibo|abbiamo ricevuto|conferma di ricezione|ontvangstbevestiging|"
    "recebemos a sua";

// clang-format on

bool is_answer_or_forward(std::string_view subject) {
  for (const std::string_view prefix :
       {"re:", "fw:", "fwd:", "aw:", "wg:", "tr:", "r:", "rv:", "sv:", "antw:"})
    if (subject.starts_with(prefix)) return true;
  return false;
}

}  // namespace

bool is_signed_by_mail_system(const Mail &mail) {
  const auto from = normalised(value_of(mail.header, "from"));
  return (has(mail.header, "from") && from.starts_with("<>")) || holds_any(from, kSystemSenders);
}

bool comes_from_mail_system(const Mail &mail) {
  for (const auto field : {"return-path", "envelope-from", "x-envelope-from"})
    if (trim(value_of(mail.header, field)).starts_with("<>")) return true;
  return is_signed_by_mail_system(mail);
}

bool subject_holds_delivery_words(const Mail &mail) {
  return holds_any(normalised(value_of(mail.header, "subject")), kDeliverySubjects);
}

bool subject_speaks_of_delivery(const Mail &mail) {
  const auto subject = normalised(value_of(mail.header, "subject"));
  return !is_answer_or_forward(subject) && holds_any(subject, kDeliverySubjects);
}

bool is_made_by_machine(const Mail &mail) {
  if (!mail.returned.empty() || lower(value_of(mail.header, "auto-submitted")).starts_with("auto-"))
    return true;
  const auto precedence = lower(value_of(mail.header, "precedence"));
  if (precedence == "bulk" || precedence == "junk" || precedence == "list") return true;
  return holds_any(normalised(value_of(mail.header, "from")),
                   "no-reply|noreply|no_reply|do-not-reply|donotreply|automat");
}

bool is_sent_by_machine(const Mail &mail) {
  const auto submitted = lower(value_of(mail.header, "auto-submitted"));
  if (!submitted.empty() && !submitted.starts_with("no")) return true;
  const auto precedence = lower(value_of(mail.header, "precedence"));
  if (precedence == "bulk" || precedence == "junk") return true;
  for (const auto field : {"return-path", "envelope-from", "x-envelope-from"})
    if (trim(value_of(mail.header, field)).starts_with("<>")) return true;
  if (holds_any(normalised(value_of(mail.header, "from")),
                "no-reply|noreply|no_reply|do-not-reply|donotreply"))
    return true;
  return holds_any(normalised(value_of(mail.header, "subject")), kAcknowledgingSubjects);
}

bool is_auto_reply(const Mail &mail) {
  const auto submitted = lower(value_of(mail.header, "auto-submitted"));
  if (submitted.starts_with("auto-replied")) return true;
  for (const auto field :
       {"x-autoreply", "x-autorespond", "x-autoreply-from", "x-autoresponder", "x-autoresponse"})
    if (has(mail.header, field) && !equals_ignoring_case(value_of(mail.header, field), "no")) return true;
  const auto precedence = lower(value_of(mail.header, "precedence"));
  if (precedence == "auto_reply" || precedence == "auto-reply") return true;
  if (has(mail.header, "x-autogenerated") && lower(value_of(mail.header, "x-autogenerated")) == "reply")
    return true;
  if (has(mail.header, "x-ms-exchange-inbox-rules-loop") || has(mail.header, "x-vacation") ||
      lower(value_of(mail.header, "x-apple-action")) == "vacation")
    return true;
  const auto subject = normalised(value_of(mail.header, "subject"));
  return subject.starts_with("auto:") || holds_any(subject, kAwaySubjects);
}

bool is_feedback(const Mail &mail) {
  if (mail.report_type == "feedback-report") return true;
  const bool has_part = std::any_of(mail.parts.begin(), mail.parts.end(),
                                    [](const Part &part) { return part.type == "message/feedback-report"; });
  if (has_part || has(mail.returned, "x-hmxmroriginalrecipient")) return true;
  const auto subject = normalised(value_of(mail.header, "subject"));
  if (subject.starts_with("complaint about message from") ||
      subject.starts_with("email feedback report for ip"))
    return true;
  return lower(value_of(mail.header, "x-loop")) == "scomp" || subject.starts_with("client tos notification");
}

}  // namespace relance::report
