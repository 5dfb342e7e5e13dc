// The table is knowledge, not code: one line a family, `*` stands for at most kGapBytesMax bytes within it.
// The first line that matches wins, so what is specific stands above what is general. Sources: RFC 3463, the
// IANA registry of enhanced status codes, and the published reply texts of the servers and providers named in
// the comments.
#include "plugins/protocol/report/wording.hpp"

#include "plugins/protocol/report/ascii.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace relance::report {
namespace {

constexpr std::size_t kGapBytesMax = 80;

struct Family {
  std::string_view wording;
  Reason reason;
  std::string_view status;
};

using enum Reason;

constexpr Family kFamilies[] = {
    // Mailbox full.
    {"mailbox*full*retry timeout exceeded", mailbox_full, "4.2.2"},
    {"mailbox*full", mailbox_full, "5.2.2"},
    {"full mailbox", mailbox_full, "5.2.2"},
    {"inbox*full", mailbox_full, "5.2.2"},
    {"mail box*full", mailbox_full, "5.2.2"},
    {"storage*full", mailbox_full, "5.2.2"},
    {"out of storage", mailbox_full, "5.2.2"},
    {"over*quota", mailbox_full, "5.2.2"},
    {"overquota", mailbox_full, "5.2.2"},
    {"quota exceed", mailbox_full, "5.2.2"},
    {"quota*exceeded", mailbox_full, "5.2.2"},
    {"quota violation", mailbox_full, "5.2.2"},
    {"disk quota", mailbox_full, "5.2.2"},
    {"disc quota", mailbox_full, "5.2.2"},
    {"diskspace quota", mailbox_full, "5.2.2"},
    {"exceed*quota", mailbox_full, "5.2.2"},
    {"exceed*storage", mailbox_full, "5.2.2"},
    {"exceed*mailbox", mailbox_full, "5.2.2"},
    {"mailbox*exceed", mailbox_full, "5.2.2"},
    {"not enough disk space", mailbox_full, "5.2.2"},
    {"not enough storage space", mailbox_full, "5.2.2"},
    {"no space left*mailbox", mailbox_full, "5.2.2"},
    {"mailbox*size limit", mailbox_full, "5.2.2"},
    {"too many messages*mailbox", mailbox_full, "5.2.2"},
    {"mailfolder is full", mailbox_full, "5.2.2"},
    {"maildir over", mailbox_full, "5.2.2"},
    {"user has too many messages", mailbox_full, "5.2.2"},
    {"boîte*pleine", mailbox_full, "5.2.2"},
    {"boite*pleine", mailbox_full, "5.2.2"},
    {"quota dépassé", mailbox_full, "5.2.2"},
    {"casella*piena", mailbox_full, "5.2.2"},
    {"casella*raggiunto", mailbox_full, "5.2.2"},
    {"buzón*lleno", mailbox_full, "5.2.2"},
    {"buzon*lleno", mailbox_full, "5.2.2"},
    {"casilla*llena", mailbox_full, "5.2.2"},
    {"caixa*cheia", mailbox_full, "5.2.2"},
    {"postfach*voll", mailbox_full, "5.2.2"},
    {"mailbox*vol ", mailbox_full, "5.2.2"},
    {"skrzynka*pełna", mailbox_full, "5.2.2"},
    {"skrzynka*przepelniona", mailbox_full, "5.2.2"},
    {"ящик*переполнен", mailbox_full, "5.2.2"},
    {"メールボックス*一杯", mailbox_full, "5.2.2"},
    {"容量*超", mailbox_full, "5.2.2"},
    // Too large for the mailbox or the server.
    {"message*too large", message_too_large, "5.3.4"},
    {"message*too big", message_too_large, "5.3.4"},
    {"mail*too large", message_too_large, "5.3.4"},
    {"mail*too big", message_too_large, "5.3.4"},
    {"message too long", message_too_large, "5.3.4"},
    {"message length exceeds", message_too_large, "5.2.3"},
    {"message size*exceed", message_too_large, "5.3.4"},
    {"message*exceed*size", message_too_large, "5.3.4"},
    {"message*exceed*limit", message_too_large, "5.3.4"},
    {"exceed*maximum*size", message_too_large, "5.3.4"},
    {"exceed*size limit", message_too_large, "5.3.4"},
    {"exceeds size", message_too_large, "5.3.4"},
    {"size exceeds", message_too_large, "5.3.4"},
    {"size limit exceeded", message_too_large, "5.3.4"},
    {"line limit exceeded", message_too_large, "5.3.4"},
    {"larger than*limit", message_too_large, "5.3.4"},
    {"larger than the", message_too_large, "5.3.4"},
    {"attachment*too large", message_too_large, "5.3.4"},
    {"mail size limit", message_too_large, "5.3.4"},
    {"max message size", message_too_large, "5.3.4"},
    {"nachricht*zu groß", message_too_large, "5.3.4"},
    {"message*trop volumineux", message_too_large, "5.3.4"},
    {"mensaje*demasiado grande", message_too_large, "5.3.4"},
    {"messaggio*troppo grande", message_too_large, "5.3.4"},
    // Suspended, disabled, on hold.
    {"account*disabled", mailbox_suspended, "5.2.1"},
    {"mailbox*disabled", mailbox_suspended, "5.2.1"},
    {"user*disabled", mailbox_suspended, "5.2.1"},
    {"recipient*disabled", mailbox_suspended, "5.2.1"},
    {"account*suspended", mailbox_suspended, "5.2.1"},
    {"user*suspended", mailbox_suspended, "5.2.1"},
    {"mailbox*suspended", mailbox_suspended, "5.2.1"},
    {"[suspend]", mailbox_suspended, "5.2.1"},
    {"suspended account", mailbox_suspended, "5.2.1"},
    {"mailbox*frozen", mailbox_suspended, "5.2.1"},
    {"mailbox*inactive", mailbox_suspended, "5.2.1"},
    {"account*inactive", mailbox_suspended, "5.2.1"},
    {"inactive user", mailbox_suspended, "5.2.1"},
    {"account*closed", mailbox_suspended, "5.2.1"},
    {"account*expired", mailbox_suspended, "5.2.1"},
    {"account*deactivated", mailbox_suspended, "5.2.1"},
    {"account*locked", mailbox_suspended, "5.2.1"},
    {"account*terminated", mailbox_suspended, "5.2.1"},
    {"account*discontinued", mailbox_suspended, "5.2.1"},
    {"no longer active", mailbox_suspended, "5.2.1"},
    {"not active*mailbox", mailbox_suspended, "5.2.1"},
    {"email account that you tried to reach is", mailbox_suspended, "5.2.1"},
    {"mailbox not available / konto", mailbox_suspended, "5.2.1"},
    {"not accepting messages", mailbox_suspended, "5.2.1"},
    {"not accepting mail*attachments", policy, "5.7.1"},
    {"casilla ha expirado", mailbox_suspended, "5.2.1"},
    {"konto*gesperrt", mailbox_suspended, "5.2.1"},
    // Moved.
    {"has moved", user_moved, "5.1.6"},
    {"no longer*works here", user_moved, "5.1.6"},
    {"no longer with", user_moved, "5.1.6"},
    {"has left the company", user_moved, "5.1.6"},
    {"address has changed", user_moved, "5.1.6"},
    {"user has moved", user_moved, "5.1.6"},
    {"not our customer", user_moved, "5.1.6"},
    {"recipient is no longer", user_moved, "5.1.6"},
    // No such host or domain; no way to it.
    {"domain*not found", host_unknown, "5.1.2"},
    {"domain*does not exist", host_unknown, "5.1.2"},
    {"domain*doesn't exist", host_unknown, "5.1.2"},
    {"host*not found", host_unknown, "5.1.2"},
    {"host unknown", host_unknown, "5.1.2"},
    {"unknown host", host_unknown, "5.1.2"},
    {"unknown domain", host_unknown, "5.1.2"},
    {"domain unknown", host_unknown, "5.1.2"},
    {"no such domain", host_unknown, "5.1.2"},
    {"no such host", host_unknown, "5.1.2"},
    {"invalid domain", host_unknown, "5.1.2"},
    {"bad destination", host_unknown, "5.1.2"},
    {"bad destination host", host_unknown, "5.1.2"},
    {"name or service not known", host_unknown, "5.1.2"},
    {"name service error", host_unknown, "5.4.4"},
    {"nxdomain", host_unknown, "5.1.2"},
    {"unrouteable mail domain", host_unknown, "5.1.2"},
    {"unroutable mail domain", host_unknown, "5.1.2"},
    {"couldn't find any host", host_unknown, "5.1.2"},
    {"couldn't find a mail exchanger", host_unknown, "5.4.4"},
    {"no mail exchanger", host_unknown, "5.4.4"},
    {"mail exchanger*unknown", host_unknown, "5.1.2"},
    {"no mx*found", host_unknown, "5.4.4"},
    {"no valid mx", host_unknown, "5.4.4"},
    {"no route to host", network, "x.4.1"},
    {"all relevant mx records point to non-existent hosts", host_unknown, "5.1.2"},
    {"illegal host", host_unknown, "5.1.2"},
    {"null mx", host_unknown, "5.1.10"},
    {"does not accept mail", host_unknown, "5.1.10"},
    {"domain of the recipient*not", host_unknown, "5.1.2"},
    {"the account or domain may not exist", host_unknown, "5.1.2"},
    // Relaying.
    {"relay*denied", relaying_denied, "5.7.1"},
    {"relaying*denied", relaying_denied, "5.7.1"},
    {"denied*relay", relaying_denied, "5.7.1"},
    {"relay*not permitted", relaying_denied, "5.7.1"},
    {"relay*not allowed", relaying_denied, "5.7.1"},
    {"relaying*prohibited", relaying_denied, "5.7.1"},
    {"relay*prohibited", relaying_denied, "5.7.1"},
    {"unable to relay", relaying_denied, "5.7.1"},
    {"cannot relay", relaying_denied, "5.7.1"},
    {"not relaying", relaying_denied, "5.7.1"},
    {"insecure mail relay", relaying_denied, "5.7.1"},
    {"rcpthosts", relaying_denied, "5.7.1"},
    {"no relaying", relaying_denied, "5.7.1"},
    {"not a gateway", relaying_denied, "5.7.1"},
    {"we do not relay", relaying_denied, "5.7.1"},
    // Who the sender's server is.
    {"spf*fail", authentication, "5.7.23"},
    {"bad spf", authentication, "5.7.23"},
    {"dkim*fail", authentication, "5.7.20"},
    {"dmarc", authentication, "5.7.26"},
    {"does not have authentication information", authentication, "5.7.26"},
    {"unauthenticated email", authentication, "5.7.26"},
    {"unauthenticated senders", authentication, "5.7.1"},
    {"authentication required", authentication, "5.7.0"},
    {"not authenticated", authentication, "5.7.0"},
    {"client was not authenticated", authentication, "5.7.1"},
    {"spf*not authorized", authentication, "5.7.23"},
    // Blocked by where it comes from.
    {"ptr record", blocked, "5.7.25"},
    {"reverse dns", blocked, "5.7.25"},
    {"rdns", blocked, "5.7.25"},
    {"cannot find your hostname", blocked, "5.7.25"},
    {"cannot resolve*address", blocked, "5.7.25"},
    {"rate limit", rate_limited, "4.7.28"},
    {"frequency limited", rate_limited, "4.7.28"},
    {"too many connections", rate_limited, "4.7.0"},
    {"too many concurrent", rate_limited, "4.7.0"},
    {"too many messages", rate_limited, "4.7.0"},
    {"too much mail", rate_limited, "4.7.28"},
    {"unusual rate", rate_limited, "4.7.28"},
    {"too many recipients", policy, "5.5.3"},
    {"greylist", rate_limited, "4.7.1"},
    {"graylist", rate_limited, "4.7.1"},
    {"listed*rbl", blocked, "5.7.1"},
    {"listed*dnsbl", blocked, "5.7.1"},
    {"blocked using", blocked, "5.7.1"},
    {"blocked by", blocked, "5.7.1"},
    {"blocked for abuse", blocked, "5.7.1"},
    {"ip*blocked", blocked, "5.7.1"},
    {"client host*blocked", blocked, "5.7.1"},
    {"client host rejected", blocked, "5.7.1"},
    {"blacklist", blocked, "5.7.1"},
    {"black list", blocked, "5.7.1"},
    {"block list", blocked, "5.7.1"},
    {"blocklist", blocked, "5.7.1"},
    {"spamhaus", blocked, "5.7.1"},
    {"spamcop", blocked, "5.7.1"},
    {"poor reputation", blocked, "5.7.1"},
    {"low reputation", blocked, "5.7.1"},
    {"bad reputation", blocked, "5.7.1"},
    {"ip reputation", blocked, "5.7.1"},
    {"open relay", blocked, "5.7.1"},
    {"not allowed to send mail from", blocked, "5.7.1"},
    {"banned", blocked, "5.7.1"},
    {"adresse ip source bloquee", blocked, "5.7.1"},
    {"unexpected volume or user complaints", blocked, "4.7.0"},
    // Spam, viruses, content.
    {"virus", content, "5.7.0"},
    {"malware", content, "5.7.0"},
    {"infected", content, "5.7.0"},
    {"phishing", content, "5.7.0"},
    {"spam", spam, "5.7.1"},
    {"unsolicited", spam, "5.7.1"},
    {"bulk mail", spam, "5.7.1"},
    {"junk mail", spam, "5.7.1"},
    {" ube,", spam, "5.7.1"},
    {"content reject", spam, "5.7.1"},
    {"content filter", spam, "5.7.1"},
    {"content denied", spam, "5.7.1"},
    {"message content rejected", spam, "5.7.1"},
    {"its content presents a potential", content, "5.7.0"},
    {"prohibited attachment", content, "5.7.1"},
    {"attachment*not*allowed", content, "5.7.1"},
    {"message contains*attachment", content, "5.7.1"},
    {"mail appears to be", spam, "5.7.1"},
    {"header*not rfc", content, "5.6.0"},
    {"rfc 5322", content, "5.6.0"},
    {"rfc 2822", content, "5.6.0"},
    {"multiple addresses in from", content, "5.6.0"},
    {"8bit*not supported", content, "5.6.3"},
    // The sender's address.
    {"sender address rejected", sender_rejected, "5.1.8"},
    {"sender*rejected", sender_rejected, "5.1.8"},
    {"sender*denied", sender_rejected, "5.1.8"},
    {"sender*not exist", sender_rejected, "5.1.8"},
    {"sender verify failed", sender_rejected, "5.1.8"},
    {"sender domain", sender_rejected, "5.1.8"},
    {"from: domain is invalid", sender_rejected, "5.1.8"},
    {"invalid sender", sender_rejected, "5.1.7"},
    {"purported responsible address", sender_rejected, "5.7.1"},
    {"not in my whitelist", sender_rejected, "5.7.1"},
    // No such user: the largest family, so it stands below those whose sentences also speak of a user.
    {"user*unknown", user_unknown, "5.1.1"},
    {"unknown user", user_unknown, "5.1.1"},
    {"unknown*recipient", user_unknown, "5.1.1"},
    {"recipient*unknown", user_unknown, "5.1.1"},
    {"unknown*mailbox", user_unknown, "5.1.1"},
    {"mailbox*unknown", user_unknown, "5.1.1"},
    {"unknown*account", user_unknown, "5.1.1"},
    {"unknown address", user_unknown, "5.1.1"},
    {"address unknown", user_unknown, "5.1.1"},
    {"addressee unknown", user_unknown, "5.1.1"},
    {"unknown local", user_unknown, "5.1.1"},
    {"unknown or illegal alias", user_unknown, "5.1.1"},
    {"no such*user", user_unknown, "5.1.1"},
    {"no such*recipient", user_unknown, "5.1.1"},
    {"no such*mailbox", user_unknown, "5.1.1"},
    {"no such*account", user_unknown, "5.1.1"},
    {"no such*address", user_unknown, "5.1.1"},
    {"no such person", user_unknown, "5.1.1"},
    {"no mailbox here", user_unknown, "5.1.1"},
    {"no mailbox by that name", user_unknown, "5.1.1"},
    {"no valid recipient", user_unknown, "5.1.1"},
    {"no account by that name", user_unknown, "5.1.1"},
    {"invalid*recipient", user_unknown, "5.1.1"},
    {"invalid*mailbox", user_unknown, "5.1.1"},
    {"invalid*address", user_unknown, "5.1.1"},
    {"invalid*user", user_unknown, "5.1.1"},
    {"bad*address syntax", user_unknown, "5.1.3"},
    {"user*does not exist", user_unknown, "5.1.1"},
    {"user*doesn't exist", user_unknown, "5.1.1"},
    {"user doesn't have", user_unknown, "5.1.1"},
    {"recipient*does not exist", user_unknown, "5.1.1"},
    {"mailbox*does not exist", user_unknown, "5.1.1"},
    {"account*does not exist", user_unknown, "5.1.1"},
    {"address*does not exist", user_unknown, "5.1.1"},
    {"address*couldn't be found", user_unknown, "5.1.1"},
    {"wasn't found at", user_unknown, "5.1.10"},
    {"does not have an account", user_unknown, "5.1.1"},
    {"doesn't have a*account", user_unknown, "5.1.1"},
    {"not a valid user", user_unknown, "5.1.1"},
    {"not a valid mailbox", user_unknown, "5.1.1"},
    {"not a valid recipient", user_unknown, "5.1.1"},
    {"not a known user", user_unknown, "5.1.1"},
    {"not our user", user_unknown, "5.1.1"},
    {"user*not found", user_unknown, "5.1.1"},
    {"recipient*not found", user_unknown, "5.1.1"},
    {"recipnotfound", user_unknown, "5.1.1"},
    {"mailbox*not found", user_unknown, "5.1.1"},
    {"address*not found", user_unknown, "5.1.1"},
    {"account*not found", user_unknown, "5.1.1"},
    {"not listed in", user_unknown, "5.1.1"},
    {"user*not unique", user_unknown, "5.1.4"},
    {"user*not listed", user_unknown, "5.1.1"},
    {"not recognized", user_unknown, "5.1.1"},
    {"not known*user", user_unknown, "5.1.1"},
    {"user not known", user_unknown, "5.1.1"},
    {"mailbox unavailable", user_unknown, "5.1.1"},
    {"mailbox not available", user_unknown, "5.1.1"},
    {"recipient*rejected", user_unknown, "5.1.1"},
    {"address*rejected", user_unknown, "5.1.1"},
    {"address*no longer valid", user_unknown, "5.1.1"},
    {"no longer valid", user_unknown, "5.1.1"},
    {"address is wrong", user_unknown, "5.1.1"},
    {"address*not valid", user_unknown, "5.1.1"},
    {"did not exactly match", user_unknown, "5.1.1"},
    {"undeliverable address", user_unknown, "5.1.1"},
    {"unrouteable address", user_unknown, "5.1.1"},
    {"unroutable address", user_unknown, "5.1.1"},
    {"not*e-mail users", user_unknown, "5.1.1"},
    {"can't find*address", user_unknown, "5.1.1"},
    {"user*not exist", user_unknown, "5.1.1"},
    {"invalid final delivery userid", user_unknown, "5.1.1"},
    {"group you tried to contact", user_unknown, "5.1.1"},
    {"n'existe pas", user_unknown, "5.1.1"},
    {"adresse*invalide", user_unknown, "5.1.1"},
    {"destinataire inconnu", user_unknown, "5.1.1"},
    {"utilisateur*inconnu", user_unknown, "5.1.1"},
    {"utilisateur non recens", user_unknown, "5.1.1"},
    {"empfänger*unbekannt", user_unknown, "5.1.1"},
    {"empfänger*existiert nicht", user_unknown, "5.1.1"},
    {"benutzer*unbekannt", user_unknown, "5.1.1"},
    {"benutzer*nicht gefunden", user_unknown, "5.1.1"},
    {"adresse*nicht gefunden", user_unknown, "5.1.1"},
    {"e-mail-adresse*nicht", user_unknown, "5.1.1"},
    {"no existe", user_unknown, "5.1.1"},
    {"usuario*desconocido", user_unknown, "5.1.1"},
    {"utente*sconosciuto", user_unknown, "5.1.1"},
    {"non esiste", user_unknown, "5.1.1"},
    {"não existe", user_unknown, "5.1.1"},
    {"nie istnieje", user_unknown, "5.1.1"},
    {"не существует", user_unknown, "5.1.1"},
    {"не найден", user_unknown, "5.1.1"},
    {"見つかりません", user_unknown, "5.1.1"},
    {"存在しません", user_unknown, "5.1.1"},
    {"不存在", user_unknown, "5.1.1"},
    // Network and time.
    {"message expired", expired, "x.4.7"},
    {"envelope expired", expired, "x.4.7"},
    {"delivery time expired", expired, "x.4.7"},
    {"retry*exceeded", expired, "x.4.7"},
    {"retry time not reached", expired, "x.4.7"},
    {"retrytimeout", expired, "x.4.7"},
    {"in the queue too long", expired, "x.4.7"},
    {"message*timed out", expired, "x.4.7"},
    {"not delivered within", expired, "x.4.7"},
    {"could not deliver for the last", expired, "x.4.7"},
    {"unable to deliver*minutes", expired, "x.4.7"},
    {"could not be delivered for", expired, "x.4.7"},
    {"timed out", network, "x.4.1"},
    {"timeout", network, "x.4.1"},
    {"connection refused", network, "x.4.1"},
    {"connection*lost", network, "x.4.2"},
    {"connection*dropped", network, "x.4.2"},
    {"connection*closed", network, "x.4.2"},
    {"connection reset", network, "x.4.2"},
    {"lost connection", network, "x.4.2"},
    {"unable to connect", network, "x.4.1"},
    {"could not connect", network, "x.4.1"},
    {"couldn't connect", network, "x.4.1"},
    {"wasn't able to establish an smtp connection", network, "x.4.1"},
    {"not responding", network, "x.4.1"},
    {"did not accept our requests to connect", network, "x.4.1"},
    {"network*unreachable", network, "x.4.1"},
    {"network error", network, "x.4.1"},
    {"socket error", network, "x.4.1"},
    {"starttls", network, "x.7.5"},
    {"too many hops", network, "5.4.6"},
    {"mail loop", network, "5.4.6"},
    {"loops back to", network, "5.4.6"},
    {"loop detected", network, "5.4.6"},
    {"duplicated message-id", system, "5.4.6"},
    {"mx list for*points back", network, "5.4.6"},
    // Policy, then what is left.
    {"policy", policy, "5.7.1"},
    {"policies", policy, "5.7.1"},
    {"access denied", policy, "5.7.1"},
    {"permission", policy, "5.7.1"},
    {"not permitted", policy, "5.7.1"},
    {"not authorized", policy, "5.7.1"},
    {"not allowed", policy, "5.7.1"},
    {"prohibited", policy, "5.7.1"},
    {"administrative prohibition", policy, "5.7.1"},
    {"refused", policy, "5.7.1"},
    {"transaction failed", policy, "5.0.0"},
    {"system error", system, "x.3.0"},
    {"local error", system, "x.3.0"},
    {"configuration error", system, "x.3.5"},
    {"service*unavailable", system, "x.3.0"},
    {"disk full", system, "x.3.1"},
    {"no space left", system, "x.3.1"},
    {"insufficient", system, "x.3.1"},
    {"try again later", system, "x.3.0"},
    {"unable to take delivery", user_unknown, "5.2.1"},
};

/// Beginnings of "your message could not be delivered".
constexpr std::string_view kFailures[] = {
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "can't be delivered",
    "could not deliver",
    "couldn't deliver",
    "can not be delivered",
    "not able to deliver",
    "wasn't able to deliver",
    "unable to deliver",
    "was not delivered",
    "wasn't delivered",
    "were not delivered",
    "has not been delivered",
    "have not been delivered",
    "not been able to deliver",
    "not able to be delivered",
    "undeliverable",
    "undelivered",
    "failed to deliver",
    "delivery failed",
    "delivery to*failed",
    "delevery to*failed",
    "delivery has failed",
    "delivery failure",
    "delivery error",
    "did not reach",
    "could not be reached",
    "couldn't be reached",
    "did not receive",
    "failed recipient",
    "following address*failed",
    "fatal errors",
    "permanent error",
    "error delivering",
    "error*deliver",
    "attempting to deliver",
    "delivery*unsuccessful",
    "returned mail",
    "returned to sender",
    "failure notice",
    "failed permanently",
    "fails permanently",
    "following recipient",
    "following address",
    "could not send",
    "cannot send your message",
    "not delivered to",
    "automatically rejected",
    "was rejected",
    "has been rejected",
    "could not be sent",
    "unable to send",
    "transcript of session",
    "delivery status notification",
    "non-delivery",
    "nondeliverable",
    "non delivery",
    "konnte nicht zugestellt",
    "nicht zugestellt",
    "nicht erreicht",
    "unzustellbar",
    "zustellung*fehlgeschlagen",
    "fehler bei der nachrichtenzustellung",
    "folgende empf",
    "folgenden empf",
    "folgender empf",
    "n'a pas pu être",
    "n'a pas été remis",
    "n'a pu être",
    "non remis",
    "destinataires suivants",
    "échec de",
    "Échec de",
    "impossible de remettre",
    "n'ont pas reçu",
    "no se ha podido entregar",
    "no pudo ser entregado",
    "no se pudo entregar",
    "no se entreg",
    "no entregado",
    "no ha podido ser entregado",
    "destinatarios siguientes",
    "siguientes destinatarios",
    "recapitare",
    "recapitato",
    "recapitabile",
    "mancato recapito",
    "destinatari seguenti",
    "seguenti destinatari",
    "não pôde ser entregue",
    "nao pode ser enviada",
    "não foi possível entregar",
    "falha na entrega",
    "não foi entregue",
    "kan niet worden bezorgd",
    "niet worden afgeleverd",
    "niet bezorgd",
    "onbestelbaar",
    "volgende geadresseerde",
    "kunne ikke leveres",
    "kan ikke leveres",
    "ikke leveret",
    "ikke levert",
    "kunde inte levereras",
    "inte levereras",
    "följande mottagare",
    "ei voitu toimittaa",
    "toimitus epäonnistui",
    "nie dostarczono",
    "nie można dostarczyć",
    "nie została dostarczona",
    "nelze doručit",
    "nebyla doručena",
    "nem kézbesíthető",
    "kézbesíthetetlen",
    "teslim edilemedi",
    "не удалось доставить",
    "не доставлено",
    "невозможно доставить",
    "не может быть доставлено",
    "не было доставлено",
    "недоставлен",
    "送信できません",
    "配信できません",
    "届けることができません",
    "お届けできません",
    "配信不能",
    "送達できません",
    "送信に失敗",
    "配信に失敗",
    "无法投递",
    "未能送达",
    "无法送达",
    "未送达",
    "退信",
    "退回",
    "배달되지",
    "전송하지 못",
};

constexpr std::string_view kDelays[] = {
    "delayed mail",
    "has been delayed",
    "is delayed",
    "was delayed",
    "message delayed",
    "delayed*hours",
    "delivery status notification (delay)",
    "delivery delayed",
    "warning message only",
    "this is a warning only",
    "temporary failure report",
    "will be retried",
    "still being retried",
    "will continue to try",
    "delivery attempts will continue",
    "not yet been delivered",
    "could not send message for",
    "will keep trying",
    "will retry",
    "delivery temporarily suspended",
    "has not been delivered yet",
    "message still undelivered",
    "could not be delivered for*hour",
    "keep trying until",
    "notification: delayed",
    "notification: warning",
    "wird weiterhin versucht",
    "verzögert",
    "retardé",
    "en attente de remise",
    "se ha retrasado",
    "è in ritardo",
};

constexpr std::string_view kEndings[] = {
    "not going to try again", "giving up",
    "i've given up",          "given up",
    "permanent error",        "failed permanently",
    "permanent fatal",        "permanent failure",
    "retry timeout exceeded", "been in the queue too long",
    "message expired",        "envelope expired",
    "returned to sender",     "no further attempts",
    "will not be retried",    "final attempt",
};

constexpr std::string_view kChallenges[] = {
    "sender not pre-approved",
    "challenge-response",
    "challenge/response",
    "confirm that you are*human",
    "to deliver your message*click",
    "verify your*message*click",
    "guest list so your messages",
    "spamarrest",
    "prove*you are*human",
    "waitlisted",
    "tmda",
};

constexpr std::string_view kReturned[] = {
    "below this line is a copy",
    "below the next line is a copy",
    "copy of the message, including",
    "copy of your message",
    "this is a copy of",
    "copy of the original message",
    "original message follows",
    "original message -",
    "- original message",
    "original message header",
    "original message attached",
    "unsent message",
    "message header follows",
    "message headers follow",
    "headers of the message",
    "header of the undelivered",
    "header of the original",
    "returned message",
    "enclosed is a copy",
    "original mail as follows",
    "original message as received",
    "message text follows",
    "included below",
    "mensaje original",
    "message d'origine",
    "ursprüngliche nachricht",
    "messaggio originale",
    "mensagem original",
    "summary of the undelivered",
    "text of your message",
    "the message that was not delivered",
    "undelivered message follows",
    "start of returned",
    "body of message generated",
    "full copy of",
};

/// Does `text` hold the fragments of `wording` in order, each within the gap after the one before?
bool holds(std::string_view text, std::string_view wording) {
  const auto star = wording.find('*');
  const auto head = wording.substr(0, star);
  for (std::size_t at = text.find(head); at != std::string_view::npos; at = text.find(head, at + 1)) {
    if (star == std::string_view::npos) return true;
    const auto rest = text.substr(at + head.size());
    auto tail = wording.substr(star + 1);
    const auto next = tail.substr(0, tail.find('*'));
    if (holds(rest.substr(0, kGapBytesMax + next.size()), next) &&
        (tail.size() == next.size() || holds(rest.substr(0, 2 * kGapBytesMax + tail.size()), tail)))
      return true;
  }
  return false;
}

bool holds_any(std::string_view text, std::span<const std::string_view> wordings) {
  return std::any_of(wordings.begin(), wordings.end(), [text](auto wording) { return holds(text, wording); });
}

}  // namespace

