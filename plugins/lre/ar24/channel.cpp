#include "plugins/lre/ar24/channel.hpp"

#include "plugins/lre/ar24/paris.hpp"
#include "plugins/lre/ar24/signing.hpp"
#include "plugins/lre/ar24/states.hpp"

#include <relance/signature.hpp>
#include <relance_lre_ar24_schema.hpp>

#include <algorithm>

namespace relance::lre::ar24 {
namespace {

using sdk::Outcome;

/// Letters in a row that AR24 has no clear answer for, before a poll takes AR24 itself to be away.
constexpr int kUnclearMax{3};
/// Open letters whose state is remembered, of about 100 bytes each.
constexpr std::size_t kToldMax{100'000};
/// A proof is a page or two with an image.
constexpr std::uint64_t kProofBytesMax{16U << 20};
constexpr std::uint64_t kListBytesMax{8U << 20};
/// Letters of the list that are looked through for one in doubt: the newest ones.
constexpr int kListedMax{500};
/// A code's hash counts a while; it is changed for a new one a little before its end.
constexpr std::int64_t kHashMarginMs{60'000}, kHashDefaultMs{600'000};
constexpr std::int64_t kProofRetryMs{3'600'000};
constexpr std::int64_t kPollAgainMs{50};

std::string escaped(std::string_view text) {
  return sdk::form({{"", text}}).substr(1);
}

/// Scheme and host: the token goes nowhere else.
std::string_view origin_of(std::string_view url) {
  const auto host = url.find("://");
  return host == url.npos ? std::string_view{} : url.substr(0, url.find_first_of("/?#", host + 3));
}

/// Of what a state says, whatever else of it changes from hour to hour (addresses of documents that end).
std::string digest_of(const std::vector<sdk::Receipt> &receipts) {
  sdk::Sha256 hash;
  for (const auto &receipt : receipts) {
    hash.add(receipt.code).add(receipt.text).add(std::to_string(static_cast<int>(receipt.kind)));
    hash.add(' ' + std::to_string(receipt.provider_time_ms) + ';');
  }
  return sdk::to_hex(hash.digest());
}

bool is_pdf(std::string_view bytes) {
  constexpr std::size_t kTail{1024};
  return bytes.starts_with("%PDF-") &&
         bytes.substr(bytes.size() - std::min(bytes.size(), kTail)).find("%%EOF") != bytes.npos;
}

}  // namespace

const sdk::Description Ar24Channel::kDescription{.id = "org.relance.lre",
                                                 .driver = "ar24",
                                                 .name = "Electronic registered letters (AR24)",
                                                 .version = "0.1.0",
                                                 .vendor = "Relance",
                                                 .channel = "lre",
                                                 .settings_schema = kSettingsSchema};

Ar24Channel::Ar24Channel(sdk::Host host, std::string_view, std::string_view settings_json,
                         sdk::Issues &issues)
    : host_{host}, http_{host}, settings_{read_settings(settings_json, issues)}, hook_{host.webhook_url()} {}

sdk::Traits Ar24Channel::traits() const {
  sdk::Traits traits;
  traits.max_in_flight = settings_.max_in_flight;
  traits.polls_open = true;
  if (hook_.empty()) traits.without = RELANCE_CAP_WEBHOOK;
  traits.expected_receipts = {{RELANCE_RCPT_DISPATCHED, 0, settings_.sent_within_ms},
                              {RELANCE_RCPT_ACCEPTED_BY_ADDRESSEE, 0, settings_.answered_within_ms}};
  return traits;
}

void Ar24Channel::start() {
  (void)paris_time(host_.wall_ms());  // without the zone no call could be signed: said now
}

Answer Ar24Channel::get(const std::string &path, const FormFields &more) {
  const auto date = paris_time(host_.wall_ms());
  auto url = settings_.url + path + '?' +
             sdk::form({{"token", settings_.token}, {"date", date}, {"id_user", settings_.user_id}});
  for (const auto &[name, value] : more) url += '&' + name + '=' + escaped(value);
  return read_answer(
      http_.get(url, {{"signature", signature_of(settings_.private_key, date)}},
                {.timeout_ms = settings_.timeout_ms, .reply_max = kListBytesMax, .is_idempotent = true}),
      settings_.private_key, date);
}

Answer Ar24Channel::post(const std::string &path, FormFields fields, const MultipartFile *file,
                         std::int64_t not_after_ms) {
  const auto date = paris_time(host_.wall_ms());
  fields.insert(fields.begin(), {{"token", settings_.token}, {"date", date}, {"id_user", settings_.user_id}});
  auto form = to_multipart(fields, file);
  return read_answer(http_.post(settings_.url + path,
                                {{"Content-Type", form.content_type},
                                 {"signature", signature_of(settings_.private_key, date)}},
                                std::move(form.body), not_after_ms, {.timeout_ms = settings_.timeout_ms}),
                     settings_.private_key, date);
}

std::optional<Outcome> Ar24Channel::upload(const sdk::Message &message, FormFields &fields) {
  std::size_t number{0};
  for (const auto *document : documents_of(message)) {
    if (message.stop_requested()) return Outcome::not_sent("stopping", "a document was not handed over");
    const MultipartFile file{"file", document->file_name.empty() ? "lettre.pdf" : document->file_name,
                             document->media_type, document->bytes};
    const auto answer = post("/attachment/", {}, &file, message.not_after_ms);
    if (answer.kind == Answer::Kind::success) {
      auto id = answer.result["file_id"].text(answer.result["id"].text());
      if (id.empty()) return Outcome::not_sent("attachment", "AR24 took a document and did not name it");
      fields.emplace_back("attachment[" + std::to_string(number++) + ']', std::move(id));
      continue;
    }
    auto outcome = outcome_of(answer, settings_.pause_ms);
    // A document alone is no letter: whatever became of it, nothing was sent.
    if (outcome.kind == sdk::OutcomeKind::unknown) outcome = Outcome::not_sent(outcome.code, outcome.text);
    return outcome;
  }
  return std::nullopt;
}

Answer Ar24Channel::one_time_hash(std::string &hash) {
  const std::lock_guard lock{mutex_};  // a code is changed for a hash once, and the others wait for it
  const auto now_ms = host_.wall_ms();
  if (!otp_hash_.empty() && now_ms < otp_hash_until_ms_) {
    hash = otp_hash_;
    return {.kind = Answer::Kind::success};
  }
  auto answer =
      post("/user/auth_otp/", {{"otp", one_time_code(settings_.otp_key, now_ms / 1000)}}, nullptr, 0);
  if (answer.kind != Answer::Kind::success) return answer;
  otp_hash_ = answer.result["hash"].text();
  if (otp_hash_.empty())
    return {.kind = Answer::Kind::error, .slug = "otp_hash", .message = "AR24 gave no hash"};
  const auto until =
      from_paris_time(answer.result["expiration_date"].text()).value_or(now_ms + kHashDefaultMs);
  otp_hash_until_ms_ = until - kHashMarginMs;
  hash = otp_hash_;
  return answer;
}

void Ar24Channel::forget_one_time_hash(const std::string &hash) {
  const std::lock_guard lock{mutex_};
  if (otp_hash_ == hash) otp_hash_.clear();
}

Outcome Ar24Channel::send(const sdk::Message &message) {
  if (const auto faults = faults_of(message, settings_); !faults.empty()) {
    const bool is_address{faults.front().path == "/addressee/address"};
    return Outcome::rejected(is_address ? sdk::FailureClass::address_dead : sdk::FailureClass::policy,
                             "unfit", faults.front().message);
  }
  auto fields = letter_fields(message);
  if (auto failed = upload(message, fields)) return *failed;
  if (!hook_.empty()) fields.emplace_back("webhook", hook_);
  const bool is_eidas{!settings_.otp_key.empty()};
  // Twice at most: the second time only where AR24 said that the hash of the first counts no longer.
  for (int attempt{1};; ++attempt) {
    auto all = fields;
    std::string hash;
    if (is_eidas) {
      const auto changed = one_time_hash(hash);
      if (changed.kind != Answer::Kind::success) {
        auto outcome = outcome_of(changed, settings_.pause_ms);
        if (outcome.kind == sdk::OutcomeKind::accepted || outcome.kind == sdk::OutcomeKind::unknown ||
            outcome.kind == sdk::OutcomeKind::rejected)
          outcome = Outcome::not_sent(changed.slug.empty() ? "otp" : changed.slug, changed.message);
        return outcome;
      }
      all.emplace_back("eidas", "1");
      all.emplace_back("auth_otp_hash", hash);
    }
    if (message.stop_requested()) return Outcome::not_sent("stopping", "the letter was not handed over");
    const auto answer = post("/mail/", std::move(all), nullptr, message.not_after_ms);
    const bool is_stale{is_eidas && answer.kind == Answer::Kind::error && is_about_the_code(answer.slug)};
    if (is_stale) forget_one_time_hash(hash);
    if (is_stale && attempt == 1) continue;
    return outcome_of(answer, settings_.pause_ms);
  }
}

sdk::Quote Ar24Channel::quote(const sdk::Message &message) const {
  return {.issues = faults_of(message, settings_)};
}

/// By its number, or by our key among the newest letters. What is not among them may have been too long ago.
Outcome Ar24Channel::query(const sdk::Query &query) {
  for (const auto ref : query.refs) {
    if (!is_letter_id(ref)) continue;
    const auto answer = get("/mail/", {{"id", std::string{ref}}});
    if (answer.kind == Answer::Kind::success && answer.result["id"].text() == ref)
      return Outcome::accepted({std::string{ref}});
    return Outcome::unknown(answer.slug.empty() ? "http" : answer.slug, answer.message);
  }
  const auto answer = get("/user/mail", {{"max", std::to_string(kListedMax)},
                                         {"ref_dossier", std::string{query.idempotency_key}}});
  if (answer.kind != Answer::Kind::success)
    return Outcome::unknown(answer.slug.empty() ? "http" : answer.slug, answer.message);
  for (const auto &letter : answer.result.items())
    if (!query.idempotency_key.empty() && letter["ref_dossier"].text() == query.idempotency_key &&
        is_letter_id(letter["id"].text()))
      return Outcome::accepted({letter["id"].text()});
  return Outcome::not_found();
}

/// What webhooks did not tell: each open letter is looked at. One that AR24 cannot tell of does not keep the
/// others from being asked about, and what was found before AR24 went away is not lost.
sdk::Polled Ar24Channel::poll(const sdk::Poll &poll) {
  sdk::Polled polled{.cursor = std::string{poll.cursor},
                     .next_poll_ms = poll.has_more ? kPollAgainMs : settings_.poll_interval_ms};
  if (told_.size() > kToldMax) told_.clear();  // what is told twice does no harm
  std::string trouble;
  int unclear{0};
  for (const auto &open : poll.open) {
    for (const auto ref : open.refs) {
      if (!is_letter_id(ref) || unclear == kUnclearMax) continue;
      if (poll.stop_requested()) return sdk::Polled::failed("stopping");
      const auto answer = get("/mail/", {{"id", std::string{ref}}});
      if (answer.kind == Answer::Kind::error && !is_about_the_account(answer.slug))
        continue;  // of this letter only
      if (answer.kind != Answer::Kind::success) {
        trouble = answer.kind == Answer::Kind::maintenance ? "AR24 is in maintenance"
                                                           : answer.slug + ' ' + answer.message;
        unclear = answer.kind == Answer::Kind::unclear ? unclear + 1 : kUnclearMax;
        continue;
      }
      unclear = 0;
      if (answer.result["id"].text() != ref) continue;
      auto digest = digest_of(receipts_of(answer.result, host_.wall_ms()));
      auto &told = told_[std::string{ref}];
      if (told == digest) continue;
      told = std::move(digest);
      const auto hash = sdk::to_hex(sdk::Sha256{}.add(answer.text).digest());
      polled.found.push_back(
          {.kind = "poll", .name = std::string{ref} + ':' + hash.substr(0, 16), .bytes = answer.text});
    }
  }
  if (!trouble.empty() && polled.found.empty())
    return sdk::Polled::failed(std::move(trouble), settings_.poll_interval_ms);
  if (!trouble.empty())
    host_.log(sdk::LogLevel::warning, "AR24 did not tell the state of every letter", {{"why", trouble}});
  return polled;
}

sdk::Authenticated Ar24Channel::authenticate(const sdk::WebhookRequest &request) const {
  const auto &allowed = settings_.webhook_addresses;
  const bool may_come{allowed.empty() ||
                      std::find(allowed.begin(), allowed.end(), request.remote_address) != allowed.end()};
  return may_come && !letter_id_in(request.body).empty() ? sdk::Verdict::poke : sdk::Verdict::forged;
}

sdk::Parsed Ar24Channel::parse(const sdk::Raw &raw) {
  if (raw.kind == "poll") {
    const auto document = sdk::Json::parse(raw.bytes);
    auto receipts =
        receipts_of(document["result"], raw.received_at_ms == 0 ? host_.wall_ms() : raw.received_at_ms);
    if (receipts.empty()) return sdk::Parsed::unreadable("no state of a letter");
    return {.receipts = std::move(receipts)};
  }
  if (raw.kind != "poke") return sdk::Parsed::unreadable("neither a hint nor a state");
  const auto id = letter_id_in(raw.webhook().body);
  if (id.empty()) return sdk::Parsed::unreadable("a hint at no letter");
  const auto answer = get("/mail/", {{"id", id}});
  // A number that AR24 does not know, or does not show us: somebody made it up. Were it all letters that it
  // does not show, the next poll finds what this hint was about.
  const bool is_made_up{is_about_no_letter(answer.slug) || is_denied(answer.slug)};
  if (answer.kind == Answer::Kind::error && is_made_up) return sdk::Parsed::nothing();
  if (answer.kind != Answer::Kind::success)
    return sdk::Parsed::retry(answer.slug.empty() ? "AR24 did not answer: " + answer.message : answer.slug);
  if (answer.result["id"].text() != id) return sdk::Parsed::nothing();
  return {.receipts = receipts_of(answer.result, host_.wall_ms())};
}

sdk::Fetched Ar24Channel::fetch(const sdk::Fetch &fetch) {
  const auto reference = read_reference(fetch.reference);
  if (reference.kind.empty()) return sdk::Fetched::gone("names no proof");
  const auto answer = get("/mail/", {{"id", reference.letter_id}});
  if (answer.kind == Answer::Kind::error && is_about_no_letter(answer.slug))
    return sdk::Fetched::gone("AR24 has this letter no more: " + answer.slug);
  if (answer.kind != Answer::Kind::success)
    return sdk::Fetched::retry(answer.slug.empty() ? "AR24 did not answer: " + answer.message : answer.slug);
  if (answer.result["id"].text() != reference.letter_id)
    return sdk::Fetched::retry("another letter than asked for");
  const auto url = answer.result[std::string_view{"proof_" + reference.kind + "_url"}].text();
  if (url.empty()) return sdk::Fetched::retry("AR24 has not made it yet", kProofRetryMs);
  return download(url);
}

sdk::Fetched Ar24Channel::download(const std::string &url) {
  const auto date = paris_time(host_.wall_ms());
  auto asked = url;
  sdk::HttpHeaders headers;
  // Elsewhere than at the API (a store of documents) the address itself must be enough.
  if (origin_of(url) == origin_of(settings_.url)) {
    asked += (url.find('?') == url.npos ? '?' : '&') +
             sdk::form({{"token", settings_.token}, {"date", date}, {"id_user", settings_.user_id}});
    headers.emplace_back("signature", signature_of(settings_.private_key, date));
  }
  const auto reply =
      http_.get(asked, headers,
                {.timeout_ms = settings_.timeout_ms, .reply_max = kProofBytesMax, .is_idempotent = true});
  if (reply.result != sdk::HttpReply::Result::replied) return sdk::Fetched::retry(reply.error);
  // A document that AR24 still names may be late at its store: whether it is gone, only AR24 says.
  if (!reply.is_success())
    return sdk::Fetched::retry("http " + std::to_string(reply.status),
                               reply.status == 404 ? kProofRetryMs : 0);
  if (is_pdf(reply.body)) return sdk::Fetched::ok(reply.body, "application/pdf");
  if (auto plain = decrypted(settings_.private_key, date, reply.body); plain && is_pdf(*plain))
    return sdk::Fetched::ok(std::move(*plain), "application/pdf");
  return sdk::Fetched::retry("what came is no whole PDF", kProofRetryMs);
}

}  // namespace relance::lre::ar24
