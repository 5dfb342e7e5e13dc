#include "plugins/lre/ar24/answer.hpp"

#include "plugins/lre/ar24/signing.hpp"

#include <algorithm>

namespace relance::lre::ar24 {
namespace {

using sdk::FailureClass;
using sdk::Outcome;

constexpr std::size_t kSlugBytes{80}, kMessageBytes{300};

std::string one_line(std::string_view text, std::size_t most) {
  auto end = std::min(most, text.size());
  // Not in the middle of a character.
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string line;
  for (const char c : text.substr(0, end)) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  return line;
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

bool has_one(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](auto word) { return text.find(word) != text.npos; });
}

/// Nothing AR24's: a status, a page of something in between.
Answer unclear(std::string why) {
  return {.kind = Answer::Kind::unclear, .message = std::move(why)};
}

/// Of something between us and AR24 (a gateway, a wrong address), which has no words of AR24's. 401 to 405
/// and 407 are said before a call is handed on: this account or its settings are at fault, and nothing was
/// sent.
Answer not_of_ar24(std::uint32_t status) {
  const auto code = "http " + std::to_string(status);
  if ((status >= 401 && status <= 405) || status == 407)
    return {.kind = Answer::Kind::error,
            .slug = code,
            .message = "the address of the API does not serve these settings"};
  return unclear(code + ": no answer of AR24's");
}

}  // namespace

Answer read_answer(const sdk::HttpReply &reply, std::string_view private_key, std::string_view date) {
  if (reply.result == sdk::HttpReply::Result::not_sent)
    return {.kind = Answer::Kind::not_sent, .message = one_line(reply.error, kMessageBytes)};
  if (reply.result != sdk::HttpReply::Result::replied) return unclear(one_line(reply.error, kMessageBytes));
  auto document = sdk::Json::parse(reply.body);
  std::string text;
  const bool is_clear{document.kind() == sdk::Json::Kind::object};
  if (!is_clear) {
    auto plain = decrypted(private_key, date, reply.body);
    if (!plain) return not_of_ar24(reply.status);
    text = std::move(*plain);
    document = sdk::Json::parse(text);
  }
  const auto status = lower(document["status"].text());
  // AR24 answers with 200 whatever it says: a JSON error with a 5xx is of something in between, which may
  // have handed the call on before it gave up.
  if (reply.status >= 500 && status != "maintenance") return not_of_ar24(reply.status);
  if (status == "maintenance") return {.kind = Answer::Kind::maintenance};
  if (status == "error" && document["slug"].text().empty() && reply.status >= 400)
    return not_of_ar24(reply.status);
  if (status == "error")
    return {.kind = Answer::Kind::error,
            .slug = one_line(document["slug"].text(), kSlugBytes),
            .message = one_line(document["message"].text(), kMessageBytes)};
  // A success in clear was not made with our key: whoever wrote it is not AR24.
  if (is_clear || status != "success") return unclear("an answer that says neither success nor error");
  return {.kind = Answer::Kind::success, .result = document["result"], .text = std::move(text)};
}

bool is_about_the_account(std::string_view slug) {
  const auto word = lower(slug);
  return has_one(word, {"http 4", "token", "signature", "api_key", "private_key", "_date", "user_not",
                        "id_user", "user_unavailable", "access", "right", "forbidden", "not_confirmed",
                        "payment", "billing", "credit"}) &&
         !is_about_the_code(slug);
}

bool is_about_no_letter(std::string_view slug) {
  return has_one(lower(slug), {"not_found", "not_exist", "unknown", "deleted", "no_such"}) &&
         !is_about_the_account(slug);
}

bool is_denied(std::string_view slug) {
  return has_one(lower(slug), {"access", "right", "forbidden"});
}

bool is_about_the_code(std::string_view slug) {
  return lower(slug).find("otp") != std::string::npos;
}

Outcome outcome_of(const Answer &answer, std::int64_t pause_ms) {
  const auto code = answer.slug.empty() ? std::string{"error"} : answer.slug;
  switch (answer.kind) {
    case Answer::Kind::success:
      break;
    case Answer::Kind::not_sent:
      return Outcome::not_sent("http", answer.message);
    case Answer::Kind::maintenance: {
      auto outcome = Outcome::not_sent("maintenance", "AR24 is in maintenance", pause_ms);
      outcome.whole_instance = true;
      return outcome;
    }
    case Answer::Kind::unclear:
      return Outcome::unknown("http", answer.message);
    case Answer::Kind::error: {
      if (is_about_the_account(code) || is_about_the_code(code)) {
        auto outcome = Outcome::not_sent(code, answer.message, pause_ms);
        outcome.failure = FailureClass::configuration;
        outcome.whole_instance = true;
        return outcome;
      }
      const auto word = lower(code);
      // Their own fault, whenever it happened.
      if (has_one(word, {"internal", "server", "exception", "unexpected", "timeout"}))
        return Outcome::unknown(code, answer.message);
      const bool is_address{has_one(word, {"email", "e_mail", "recipient", "destinataire"})};
      return Outcome::rejected(is_address ? FailureClass::address_dead : FailureClass::policy, code,
                               answer.message);
    }
  }
  auto id = answer.result["id"].text();
  if (id.empty()) return Outcome::unknown("no_id", "a success that names no letter");
  return Outcome::accepted({std::move(id)});
}

}  // namespace relance::lre::ar24
