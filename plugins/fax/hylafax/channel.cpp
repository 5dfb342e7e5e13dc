// @see docs/decisions/0007: what is true when the machine stops at each of these steps
#include "plugins/fax/hylafax/channel.hpp"

#include "plugins/fax/document.hpp"

#include <relance_fax_hylafax_schema.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

namespace relance::fax::hylafax {
namespace {

using relance::hylafax::as_argument;
using relance::hylafax::Fault;
using relance::hylafax::Refused;
using relance::hylafax::Reply;
using relance::hylafax::State;

/// hfaxd holds the drafts of a session in memory.
constexpr std::size_t kDraftsMax{200};
/// As many faxes as a host can have open; what is forgotten is told again, which changes nothing.
constexpr std::size_t kToldMax{20'000};
/// Jobs of earlier days that a start tells again.
constexpr std::size_t kCatchUpMax{5'000};
constexpr std::int64_t kDayMs{86'400'000}, kMinuteMs{60'000};
/// A server that restarts is back within seconds; a wrong password, a full disk wait for a person.
constexpr std::int64_t kUnreachablePauseMs{5'000}, kRefusedPauseMs{60'000}, kDraftsPauseMs{1'000};
/// A call that is being made takes a moment to be broken off.
constexpr std::chrono::milliseconds kKillPatience{6'000}, kKillGlance{100};
constexpr int kDone{200}, kRefusedByScheduler{460};

sdk::Outcome whole_instance(sdk::Outcome outcome, sdk::FailureClass failure) {
  outcome.failure = failure;
  outcome.whole_instance = true;
  return outcome;
}
sdk::Outcome unreachable(const Fault &fault) {
  return whole_instance(sdk::Outcome::not_sent("session", fault.what(), kUnreachablePauseMs),
                        sdk::FailureClass::temporary);
}

/// Nothing of it is queued: its job, if there was one, was a draft.
sdk::Outcome not_taken(const Refused &refused) {
  const std::string words{refused.what()};
  const auto code = std::to_string(refused.reply.code);
  if (words.starts_with("login"))
    return whole_instance(sdk::Outcome::not_sent(code, words, kRefusedPauseMs),
                          sdk::FailureClass::configuration);
  if (words.starts_with("FORM"))
    return sdk::Outcome::rejected(sdk::FailureClass::policy, code,
                                  "the fax server does not take documents of this kind: " + words);
  if (words.starts_with("JPARM DIALSTRING"))
    return sdk::Outcome::rejected(sdk::FailureClass::policy, code,
                                  "the fax server does not take the number: " + words);
  // A full disk, a queue that is not there, a parameter that this server does not know.
  return whole_instance(
      sdk::Outcome::not_sent(code, words, kRefusedPauseMs),
      refused.reply.code < 500 ? sdk::FailureClass::temporary : sdk::FailureClass::configuration);
}

/// Of a name that stands in the fax server's lists: as much as its commands have room for, and no half
/// letter.
std::string_view beginning_of(std::string_view name) {
  constexpr std::size_t kNameMax{200};
  auto end = std::min(name.size(), kNameMax);
  while (end > 0 && end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return name.substr(0, end);
}

/// DDHHMM, as JPARM LASTTIME takes it: from the release on.
std::string duration_of(std::int64_t ms) {
  const auto minutes = ms / kMinuteMs;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02lld%02lld%02lld", static_cast<long long>(minutes / 1440),
                static_cast<long long>(minutes / 60 % 24), static_cast<long long>(minutes % 60));
  return text.data();
}

}  // namespace

const sdk::Description HylafaxChannel::kDescription{.id = "org.relance.fax",
                                                    .driver = "hylafax",
                                                    .name = "Fax through HylaFAX",
                                                    .version = "0.1.0",
                                                    .vendor = "Relance",
                                                    .channel = "fax",
                                                    .settings_schema = kSettingsSchema};

HylafaxChannel::HylafaxChannel(sdk::Host host, std::string_view, std::string_view settings_json,
                               sdk::Issues &issues)
    : host_{host},
      settings_{read_settings(settings_json, issues)},
      drafting_{settings_.server, is_stopping_},
      asking_{settings_.server, is_stopping_} {}

sdk::Traits HylafaxChannel::traits() const {
  // A job leaves the server's list after a while: that it is not there is never certain, so no
  // not_found_certain_after.
  return {.expected_receipts = {{RELANCE_RCPT_DELIVERED, 0, settings_.give_up_after_ms + kDayMs / 24}},
          .submit_never_releases = true,
          .polls_open = true,
          .workers = 1};
}

template <class Work>
auto HylafaxChannel::on_drafting(Work work) {
  const std::lock_guard lock(drafting_mutex_);
  try {
    if (!drafting_.is_alive()) {
      drafts_.clear();
      drafting_.open();
    }
    return work();
  } catch (const Fault &) {
    drafting_.close();
    drafts_.clear();
    throw;
  }
}
template <class Work>
auto HylafaxChannel::on_asking(Work work) {
  const std::lock_guard lock(asking_mutex_);
  try {
    if (!asking_.is_alive()) asking_.open();
    return work();
  } catch (const Fault &) {
    asking_.close();
    throw;
  }
}

sdk::Quote HylafaxChannel::quote(const sdk::Message &message) const {
  sdk::Quote quote;
  auto document = document_of(message);
  quote.pages = document.pages;
  if (document.form.empty()) quote.issues.push_back({.path = "/parts", .message = std::move(document.fault)});
  if (!dial_string(message.addressee.address, settings_.dial))
    quote.issues.push_back({.path = "/addressee/address", .message = "is no number like +33140000000"});
  return quote;
}

std::int64_t HylafaxChannel::last_call_ms(const sdk::Message &message) const {
  const auto latest = settings_.give_up_after_ms;
  return message.valid_until_ms == 0 ? latest : std::min(latest, message.valid_until_ms - host_.wall_ms());
}

sdk::Outcome HylafaxChannel::send(const sdk::Message &message) {
  auto document = document_of(message);
  if (document.form.empty())
    return sdk::Outcome::rejected(sdk::FailureClass::policy, "document", std::move(document.fault));
  const auto dialled = dial_string(message.addressee.address, settings_.dial);
  if (!dialled)
    return sdk::Outcome::rejected(sdk::FailureClass::policy, "number",
                                  "the address is no number like +33140000000");
  if (!is_key(message.idempotency_key))
    return sdk::Outcome::not_sent("key", "the host gave no key that a job could be found by");
  if (last_call_ms(message) < kMinuteMs)
    return sdk::Outcome::not_sent("expired", "less than a minute is left to call in");
  try {
    return on_drafting([&] { return draft(message, document, *dialled); });
  } catch (const Refused &refused) {
    return not_taken(refused);
  } catch (const Fault &fault) {
    return unreachable(fault);  // a job that was begun has died with its session
  }
}

sdk::Outcome HylafaxChannel::draft(const sdk::Message &message, const Document &document,
                                   const std::string &dialled) {
  if (drafts_.size() >= kDraftsMax)
    return sdk::Outcome::not_sent("drafts", "too many drafts in one session", kDraftsPauseMs);
  const auto stored = drafting_.upload(document.form, document.bytes);
  const auto id = drafting_.make_job();
  drafts_.insert(id);
  try {
    describe_job(message, dialled, stored);
  } catch (const Refused &) {
    drafting_.command("JDELE " + id);
    drafts_.erase(id);
    throw;
  }
  return sdk::Outcome::prepared({Reference{id, std::string{message.idempotency_key}}.text()});
}

void HylafaxChannel::describe_job(const sdk::Message &message, const std::string &dialled,
                                  const std::string &document) {
  const auto set = [this](const std::string &words, int code = 213) {
    drafting_.expect("JPARM " + words, code);
  };
  set("FROMUSER " + as_argument(message.sender.name.empty() ? "Relance" : beginning_of(message.sender.name)));
  set("LASTTIME " + duration_of(last_call_ms(message)));
  set("MAXDIALS " + std::to_string(settings_.dials_max));
  set("MAXTRIES " + std::to_string(settings_.tries_max));
  set("SCHEDPRI " + std::to_string(settings_.priority));
  set("DIALSTRING " + as_argument(dialled));
  set("NOTIFYADDR " + as_argument("nobody@localhost"));  // the server wants one, and sends nothing to it
  set("NOTIFY " + as_argument("none"));
  set("VRES 196");  // as the pages are drawn: at 98 the server would throw away every second line
  set("PAGEWIDTH 210");
  set("PAGELENGTH 297");
  set("PAGECHOP " + as_argument("none"));
  set("JOBINFO " + as_argument(message.idempotency_key));
  if (!settings_.modem.empty()) set("MODEM " + as_argument(settings_.modem));
  set("DOCUMENT " + document, 200);
}

sdk::Outcome HylafaxChannel::commit(const sdk::Commit &commit) {
  const auto reference = commit.refs.empty() ? std::nullopt : read_reference(commit.refs[0]);
  if (!reference) return sdk::Outcome::not_sent("reference", "no job of this driver");
  bool is_asked{false};
  try {
    return on_drafting([&] {
      // Of an earlier session: a draft is gone with it, and what lies there under our key was released.
      if (!drafts_.contains(reference->job)) {
        const auto job = look_anew(*reference);
        if (!job) return sdk::Outcome::not_sent("no_job", "the draft is gone with the session that made it");
        if (job->state != State::suspended) return sdk::Outcome::accepted({reference->text()});
      }
      if (commit.not_after_ms != 0 && host_.wall_ms() >= commit.not_after_ms) {
        drafts_.erase(reference->job);
        if (const auto said = drafting_.command("JDELE " + reference->job); said.code != kDone)
          return sdk::Outcome::unknown("expired", "its time was over, and it is not removed: " + said.text);
        return sdk::Outcome::not_sent("expired", "its time to leave was over");
      }
      is_asked = true;
      return release(*reference);
    });
  } catch (const Refused &refused) {
    return is_asked ? sdk::Outcome::unknown("session", refused.what()) : not_taken(refused);
  } catch (const Fault &fault) {
    return is_asked ? sdk::Outcome::unknown("session", fault.what()) : unreachable(fault);
  }
}

sdk::Outcome HylafaxChannel::release(const Reference &reference) {
  const auto said = drafting_.command("JSUBM " + reference.job);
  drafts_.erase(reference.job);
  if (said.code == 200) return sdk::Outcome::accepted({reference.text()});
  const auto job = look(drafting_, reference);
  if (!job) return sdk::Outcome::not_sent("no_job", "the draft is gone with the session that made it");
  if (job->state == State::suspended) return take_back(reference, said);
  if (said.code == kRefusedByScheduler && job->state == State::failed) return refusal(*job);
  return sdk::Outcome::accepted(
      {reference.text()});  // "use JSUSP first", "already done": it was released before
}

/// The scheduler is away, or was started anew just now: with the fax itself nothing is wrong. What it has not
/// heard of is deleted, so that nothing of it is left for it to find.
sdk::Outcome HylafaxChannel::take_back(const Reference &reference, const Reply &said) {
  const auto code = std::to_string(said.code);
  const auto words = "the fax server's scheduler did not take the job: " + words_of(said.text);
  if (drafting_.command("JDELE " + reference.job).code != kDone) return sdk::Outcome::unknown(code, words);
  auto outcome = sdk::Outcome::not_sent(code, words, kRefusedPauseMs);
  return said.code < 500 ? whole_instance(std::move(outcome), sdk::FailureClass::temporary) : outcome;
}

sdk::Discarded HylafaxChannel::discard(const sdk::Discard &discard) {
  const auto reference = discard.refs.empty() ? std::nullopt : read_reference(discard.refs[0]);
  if (!reference) return sdk::Discarded::unknown("no job of this driver");
  try {
    return on_drafting([&]() -> sdk::Discarded {
      if (drafts_.erase(reference->job) > 0) {
        const auto said = drafting_.command("JDELE " + reference->job);
        return said.code == kDone ? sdk::Discarded::gone()
                                  : sdk::Discarded::unknown("not removed: " + said.text);
      }
      // Of an earlier session: a draft has died with it, and what lies there under our key was released.
      const auto job = look_anew(*reference);
      if (!job) return sdk::Discarded::gone();
      if (job->state == State::suspended)
        return sdk::Discarded::unknown("the job is held, and is no draft of ours");
      return sdk::Discarded::released();
    });
  } catch (const std::runtime_error &fault) {
    return sdk::Discarded::unknown(fault.what());
  }
}

std::optional<relance::hylafax::Job> HylafaxChannel::look(Session &session, const Reference &reference) {
  auto job = session.look(reference.job);
  if (job && job->key != reference.key) job.reset();
  return job;
}

/// hfaxd reads a job that a session has seen before only again when its file is a second newer; what was
/// released a moment ago, by this session or beside it, would be shown as held for good. A new session knows
/// nothing.
std::optional<relance::hylafax::Job> HylafaxChannel::look_anew(const Reference &reference) {
  return on_asking([&] {
    asking_.close();
    asking_.open();
    return look(asking_, reference);
  });
}

std::optional<relance::hylafax::Job> HylafaxChannel::find_by_key(std::string_view key) {
  for (const auto *queue : {"sendq", "doneq"}) {
    auto jobs = asking_.list(queue);
    const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const Job &job) { return job.key == key; });
    if (found != jobs.end()) return look(asking_, {found->id, found->key});
  }
  return std::nullopt;
}

sdk::Outcome HylafaxChannel::query(const sdk::Query &query) {
  const auto reference = query.refs.empty() ? std::nullopt : read_reference(query.refs[0]);
  if (!reference && !is_key(query.idempotency_key))
    return sdk::Outcome::unknown("reference", "no job of this driver");
  try {
    return on_asking([&] {
      const auto job = reference ? look(asking_, *reference) : find_by_key(query.idempotency_key);
      if (!job) return sdk::Outcome::not_found();
      if (job->state == State::suspended)
        return sdk::Outcome::unknown("suspended", "the job is held: neither a draft of ours nor queued");
      return sdk::Outcome::accepted({Reference{job->id, job->key}.text()});
    });
  } catch (const std::runtime_error &fault) {
    return sdk::Outcome::unknown("session", fault.what());
  }
}

sdk::Recalled HylafaxChannel::recall(const sdk::Recall &recall) {
  const auto reference = recall.refs.empty() ? std::nullopt : read_reference(recall.refs[0]);
  if (!reference) return {sdk::RecallKind::unknown, "no job of this driver"};
  try {
    return on_asking([&]() -> sdk::Recalled {
      auto job = look(asking_, *reference);
      if (!job) return {sdk::RecallKind::unknown, "the fax server does not know the job any more"};
      if (!job->is_over()) asking_.command("JKILL " + reference->job);
      const auto end = std::chrono::steady_clock::now() + kKillPatience;
      while (job && !job->is_over() && !is_stopping_ && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(kKillGlance);
        job = look(asking_, *reference);
      }
      if (!job || !job->is_over()) return {sdk::RecallKind::unknown, "the call is being broken off"};
      if (is_cancelled(*job)) return {sdk::RecallKind::cancelled, words_of(job->status)};
      return {sdk::RecallKind::too_late,
              std::string{relance::hylafax::name_of(job->state)} + " " + words_of(job->status)};
    });
  } catch (const std::runtime_error &fault) {
    return {sdk::RecallKind::unknown, fault.what()};
  }
}

void HylafaxChannel::tell(const Job &job, std::vector<sdk::Inbound> &found) const {
  auto item = to_inbound(job);
  const auto last = told_.find(Reference{job.id, job.key}.text());
  if (last != told_.end() && last->second == item.name) return;
  // At a start a job is come upon twice: in the list, and as an open one.
  if (std::none_of(found.begin(), found.end(), [&](const auto &other) { return other.name == item.name; }))
    found.push_back(std::move(item));
}

/// Only once all was asked: what a poll has found is lost when it fails.
void HylafaxChannel::note_told(const std::vector<sdk::Inbound> &found) {
  is_caught_up_ = true;
  if (told_.size() > kToldMax) told_.clear();
  for (const auto &item : found) told_.insert_or_assign(item.name.substr(0, item.name.find(':')), item.name);
}

/// What ended while nobody asked, also of faxes whose release was never answered: those have no reference,
/// but their key.
void HylafaxChannel::catch_up(std::string_view cursor, std::vector<sdk::Inbound> &found) {
  std::int64_t since_ms{0};
  std::from_chars(cursor.data(), cursor.data() + cursor.size(), since_ms);
  std::size_t told{0};
  for (const auto *queue : {"sendq", "doneq"})
    for (const auto &listed : asking_.list(queue)) {
      if (listed.owner != settings_.server.user || !is_key(listed.key)) continue;
      if (listed.is_over() && listed.scheduled_s * 1000 < since_ms - kDayMs) continue;
      if (++told > kCatchUpMax) return;
      if (const auto job = look(asking_, {listed.id, listed.key})) tell(*job, found);
    }
}

sdk::Polled HylafaxChannel::poll(const sdk::Poll &poll) {
  try {
    return on_asking([&] {
      sdk::Polled polled{.cursor = std::to_string(host_.wall_ms()), .next_poll_ms = settings_.poll_every_ms};
      if (!is_caught_up_) catch_up(poll.cursor, polled.found);
      for (const auto &open : poll.open)
        for (const auto ref : open.refs) {
          const auto reference = read_reference(ref);
          if (!reference || poll.stop_requested()) continue;
          if (const auto job = look(asking_, *reference)) tell(*job, polled.found);
        }
      note_told(polled.found);
      return polled;
    });
  } catch (const std::runtime_error &fault) {
    return sdk::Polled::failed(fault.what(), settings_.poll_every_ms);
  }
}

sdk::Parsed HylafaxChannel::parse(const sdk::Raw &raw) {
  return read_inbound(raw.bytes);
}

}  // namespace relance::fax::hylafax
