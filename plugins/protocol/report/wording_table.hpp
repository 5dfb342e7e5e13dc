// What servers write, as data. Wordings are separated by `|`; `*` stands for at most kGapBytesMax bytes. All
// is lower case (wording.cpp normalises). The first row that holds a wording wins, so what is specific stands
// above what is general. Status "x.…": its class is that of the quoted reply, else it follows from whether
// anybody tries again. `vague` wordings fit several causes and yield to a status that is precise. Sources:
// RFC 3463, the IANA registry of enhanced status codes, and the reply texts that servers and providers
// publish.
#pragma once

#include "plugins/protocol/report/report.hpp"

#include <cstddef>
#include <string_view>

namespace relance::report {

inline constexpr std::size_t kGapBytesMax = 80;

enum class Clarity : bool { clear, vague };

struct Family {
  Reason reason;
  std::string_view status;
  Clarity clarity;
  std::string_view wordings;
};

// clang-format off
inline constexpr Family kFamilies[] = {
    // No room. Exim's "retry timeout exceeded" says that the server only ever deferred.
    {Reason::mailbox_full, "4.2.2", Clarity::clear,
     "mailbox*full*retry timeout exceeded|quota exceeded*retry timeout exceeded"},
    {Reason::mailbox_full, "5.2.2", Clarity::clear,
     "mailbox*full|full mailbox|mailbox full|inbox*full|mail box*full|mailfolder*full|storage*full|"
     "out of storage|over*quota|overquota|overdrawn*quota|quota*exceed|quota violation|disk quota|"
     "disc quota|diskspace quota|exceed*quota|exceed*storage|exceed*mailbox|mailbox*exceed|mailbox*limit|"
     "mailbox*size limit|not enough disk space|not enough storage space|no space left*mailbox|"
     "too many messages*mailbox|user has too many messages|has exhausted*storage|account is full|"
     "user is over|account*over*limit|recipient reached disk|maildir over|no storage space|"
     "size of mailbox|boîte*pleine|boite*pleine|quota dépassé|dépassement de quota|casella*piena|"
     "casella*raggiunto|buzón*lleno|buzon*lleno|casilla*llena|caixa*cheia|postfach*voll|"
     "speicherplatz*überschritten|mailbox*is vol|postvak*vol|postbus*vol|brievenbus*vol|skrzynka*pełna|skrzynka*pelna|skrzynka*przepe|ящик*переполнен|"
     "почтовый ящик*полон|メールボックス*一杯|容量*超|容量オーバー|邮箱已满|空间不足|郵箱已滿"},
    {Reason::message_too_large, "5.3.4", Clarity::clear,
     "message*too large|message*too big|mail*too large|mail*too big|message too long|message size*exceed|"
     "message*exceed*size|message*exceed*limit|exceed*maximum*size|exceed*size limit|exceeds size|"
     "size exceeds|size limit exceeded|line limit exceeded|larger than|attachment*too large|"
     "mail size limit|max message size|maximum message size|message length exceeds|size limit=|"
     "too much mail data|over size limit|nachricht*zu groß|message*trop volumineux|message*trop gros|"
     "mensaje*demasiado grande|messaggio*troppo grande"},
    // There was or is such a mailbox, but it takes nothing.
    {Reason::policy, "5.7.1", Clarity::clear,
     "not accepting mail*attachments"},
    {Reason::mailbox_suspended, "5.2.1", Clarity::clear,
     "account*disabled|mailbox*disabled|user*disabled|recipient*disabled|account*suspended|user*suspended|"
     "mailbox*suspended|recipient*suspended|[suspend]|suspended account|suspended mailbox|mailbox*frozen|"
     "account*frozen|mailbox*inactive|account*inactive|user*inactive|inactive user|inactive account|"
     "inactive mailbox|disabled account|account*closed|mailbox*closed|account*expired|account*deactivated|"
     "mailbox*deactivated|account*locked|mailbox*locked|account*terminated|account*discontinued|"
     "account*on hold|account*blocked|no longer active|not an active|is not active|isn't active|"
     "email account that you tried to reach is|mailbox not available / konto|not accepting messages|"
     "not accepting mail|not accepting any mail|currently not available|temporarily disabled|"
     "unable to take delivery|been archived|casilla ha expirado|konto*gesperrt|compte*désactivé|"
     "cuenta*desactivada|cuenta*suspendida|konto*deaktiv|ящик*заблокирован|учетная запись*заблокирован|"
     "отключен"},
    {Reason::user_moved, "5.1.6", Clarity::clear,
     "has moved|user moved|no longer*works here|no longer employed|no longer with|has left the company|"
     "has left our|address has changed|changed*address|not our customer|recipient is no longer|"
     "is no longer at|new address is|please use*address instead|ne travaille plus"},
    // No such domain, or it has no way for mail.
    // A name server that fails says nothing about the name.
    {Reason::network, "x.4.3", Clarity::clear,
     "host not found, try again|servfail"},
    {Reason::host_unknown, "5.1.2", Clarity::clear,
     "domain*not found|domain*does not exist|domain*doesn't exist|domain*no longer exist|host*not found|"
     "host unknown|unknown host|unknown domain|domain unknown|no such domain|no such host|invalid domain|"
     "bad destination|name or service not known|nxdomain|unrouteable mail domain|unroutable mail domain|"
     "no smtp service|couldn't find any host|mail exchanger*unknown|non-existent host|nonexistent host|"
     "illegal host|invalid host|the account or domain may not exist|domain of the recipient*not|"
     "recipient's domain*not|domain isn't in my list|domaine*inconnu|domaine*n'existe pas|"
     "domäne*nicht gefunden|dominio*no existe|dominio*non esiste"},
    {Reason::host_unknown, "5.4.4", Clarity::clear,
     "name service error|couldn't find a mail exchanger|no mail exchanger|no mx*found|no valid mx|"
     "no mail server*found|cannot find*mail server|unable to resolve|cannot resolve|dns*lookup*failed|"
     "dns error|null mx|does not accept mail|mail host*not found"},
    // Relaying.
    {Reason::relaying_denied, "5.7.1", Clarity::clear,
     "relay*denied|denied*relay|relay*not permitted|relay*not allowed|relay*prohibited|relay*disallowed|"
     "relay*refused|relay*rejected|unable to relay|cannot relay|can't relay|not relaying|"
     "insecure mail relay|rcpthosts|no relaying|not a gateway|do not relay|don't relay|"
     "mail server requires authentication|email address is not verified"},
    // Who is sending: what the sender's domain proves, where the connection comes from, how much it sends.
    {Reason::authentication, "5.7.26", Clarity::clear,
     "spf*fail|bad spf|spf*not authorized|spf*reject|dkim*fail|dmarc|"
     "does not have authentication information|unauthenticated|authentication required|not authenticated|"
     "sender policy framework|required authentication level|authentication requirements"},
    {Reason::blocked, "5.7.25", Clarity::clear,
     "ptr record|reverse dns|reverse address|rdns|cannot find your hostname|cannot find your reverse|"
     "hostname lookup|without a valid sender domain|invalid helo|helo command rejected|"
     "need fully-qualified hostname"},
    {Reason::rate_limited, "4.7.28", Clarity::clear,
     "rate limit|frequency limited|too many connections|too many concurrent|too many simultaneous|"
     "too many messages|too many emails|too many errors|too much mail|unusual rate|"
     "receiving mail at a rate|sending rate|throttl|connection limit|slow down|greylist|graylist|"
     "grey list|exceeded*per hour"},
    {Reason::policy, "5.5.3", Clarity::clear,
     "too many recipients|recipients limit"},
    {Reason::blocked, "5.7.1", Clarity::clear,
     "rbl|dnsbl|invalid ip|blocked using|blocked by|blocked for abuse|ip*blocked|client host*blocked|"
     "client host rejected|sender ip|blacklist|black list|block list|blocklist|blocked list|denylist|"
     "spamhaus|spamcop|barracudacentral|sorbs|bad reputation|poor reputation|low reputation|ip reputation|"
     "reputation of|open relay|not allowed to send mail from|banned|dynamic ip|dial-up|residential ip|"
     "unexpected volume or user complaints|user complaints|adresse ip*bloqu|ip address*rejected|your ip|"
     "mail server*has been blocked|connection rejected|no access from mail server|access from ip|"
     "not accepted from this ip|blocked - see|blocked; see"},
    // What is being sent.
    {Reason::content, "5.7.0", Clarity::clear,
     "virus detected|contains*virus|virus found|virus*rejected|infected|malware|phishing|"
     "its content presents a potential|prohibited attachment|attachment*not*allowed|attachment*blocked|"
     "banned*file|message contains*attachment|file*not allowed"},
    {Reason::spam, "5.7.1", Clarity::clear,
     "spam|unsolicited|bulk mail|bulk email|junk mail|junk email| ube,| ube | uce|content reject|"
     "content filter|content denied|content rejected|content blocked|mail appears to be|"
     "message looks like|rejected by*filter|blocked by*filter|contenu*refus|message*looks*suspicious|"
     "mcspamsignature|considered*inappropriate"},
    {Reason::content, "5.6.0", Clarity::clear,
     "not rfc|rfc 5322|rfc 2822|rfc 822|multiple addresses in from|header are not accepted|missing*header|"
     "bad header|malformed|8bit*not supported|bare lf|bare newline|invalid header"},
    {Reason::sender_rejected, "5.1.8", Clarity::clear,
     "sender address rejected|return address was|sender*rejected|sender*denied|sender*refused|"
     "sender*not exist|sender*not accepted|sender verify failed|sender verification|sender domain|"
     "domain of sender|from: domain is invalid|invalid sender|sender invalid|bad sender|"
     "purported responsible address|whitelist|white list|not on*approved|backscatter|null sender"},
    // No such user: the largest family; it stands below those whose sentences also speak of a user.
    {Reason::user_unknown, "5.1.4", Clarity::clear,
     "not unique|ambiguous"},
    {Reason::user_unknown, "5.1.1", Clarity::clear,
     "not found by smtp address lookup|mailbox not found|user*unknown|unknown*user|unknown*recipient|recipient*unknown|unknown*mailbox|mailbox*unknown|"
     "unknown*account|account*unknown|unknown*address|address*unknown|addressee unknown|addressee*unknown|"
     "unknown local|unknown or illegal alias|no such*user|no such*recipient|no such*mailbox|"
     "no such*account|no such*address|no such person|no such local|no such name|no such alias|no mailbox|"
     "no valid recipient|no account|no user|no recipient|invalid*recipient|invalid*mailbox|"
     "invalid*address|invalid*user|user*not exist|user*n't exist|user*doesn't have|user*no longer|"
     "user*invalid|user*not found|user*not known|user*not listed|user*not valid|recipient*not exist|"
     "recipient*n't exist|recipient*not found|recipient*invalid|recipient*not valid|recipnotfound|"
     "mailbox*not exist|mailbox*n't exist|mailbox*not found|mailbox*invalid|account*not exist|"
     "account*n't exist|account*not found|account*invalid|address*not exist|address*n't exist|"
     "address*not found|address*couldn't be found|address*not valid|address*invalid|address*no longer|"
     "address is wrong|alias*not found|alias*not exist|wasn't found|does not have an account|"
     "does not have a*account|doesn't have a*account|doesn't have an account|not a valid user|"
     "not a valid mailbox|not a valid recipient|not a valid email|not a known|not known here|"
     "bad_recipient|bad recipient|not our user|not listed in|not recognized|not recognised|"
     "did not exactly match|bad*address|unrouteable address|unroutable address|not*e-mail users|"
     "can't find*address|invalid final delivery userid|cannot verify*recipient|group you tried to contact|"
     "nobody*by that name|not have a mailbox|not a local user|is not here|not deliverable|n'existe pas|"
     "adresse*invalide|adresse*inconnue|destinataire*inconnu|destinataire*invalide|utilisateur*inconnu|"
     "utilisateur non recens|empfänger*unbekannt|empfänger*nicht|empfaenger*unbekannt|benutzer*unbekannt|"
     "benutzer*nicht gefunden|adresse*nicht gefunden|e-mail-adresse*nicht|postfach*nicht|konto*nicht|"
     "no existe|usuario*desconocido|destinatario*desconocido|cuenta*inexistente|utente*sconosciuto|"
     "utente*inesistente|utente*non trovato|nie ma takiego|brak takiego|destinatario*sconosciuto|non esiste|não existe|nao existe|usuário*desconhecido|"
     "nie istnieje|nieznany|onbekend|bestaat niet|ukendt|findes ikke|finns inte|ei löydy|neexistuje|"
     "nem létezik|не существует|не найден|неизвестный|нет такого|見つかりません|存在しません|あて先不明|宛先不明|ユーザー*いません|不存在|"
     "无此用户|查無此"},
    // Time and the way there.
    {Reason::expired, "x.4.7", Clarity::clear,
     "message expired|envelope expired|delivery time expired|delivery expired|retry*exceeded|"
     "retry time not reached|retrytimeout|in the queue too long|queue too long|queue*expired|"
     "not delivered within|could not deliver for the last|unable to deliver*minutes|"
     "could not be delivered for|undeliverable for|could not send message for|delivery attempts|"
     "tried*times"},
    {Reason::network, "5.4.6", Clarity::clear,
     "too many hops|hop count|mail loop|loops back to|loop detected|loop alert|duplicated message-id|"
     "points back|mail forwarding loop"},
    {Reason::network, "x.4.1", Clarity::clear,
     "timed out|timeout|time out|connection refused|connection*lost|connection*dropped|connection*closed|"
     "connection reset|lost connection|unable to connect|could not connect|couldn't connect|"
     "cannot connect|can't connect|establish an smtp connection|not responding|did not respond|"
     "no response|did not accept our requests|network*unreachable|network error|network is down|"
     "socket error|no route to host|host*unreachable|host*down|connect failed|connection failed|starttls|"
     "support tls|tls*required|tls*fail|certificate"},
    // What may mean anything.
    {Reason::policy, "5.7.1", Clarity::vague,
     "policy|policies|access denied|permission|not permitted|not authorized|not authorised|unauthorized|"
     "not allowed|prohibited|administrative prohibition|administratively denied|blocked|refused to accept|"
     "message*refused|mail*refused"},
    {Reason::system, "x.3.0", Clarity::vague,
     "system error|internal error|local error|configuration error|misconfig|service*unavailable|"
     "service*not available|disk full|no space left|insufficient|command output|i/o error|unexpected|"
     "temporary*problem|temporary*failure|try again later|mailer error|protocol violation|protocol error|"
     "local problem|command died|can't create|cannot open|process failed|unable to process"},
    {Reason::user_unknown, "5.1.1", Clarity::vague,
     "mailbox unavailable|mailbox not available|recipient rejected|recipient address rejected|"
     "recipient denied|recipient refused|recipient not accepted|address rejected|rejected recipient|"
     "not accepted for|undeliverable address|unknown|does not exist|not found"},
    {Reason::policy, "5.0.0", Clarity::vague,
     "transaction failed|message*rejected|mail*rejected|rejected|refused|not accepted"},
};

/// Says that a message did not arrive.
inline constexpr std::string_view kFailures =
    "could not be delivered|couldn't be delivered|cannot be delivered|can't be delivered|"
    "can not be delivered|could not deliver|couldn't deliver|cannot deliver|can't deliver|"
    "not able to deliver|wasn't able to deliver|unable to deliver|unable to be delivered|"
    "was not delivered|wasn't delivered|were not delivered|not been delivered|not been able to deliver|"
    "not able to be delivered|undeliverable|undelivered|failed to deliver|delivery failed|"
    "delivery to*failed|delevery to*failed|delivery to*aborted|delivery has failed|delivery failure|"
    "delivery error|delivery problem|did not reach|could not be reached|couldn't be reached|"
    "did not receive|failed recipient|failed address|following address|following recipient|following user|"
    "following destination|fatal errors|delivery errors|permanent error|permanent failure|"
    "error delivering|error*deliver|attempting to deliver|delivery*unsuccessful|not successful|"
    "returned mail|returned to sender|returning your|returned to you|failure notice|failure reason|"
    "failed permanently|fails permanently|could not send|cannot send your message|couldn't send|"
    "not delivered to|automatically rejected|was rejected|has been rejected|been refused|"
    "could not be sent|couldn't be sent|unable to send|trouble delivering|transcript of session|"
    "delivery status notification|delivery report|non-delivery|nondeliver|non delivery|bounced|"
    "did not like|does not like recipient|konnte nicht zugestellt|nicht zugestellt|nicht zustellbar|"
    "nicht erreicht|unzustellbar|zustellung*fehlgeschlagen|fehler bei der|folgende empf|folgenden empf|"
    "folgender empf|folgende adresse|folgenden adresse|n'a pas pu être|n'a pu être|n'a pas été remis|"
    "non remis|non distribu|destinataires suivants|destinataire suivant|adresses suivantes|échec de|"
    "Échec de|impossible de remettre|n'ont pas reçu|n'a pas atteint|pas pu être remis|no se ha podido|"
    "no pudo ser|no se pudo|no se entreg|no entregado|no ha podido ser entregado|destinatarios siguientes|"
    "siguientes destinatarios|siguiente destinatario|no llegó|recapitare|recapitato|recapitabile|"
    "mancato recapito|consegnat|destinatari seguenti|seguenti destinatari|seguente destinatario|"
    "não pôde ser|nao pode ser|não foi possível|falha na entrega|não foi entregue|seguintes destinatários|"
    "niet worden bezorgd|niet worden afgeleverd|niet afgeleverd|niet bezorgd|onbestelbaar|"
    "volgende geadresseerde|volgende ontvanger|kunne ikke leveres|kan ikke leveres|ikke leveret|"
    "ikke levert|følgende modtager|kunde inte levereras|inte levereras|följande mottagare|"
    "ei voitu toimittaa|toimitus epäonnistui|nie dostarczono|nie można dostarczyć|nie została dostarczona|"
    "niedostarcz|nelze doručit|nebyla doručena|nedoručit|nem kézbesíthető|kézbesíthetetlen|"
    "teslim edilemedi|не удалось доставить|не доставлен|невозможно доставить|не может быть доставлен|"
    "не было доставлен|недоставлен|送信できません|配信できません|届けることができません|お届けできません|配信不能|送達できません|送信に失敗|配信に失敗|届きません|"
    "无法投递|未能送达|无法送达|未送达|退信|退回|無法傳送|無法送達|배달되지|전송하지 못|전달되지";

/// Says that it arrived, and what takes that back.
inline constexpr std::string_view kSuccesses =
    " successful mail delivery| successful delivery|successfully delivered|delivered successfully|"
    "successfully relayed|relayed to non-dsn|relayed to a mailer|has been delivered to|"
    "erfolgreich zugestellt|remis avec succès|entregado correctamente";
inline constexpr std::string_view kNoSuccess =
    "unsuccess|not success|not been success|could not|couldn't|unable|failed|not been deliver";

/// Says that attempts go on.
inline constexpr std::string_view kDelays =
    "delayed mail|has been delayed|is delayed|was delayed|message delayed|delayed*hours|"
    "delivery status notification (delay)|delivery delayed|delivery is delayed|warning message only|"
    "this is a warning only|temporary failure report|temporary warning|will be retried|"
    "still being retried|will continue to try|will continue trying|delivery attempts will continue|"
    "not yet been delivered|could not send message for past|will keep trying|we will retry|will retry for|"
    "delivery temporarily suspended|not been delivered yet|message still undelivered|keep trying until|"
    "notification: delayed|notification: warning|no action is required on your part|"
    "wird weiterhin versucht|verzögert|retardé|en attente de remise|se ha retrasado|è in ritardo|配信が遅れ|"
    "配信遅延";

/// Says that attempts are over, even where a delay was spoken of.
inline constexpr std::string_view kEndings =
    "not going to try again|giving up|given up|give up on|permanent error|failed permanently|"
    "permanent fatal|permanent failure|retry timeout exceeded|been in the queue too long|message expired|"
    "returned to sender|no further attempts|will not be retried|final attempt";

/// The recipient's filter wants the sender to prove that he is a person: no bounce.
inline constexpr std::string_view kChallenges =
    "sender not pre-approved|challenge-response|challenge/response|confirm that you are*human|"
    "to deliver your message*click|verify your*message*click|guest list so your messages|spamarrest|"
    "spam arrest|prove*you are*human|waitlisted|confirm*by replying to this|awaiting*your confirmation|"
    "to authorize*click|has been quarantined until";

/// The line above a returned message.
inline constexpr std::string_view kReturned =
    "below this line is a copy|below the next line is a copy|copy of the message, including|"
    "copy of your message|this is a copy of|copy of the original message|original message follows|"
    "original message -|-original message|- original message|return mail follows|old message:|"
    "original message header|original message attached|original message is|unsent message|"
    "message header follows|message headers follow|headers of the message|header of the undelivered|"
    "header of the original|headers of the original|returned message|enclosed is a copy|"
    "original mail as follows|original message as received|message text follows|included below|"
    "mensaje original|message d'origine|message original|ursprüngliche nachricht|messaggio originale|"
    "mensagem original|original bericht|summary of the undelivered|text of your message|"
    "the message that was not delivered|undelivered message follows|start of returned|"
    "body of message generated|full copy of|here is your returned mail|first*lines of the message|"
    "oryginalna wiadomo";
// clang-format on

}  // namespace relance::report
