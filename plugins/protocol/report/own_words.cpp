#include "plugins/protocol/report/own_words.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/wording.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace relance::report {
namespace {

/// Lines that mail programs wrap "On … wrote:" over.
constexpr std::size_t kIntroductionLinesMax = 3;
/// Longest such introduction; longer is somebody's sentence.
constexpr std::size_t kIntroductionBytesMax = 300;
/// Fields of a quoted header block that must stand together.
constexpr std::size_t kHeaderBlockLines = 4;

// clang-format off
/// A rule above the whole original, in the words of the large mail programs.
constexpr std::string_view kRules =
    "original message|original-nachricht|ursprüngliche nachricht|message d'origine|message original|"
    "mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|opprinnelig melding|"
    "ursprungligt meddelande|oprindelig meddelelse|alkuperäinen viesti|oryginalna wiadomość|původní zpráva|"
    "исходное сообщение|元のメッセージ|forwarded message|weitergeleitete nachricht|message transféré|"
    "mensaje reenviado|messaggio inoltrato|reply message|messages transférés";

/// What an introduction ends in: "Am 3. Mai schrieb Anna:", "Le 3 mai, Anna a écrit :".
constexpr std::array<std::string_view, 22> kWrote{
    "wrote:", "wrote :", "writes:", "schrieb:", "geschrieben:", "a écrit:", "a écrit :", "a ecrit :", "escribió:",
    "escribió :", "ha scritto:", "scrisse:", "escreveu:", "schreef:", "skrev:", "skrev :", "kirjoitti:", "napisał:",
    "napisał(a):", "napsal(a):", "написал:", "írta:"};
/// The same where the name comes last: "Am 3. Mai schrieb Anna <anna@customer.example>:".
constexpr std::array<std::string_view, 6> kWroteWho{" schrieb ", " skrev ", " schreef ", " escribió ", " napsal ", " пишет "};

constexpr std::string_view kFromNames = "from|de|von|da|van|fra|från|od|lähettäjä|от|expéditeur|差出人";
constexpr std::string_view kSentNames =
    "sent|envoyé|date|gesendet|datum|enviado|enviado el|inviato|data|verzonden|sendt|dato|skickat|wysłano|odesláno|"
    "lähetetty|отправлено|送信日時|fecha";
constexpr std::string_view kSubjectNames =
    "subject|objet|betreff|asunto|oggetto|assunto|onderwerp|emne|ämne|temat|předmět|aihe|тема|件名";

/// An order to stop, alone on its line.
constexpr std::string_view kStopWords =
    "stop|stopp|unsubscribe|désabonner|desabonner|se désabonner|désinscription|désinscrire|arrêt|arret|abmelden|"
    "abbestellen|baja|darme de baja|cancella iscrizione|disiscrivimi|uitschrijven|afmelden|avregistrera|wypisz";
// clang-format on

bool is_listed_in(std::string_view word, std::string_view list) {
  for (std::size_t at = 0; at <= list.size();) {
    const auto end = std::min(list.find('|', at), list.size());
    if (list.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

bool is_quoted(std::string_view line) {
  const auto text = trim(line);
  return text.starts_with('>') || (text.starts_with("| ") && text.size() > 2);
}

/// "-----Original Message-----", "________________________________".
bool is_rule(std::string_view line) {
  const auto text = trim(line);
  const bool is_dashed = text.starts_with("--") || text.starts_with("__") || text.starts_with("==");
  if (!is_dashed) return false;
  if (text.size() >= 20 && text.find_first_not_of('_') == std::string_view::npos) return true;
  return holds_any(normalised(text), kRules);
}

/// No-break spaces, which French puts before a colon, as plain ones.
std::string with_plain_blanks(std::string_view text) {
  std::string out(text);
  for (const std::string_view blank : {"\xC2\xA0", "\xE2\x80\xAF"})
    for (auto at = out.find(blank); at != std::string::npos; at = out.find(blank, at))
      out.replace(at, blank.size(), " ");
  return out;
}

std::string field_word(std::string_view line) {
  const auto plain = with_plain_blanks(line);
  auto text = trim(plain);
  while (!text.empty() && (text.front() == '*' || text.front() == ' ')) text.remove_prefix(1);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon > 24) return {};
  auto word = normalised(text.substr(0, colon));
  while (!word.empty() && (word.back() == ' ' || word.back() == '*')) word.pop_back();
  return word;
}

/// "From: … / Sent: … / Subject: …" in the text, as Outlook writes it without any rule.
bool begins_header_block(const std::vector<std::string_view> &lines, std::size_t i) {
  if (!is_listed_in(field_word(lines[i]), kFromNames)) return false;
  bool has_sent = false, has_subject = false;
  for (std::size_t k = i + 1; k < lines.size() && k <= i + kHeaderBlockLines + 1; ++k) {
    const auto word = field_word(lines[k]);
    has_sent = has_sent || is_listed_in(word, kSentNames);
    has_subject = has_subject || is_listed_in(word, kSubjectNames);
  }
  return has_sent && has_subject;
}

/// How many lines from i on are one introduction; 0: none.
std::size_t introduction(const std::vector<std::string_view> &lines, std::size_t i) {
  std::string joined;
  for (std::size_t count = 1; count <= kIntroductionLinesMax && i + count <= lines.size(); ++count) {
    const auto line = trim(lines[i + count - 1]);
    if (line.empty()) return 0;
    if (!joined.empty()) joined += ' ';
    joined += line;
    if (joined.size() > kIntroductionBytesMax) return 0;
    if (!joined.ends_with(':')) continue;
    const auto text = normalised(with_plain_blanks(joined));
    const bool has_date_or_address =
        std::any_of(text.begin(), text.end(), is_digit) || text.find('@') != std::string::npos;
    const bool says_wrote =
        std::any_of(kWrote.begin(), kWrote.end(), [&](auto end) { return text.ends_with(end); }) ||
        std::any_of(kWroteWho.begin(), kWroteWho.end(),
                    [&](auto word) { return text.find(word) != std::string::npos; });
    return has_date_or_address && says_wrote ? count : 0;
  }
  return 0;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t next_worded(const std::vector<std::string_view> &lines, std::size_t i) {
  while (i < lines.size() && trim(lines[i]).empty()) ++i;
  return i;
}

}  // namespace

std::string own_words(std::string_view text) {
  const auto lines = split(text);
  std::string own;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_rule(lines[i]) || begins_header_block(lines, i)) break;
    if (const auto count = introduction(lines, i); count > 0) {
      const auto next = next_worded(lines, i + count);
      // Without marks below it, all that follows is the original; with them, words may stand between.
      if (next >= lines.size() || !is_quoted(lines[next])) break;
      i = next - 1;
      continue;
    }
    if (is_quoted(lines[i])) continue;
    own += lines[i];
    own += '\n';
  }
  auto kept = trim(own);
  if (kept.empty()) return std::string(trim(text));
  return std::string(kept);
}

bool says_stop(std::string_view words) {
  auto line = trim(words.substr(0, words.find('\n')));
  while (!line.empty() && (line.back() == '.' || line.back() == '!')) line.remove_suffix(1);
  return line.size() <= 40 && is_listed_in(normalised(line), kStopWords);
}

}  // namespace relance::report
