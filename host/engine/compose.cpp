// Models for templates, rendered parts, keys and hashes.
#include "host/engine/compose.hpp"

#include "host/base/id.hpp"
#include "host/domain/postal_address.hpp"
#include "host/render/letter.hpp"
#include "host/render/renderer.hpp"

#include <algorithm>

namespace relance::engine {
namespace {

render::MessageModel model_of(const store::Claim &claim, const store::CaseView &view,
                              const CaseSetting &setting, const domain::Decision &decision,
                              const store::Contact *contact, Instant now) {
  render::MessageModel model;
  const auto today = setting.creditor_region->zone.local(now).date;
  const auto currency = view.facts.currency;
  model.creditor_name = setting.creditor->name;
  model.creditor_address = setting.creditor->address_lines;
  if (const auto *account = setting.creditor->account(currency)) model.bank = *account;
  model.debtor_name = claim.name;
  model.contact_name = contact != nullptr ? contact->name : std::string{};
  model.language = claim.language.empty() ? setting.creditor->language : claim.language;
  model.country = claim.country;
  for (const auto &listed : decision.items)
    for (const auto &item : view.items)
      if (item.id == listed.id)
        model.items.push_back({item.number, item.reference, item.issued, item.due, item.amount,
                               domain::Money{listed.balance_minor, currency},
                               static_cast<std::int32_t>((today - item.due).count())});
  model.total = domain::Money{decision.total_minor, currency};
  if (decision.step >= 0) {
    const auto &step = setting.scenario->steps[static_cast<std::size_t>(decision.step)];
    model.step_id = step.id;
    model.level = step.level;
  }
  for (const auto step : decision.merged)
    model.merged_steps.push_back(setting.scenario->steps[static_cast<std::size_t>(step)].id);
  // A single invoice is paid under its own number, several under the customer's.
  model.payment_reference = model.items.size() == 1 ? model.items.front().number : claim.code;
  model.dated = today;
  model.customer_number = claim.code;
  auto day = format_date(today);
  std::erase(day, '-');
  model.letter_reference = claim.code + '-' + day;
  return model;
}

store::Content content(std::string role, std::string media_type, std::string bytes) {
  store::Content made;
  made.role = std::move(role);
  made.media_type = std::move(media_type);
  made.hash = sha256(bytes);
  made.bytes = std::make_shared<const std::string>(std::move(bytes));
  return made;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// Who is written to, as an envelope says it: the contact's own lines, else those of the debtor's postal
/// address, else its name. Their first line is the name, abroad the last one the country.
std::vector<std::string> letter_lines(const store::Claim &claim, const channel::Route &route,
                                      std::string_view from) {
  if (route.provider->channel == "postal" && route.contact != nullptr)
    return domain::envelope_lines(lines_of(route.contact->address), claim.country, from);
  for (const auto &contact : claim.contacts)
    if (contact.channel == "postal")
      return domain::envelope_lines(lines_of(contact.address), claim.country, from);
  std::vector<std::string> lines{claim.name};
  if (route.contact != nullptr && !route.contact->name.empty() && route.contact->name != claim.name)
    lines.push_back(route.contact->name);
  return lines;
}

const config::LetterSettings &letter_settings(const config::Configuration &configuration,
                                              const std::string &provider) {
  static const config::LetterSettings kUnlimited{};
  const auto *found = configuration.provider(provider);
  return found != nullptr ? found->letter : kUnlimited;
}

/// A step for a person needs no template: who owes what, since when.
Composed words_for_a_person(const render::MessageModel &model) {
  Composed words;
  words.subject = model.step_id + ": " + model.debtor_name + " owes " + domain::format_money(model.total);
  for (const auto &item : model.items)
    words.text +=
        item.number + ", due " + format_date(item.due) + ": " + domain::format_money(item.balance) + '\n';
  return words;
}

}  // namespace

struct Composer::Templates {
  render::Renderer renderer;
};

bool is_paper(std::string_view channel) {
  return channel == "postal" || channel == "lre" || channel == "fax";
}

Composer::Composer(std::shared_ptr<const config::Configuration> configuration)
    : templates_{std::make_unique<Templates>()}, configuration_{std::move(configuration)} {}
Composer::~Composer() = default;

/// Null: the step has none, a person does it.
Result<const config::Template *> Composer::template_of(const CaseSetting &setting,
                                                       const domain::Decision &decision,
                                                       const std::string &language) const {
  const bool has_step{decision.step >= 0 && decision.kind != domain::DecisionKind::thank};
  const auto &id = has_step ? setting.scenario->steps[static_cast<std::size_t>(decision.step)].template_id
                            : setting.scenario->thank_you_template;
  if (id.empty()) return nullptr;
  const auto *made = configuration_->find_template(id, language, setting.creditor->language);
  if (made == nullptr)
    return not_found("template " + id + " exists neither in language '" + language +
                     "' nor in the creditor's '" + setting.creditor->language + "'");
  return made;
}

Result<Composed> Composer::render(const store::Claim &claim, const store::CaseView &view,
                                  const CaseSetting &setting, const domain::Decision &decision,
                                  const store::Contact *contact, Instant now, bool is_for_a_person) {
  const auto model = model_of(claim, view, setting, decision, contact, now);
  const auto made = template_of(setting, decision, model.language);
  if (!made) return made.error();
  if (*made == nullptr) return words_for_a_person(model);
  const bool is_short{contact != nullptr && contact->channel == "sms"};
  const auto form = is_for_a_person ? render::Form::script
                    : is_short      ? render::Form::short_message
                                    : render::Form::mail;
  auto rendered = templates_->renderer.render(**made, model, form);
  if (!rendered) return rendered.error();
  return Composed{std::move(rendered->subject), std::move(rendered->text), std::move(rendered->html)};
}

Result<std::string> Composer::print(const store::Claim &claim, const CaseSetting &setting,
                                    const render::MessageModel &model, const config::Template &made,
                                    const channel::Route &route, bool as_fax, std::uint32_t *pages) {
  const auto words = templates_->renderer.render_letter(made, model);
  if (!words) return words.error();
  constexpr std::size_t kRowsAPage{40};
  drawn_ += 1 + model.items.size() / kRowsAPage;
  auto letter = render::LetterPrinter::of_this_thread().print(
      {*setting.creditor, letter_settings(*configuration_, route.provider->id), made, *words, model,
       letter_lines(claim, route, setting.creditor->country), route.provider->channel == "postal"},
      as_fax ? render::LetterForm::fax : render::LetterForm::pdf);
  if (!letter) return letter.error();
  if (pages != nullptr) *pages = letter->pages;
  return std::move(letter->bytes);
}

Result<store::Content> Composer::test_letter(const store::NewAttempt &attempt,
                                             const config::Creditor &creditor, const std::string &text,
                                             Instant now) {
  config::Template made;
  made.language = "en";
  render::MessageModel model;
  model.language = "en";
  model.country = creditor.country;
  const auto *region = configuration_->region(creditor.region);
  model.dated = region != nullptr ? region->zone.local(now).date
                                  : CivilDate{std::chrono::floor<Days>(now).time_since_epoch()};
  const bool is_fax{attempt.channel == "fax"};
  // Only an envelope needs an address that can be delivered to; the others show where the message went.
  auto letter = render::LetterPrinter::of_this_thread().print(
      {creditor,
       letter_settings(*configuration_, attempt.provider),
       made,
       {attempt.subject, text, {}},
       model,
       lines_of(attempt.address),
       attempt.channel == "postal"},
      is_fax ? render::LetterForm::fax : render::LetterForm::pdf);
  if (!letter) return letter.error();
  return content("letter", is_fax ? "image/tiff" : "application/pdf", std::move(letter->bytes));
}

Result<std::string> Composer::letter(const store::Claim &claim, const store::CaseView &view,
                                     const CaseSetting &setting, const domain::Decision &decision,
                                     const channel::Route &route, Instant now, bool as_fax) {
  const auto model = model_of(claim, view, setting, decision, route.contact, now);
  const auto made = template_of(setting, decision, model.language);
  if (!made) return made.error();
  if (*made == nullptr) return not_found("the step has no template: a person does it");
  return print(claim, setting, model, **made, route, as_fax, nullptr);
}

Result<store::NewAttempt> Composer::compose(const store::Claim &claim, const store::CaseView &view,
                                            const CaseSetting &setting, const domain::Decision &decision,
                                            const channel::Route &route, Instant now, Instant wall) {
  auto rendered = render(claim, view, setting, decision, route.contact, now,
                         route.provider->channel == channel::kTaskChannel);
  if (!rendered) return rendered.error();
  store::NewAttempt attempt;
  attempt.channel = route.provider->channel;
  attempt.provider = route.provider->id;
  if (route.contact != nullptr) {
    attempt.contact = route.contact->id;
    attempt.address = route.contact->address;
  }
  attempt.idempotency_key = make_ulid(wall);
  attempt.subject = std::move(rendered->subject);
  attempt.content.push_back(content("text", "text/plain; charset=utf-8", std::move(rendered->text)));
  if (is_paper(attempt.channel)) {
    const auto model = model_of(claim, view, setting, decision, route.contact, now);
    const auto made = template_of(setting, decision, model.language);
    if (!made) return made.error();
    const bool is_fax{attempt.channel == "fax"};
    if (*made == nullptr) return not_found("a letter needs a template, and the step has none");
    auto letter = print(claim, setting, model, **made, route, is_fax, &attempt.pages);
    if (!letter) return letter.error();
    attempt.content.push_back(
        content("letter", is_fax ? "image/tiff" : "application/pdf", std::move(*letter)));
  } else if (!rendered->html.empty()) {
    attempt.content.push_back(content("html", "text/html; charset=utf-8", std::move(rendered->html)));
  }
  attempt.dated = now;
  // Wall time bounds the hand-over; the end of the window bounds it too, where business time is the machine's
  // own.
  attempt.not_after = wall + configuration_->limits.hand_over_within;
  if (decision.at != Instant::max() && decision.at > now)
    attempt.not_after = std::min(attempt.not_after, wall + (decision.at - now));
  attempt.content_hash = content_hash(attempt, setting);
  return attempt;
}

Sha256 content_hash(const store::NewAttempt &attempt, const CaseSetting &setting) {
  const auto *sender = setting.creditor->sender(attempt.channel);
  std::vector<std::string_view> parts{attempt.channel, "\n", attempt.provider,        "\n",
                                      attempt.address, "\n", attempt.idempotency_key, "\n",
                                      attempt.subject, "\n"};
  const auto dated = std::to_string(to_ms(attempt.dated));
  parts.push_back(dated);
  if (sender != nullptr)
    for (const auto *text : {&sender->name, &sender->address, &sender->reply_to}) {
      parts.push_back("\n");
      parts.push_back(*text);
    }
  for (const auto &part : attempt.content) {
    parts.push_back("\n");
    parts.push_back(part.role);
    parts.push_back(part.media_type);
    parts.push_back(part.file_name);
    parts.push_back(as_bytes(part.hash));
  }
  return sha256(parts);
}

channel::Submission submission_of(const store::NewAttempt &attempt, store::AttemptId id,
                                  std::uint32_t attempt_number, const store::Claim &claim,
                                  const CaseSetting &setting, const domain::Step *step) {
  channel::Submission out;
  out.token = static_cast<channel::Token>(id);
  out.idempotency_key = attempt.idempotency_key;
  out.addressee.channel = attempt.channel;
  if (attempt.channel == "postal")  // a letter's address is its lines
    out.addressee.postal_lines = domain::envelope_lines(lines_of(attempt.address), claim.country);
  else
    out.addressee.address = attempt.address;
  out.addressee.name = claim.name;
  out.addressee.country = claim.country;
  out.addressee.language = claim.language;
  out.addressee.is_consumer = claim.is_consumer;
  if (!claim.is_consumer) out.addressee.organisation = claim.name;
  for (const auto &contact : claim.contacts)
    if (contact.id == attempt.contact && attempt.contact != 0) {
      if (!contact.name.empty()) out.addressee.name = contact.name;
      out.addressee.has_consent = contact.has_consent;
    }
  out.sender = sender_of(*setting.creditor, attempt.channel);
  out.service = step != nullptr && !step->is_visit() ? step->service : "plain";
  out.wants_read_receipt = step != nullptr && step->wants_read_receipt;
  out.subject = attempt.subject;
  for (const auto &part : attempt.content)
    out.parts.push_back({part.role, part.media_type, part.file_name, part.bytes, part.hash});
  out.references = {{"creditor", setting.creditor->code}, {"debtor", claim.code}};
  out.attempt_number = attempt_number;
  out.dated = attempt.dated;
  out.not_after = attempt.not_after;
  return out;
}

}  // namespace relance::engine
