#include "plugins/protocol/report/verdict.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/charset.hpp"
#include "plugins/protocol/report/status_code.hpp"
#include "plugins/protocol/report/wording.hpp"

#include <string>

namespace relance::report {
namespace {

constexpr std::size_t kCodesMax = 64;

bool is_good(Action action) {
  return action == Action::delivered || action == Action::relayed || action == Action::expanded;
}

/// The Status field against the status quoted from the server that refused. The quoted one is nearer to the
/// cause; the field of many servers is a general X.0.0 or says only that time ran out.
std::string chosen_status(const std::string &field, const Code &quoted) {
  if (field.empty() || quoted.status.empty()) return field.empty() ? quoted.status : field;
  if (is_general(quoted.status)) return field;
  if (is_general(field) || quoted.is_pair) return quoted.status;
  return field;
}

/// The status that a wording means. Its class is that of the quoted reply when there is one; else a wording
/// that fits both classes follows from whether anybody tries again.
std::string status_from(std::string_view pattern, int reply_code, bool is_final) {
  std::string status(pattern);
  if (reply_code != 0)
    status[0] = static_cast<char>('0' + reply_code / 100);
  else if (!is_final)
    status[0] = '4';
  else if (status[0] == 'x')
    status[0] = '5';
  return status;
}

/// "250 2.1.5 Ok" → 250
int leading_success_reply(std::string_view diagnostic) {
  const auto text = trim(diagnostic);
  const bool is_reply = text.size() >= 3 && text[0] == '2' && is_digit(text[1]) && is_digit(text[2]) &&
                        (text.size() == 3 || text[3] == ' ' || text[3] == '-');
  return is_reply ? 200 + (text[1] - '0') * 10 + (text[2] - '0') : 0;
}

}  // namespace

void judge(Recipient &recipient, const Evidence &evidence) {
  recipient.is_final = recipient.action == Action::failed || is_good(recipient.action);
  recipient.diagnostic = cut_utf8(squeeze(evidence.diagnostic.empty() ? evidence.words : evidence.diagnostic),
                                  kDiagnosticBytesMax);
  recipient.status = status_of(evidence.status_field);
  if (is_good(recipient.action)) {
    recipient.is_status_reported = class_of(recipient.status) == StatusClass::success;
    if (!recipient.is_status_reported) recipient.status = "2.0.0";
    recipient.status_class = StatusClass::success;
    recipient.reason = Reason::delivered;
    recipient.reply_code = leading_success_reply(evidence.diagnostic);
    return;
  }
  if (class_of(recipient.status) == StatusClass::success) recipient.status.clear();

  Code quoted = best_code(find_codes(evidence.diagnostic, kCodesMax));
  recipient.status = chosen_status(recipient.status, quoted);
  if (recipient.status.empty() || is_general(recipient.status) || quoted.reply == 0) {
    const Code elsewhere = best_code(find_codes(evidence.words, kCodesMax));
    const int stated = recipient.status.empty() ? 0 : recipient.status[0] - '0';
    const int digit = quoted.reply != 0 ? quoted.reply / 100 : stated;
    const auto agrees = [digit](int other) { return digit == 0 || other == digit; };
    const bool says_more =
        quoted.status.empty() && (recipient.status.empty() || is_general(recipient.status));
    if (says_more && !elsewhere.status.empty() && agrees(elsewhere.status[0] - '0'))
      recipient.status = elsewhere.status;
    if (quoted.reply == 0 && elsewhere.reply != 0 && agrees(elsewhere.reply / 100))
      quoted.reply = elsewhere.reply;
  }
  recipient.reply_code = quoted.reply;
  recipient.is_status_reported = !recipient.status.empty();

  const auto said = meaning_of(spoken_words(evidence.diagnostic));
  const auto around = said ? said : meaning_of(spoken_words(evidence.words));
  const bool is_precise = recipient.is_status_reported && !recipient.status.ends_with(".0");
  const bool is_clear = said && !(said->is_vague && is_precise);
  recipient.reason =
      !is_clear && (is_precise || !around) ? reason_of_status(recipient.status) : around->reason;
  if (!recipient.is_status_reported)
    recipient.status = status_from(around ? around->status : status_of_reason(recipient.reason),
                                   recipient.reply_code, recipient.is_final);
  recipient.status_class = class_of(recipient.status);
}

}  // namespace relance::report
