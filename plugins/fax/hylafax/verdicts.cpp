#include "plugins/fax/hylafax/verdicts.hpp"

#include <relance/json.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace relance::fax::hylafax {
namespace {

using relance::hylafax::Job;
using relance::hylafax::State;

constexpr std::size_t kKeyMin{26}, kKeyMax{36};
constexpr std::size_t kWordsMax{200};
/// Of the server: "Job aborted by request", and the killing of one that was being sent.
constexpr std::string_view kAborted{"345"};
constexpr std::string_view kKillTimeOver{"325"};

/// "E333"; empty where nothing is wrong, or what stands there is no code.
std::string code_of(const Job &job) {
  const bool is_code{job.code.size() == 3 && relance::hylafax::is_job_id(job.code) && job.code != "000"};
  return is_code ? "E" + job.code : std::string{};
}
bool says(std::string_view text, std::string_view words) {
  return text.find(words) != text.npos;
}

/// Nothing that a fax server says means that the number is dead: the line was engaged, nobody was there, a
/// person or a bad line spoke.
sdk::FailureClass class_of(const Job &job) {
  if (says(job.status, "REJECT"))
    return says(job.status, "modem") ? sdk::FailureClass::configuration : sdk::FailureClass::policy;
  if (says(job.status, "onversion") || says(job.status, "document")) return sdk::FailureClass::configuration;
  return sdk::FailureClass::temporary;
}

std::string count_of(unsigned some, unsigned all, std::string_view what) {
  return std::to_string(some) + (all == 0 ? std::string{} : " of " + std::to_string(all)) + " " +
         std::string{what};
}
void append(std::string &text, std::string_view more) {
  if (!text.empty() && !more.empty()) text += "; ";
  text += more;
}

sdk::Receipt read_end(const Job &job, sdk::Receipt receipt) {
  receipt.is_final = true;
  const auto pages = count_of(job.pages, job.pages_total, "pages arrived");
  const bool is_whole{job.pages_total == 0 || job.pages >= job.pages_total};
  append(receipt.text, pages);
  if (job.state == State::done && is_whole) {
    receipt.kind = sdk::ReceiptKind::delivered;
  } else if (is_cancelled(job)) {
    receipt.kind = sdk::ReceiptKind::cancelled;
  } else if (job.code == kKillTimeOver || says(job.status, "Kill time expired")) {
    receipt.kind = sdk::ReceiptKind::expired;
    receipt.failure = sdk::FailureClass::temporary;
  } else {
    receipt.kind = sdk::ReceiptKind::failed;
    receipt.failure = class_of(job);
  }
  return receipt;
}

}  // namespace

std::optional<Reference> read_reference(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  Reference reference{std::string{text.substr(0, slash)}, std::string{text.substr(slash + 1)}};
  if (!relance::hylafax::is_job_id(reference.job) || !is_key(reference.key)) return std::nullopt;
  return reference;
}

bool is_key(std::string_view text) {
  return text.size() >= kKeyMin && text.size() <= kKeyMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
         });
}

std::string words_of(std::string_view status) {
  std::string words;
  for (const char c : status.substr(0, kWordsMax)) words += c >= 0x20 && c < 0x7F ? c : ' ';
  while (words.ends_with(' ')) words.pop_back();
  return words;
}

bool is_cancelled(const Job &job) {
  return job.state == State::failed && (job.code == kAborted || says(job.status, "Job aborted by "));
}

sdk::Outcome refusal(const Job &job) {
  return sdk::Outcome::rejected(class_of(job), code_of(job),
                                "the fax server's scheduler refused the job: " + words_of(job.status));
}

sdk::Inbound to_inbound(const Job &job) {
  const std::string state{relance::hylafax::name_of(job.state)};
  sdk::Inbound found{.kind = "poll"};
  found.name = job.id + "/" + job.key + ":" + state + ":" + std::to_string(job.dials) + ":" +
               std::to_string(job.pages);
  found.bytes = sdk::json_object({{"job", job.id},
                                  {"key", job.key},
                                  {"state", state},
                                  {"code", job.code},
                                  {"status", words_of(job.status)},
                                  {"pages", std::to_string(job.pages)},
                                  {"pages_total", std::to_string(job.pages_total)},
                                  {"dials", std::to_string(job.dials)},
                                  {"dials_max", std::to_string(job.dials_max)}});
  return found;
}

sdk::Parsed read_inbound(std::string_view bytes) {
  const auto json = sdk::Json::parse(bytes);
  const auto number = [&](std::string_view field) {
    unsigned value{0};
    const auto text = json[field].text();
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  };
  const Job job{.id = json["job"].text(),
                .key = json["key"].text(),
                .state = relance::hylafax::state_named(json["state"].text()),
                .code = json["code"].text(),
                .status = words_of(json["status"].text()),
                .pages = number("pages"),
                .pages_total = number("pages_total"),
                .dials = number("dials"),
                .dials_max = number("dials_max")};
  if (!relance::hylafax::is_job_id(job.id) || !is_key(job.key) || job.state == State::undefined)
    return sdk::Parsed::unreadable("no job of ours");
  sdk::Receipt receipt{
      .ref = Reference{job.id, job.key}.text(), .idempotency_key = job.key, .text = job.status};
  receipt.code = code_of(job);
  if (job.is_over()) return sdk::Parsed::receipt(read_end(job, std::move(receipt)));
  if (job.state == State::active)
    append(receipt.text, "a call is under way");  // which one: the server counts it sooner or later
  else if (job.dials > 0)
    append(receipt.text, count_of(job.dials, job.dials_max, "calls made"));
  else
    append(receipt.text, "waits at the fax server");
  return sdk::Parsed::receipt(std::move(receipt));
}

}  // namespace relance::fax::hylafax