std::string normalised(std::string_view text) {
  std::string out = squeeze(text);
  for (char &c : out) c = to_lower(c);
  // U+2018, U+2019: "couldn’t"
  for (const std::string_view quote : {"\xE2\x80\x98", "\xE2\x80\x99"})
    for (auto at = out.find(quote); at != std::string::npos; at = out.find(quote, at))
      out.replace(at, quote.size(), "'");
  return out;
}

std::optional<Meaning> meaning_of(std::string_view text) {
  for (const auto &family : kFamilies)
    if (holds(text, family.wording)) return Meaning{family.reason, family.status};
  return std::nullopt;
}

bool announces_failure(std::string_view text) {
  return holds_any(text, kFailures);
}
bool announces_delay(std::string_view text) {
  return holds_any(text, kDelays);
}
bool says_given_up(std::string_view text) {
  return holds_any(text, kEndings);
}
bool is_challenge(std::string_view text) {
  return holds_any(text, kChallenges);
}
bool begins_returned_message(std::string_view line) {
  return holds_any(line, kReturned);
}

Reason reason_of_status(std::string_view status) {
  if (status.size() < 5) return unknown;
  if (status[0] == '2') return delivered;
  const auto detail = status.substr(2);
  constexpr std::array<std::pair<std::string_view, Reason>, 28> kDetails{{
      {"1.1", user_unknown},
      {"1.2", host_unknown},
      {"1.3", user_unknown},
      {"1.4", user_unknown},
      {"1.6", user_moved},
      {"1.7", sender_rejected},
      {"1.8", sender_rejected},
      {"1.10", user_unknown},
      {"2.1", mailbox_suspended},
      {"2.2", mailbox_full},
      {"2.3", message_too_large},
      {"3.1", system},
      {"3.2", system},
      {"3.4", message_too_large},
      {"4.1", network},
      {"4.2", network},
      {"4.3", system},
      {"4.4", host_unknown},
      {"4.5", network},
      {"4.6", network},
      {"4.7", expired},
      {"7.1", policy},
      {"7.20", authentication},
      {"7.23", authentication},
      {"7.25", blocked},
      {"7.26", authentication},
      {"7.28", rate_limited},
      {"7.509", authentication},
  }};
  for (const auto &[code, reason] : kDetails)
    if (detail == code) return reason;
  switch (status[2]) {
    case '1':
      return user_unknown;
    case '2':
      return mailbox_suspended;
    case '3':
      return system;
    case '4':
      return network;
    case '5':
      return system;
    case '6':
      return content;
    case '7':
      return policy;
    default:
      return unknown;
  }
}

std::string_view status_of_reason(Reason reason) {
  switch (reason) {
    case Reason::delivered:
      return "2.0.0";
    case user_unknown:
      return "5.1.1";
    case host_unknown:
      return "5.1.2";
    case mailbox_full:
      return "5.2.2";
    case network:
      return "x.4.1";
    case expired:
      return "x.4.7";
    default:
      return "x.0.0";
  }
}

}  // namespace relance::report
