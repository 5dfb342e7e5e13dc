#include "plugins/postal/ipp/channel.hpp"

#include "plugins/postal/states.hpp"

#include <algorithm>
#include <settings_schema_ipp.h>

namespace relance::postal::ipp {
namespace {

/// Letters of drafts that wait for their release; the host releases within seconds.
constexpr std::size_t kKeptBytesMax{256u << 20};
/// A printer that is switched on again is back within a minute.
constexpr std::int64_t kUnreachablePauseMs{30'000};

std::string raw_of(const JobRef &ref, const Job &job) {
  return sdk::json_object({{"ref", ref.text()},
                           {"key", ref.key},
                           {"state", std::to_string(static_cast<int>(job.state))},
                           {"reasons", job.reasons},
                           {"message", job.message}});
}

struct StateRow {
  std::string_view number, name, means;
};
constexpr StateRow kStates[]{{"3", "pending", "accepted"},    {"4", "pending-held", "interim"},
                             {"5", "processing", "interim"},  {"6", "processing-stopped", "interim"},
                             {"7", "canceled", "failed"},     {"8", "aborted", "failed"},
                             {"9", "completed", "dispatched"}};

/// What a job says of the letter in it.
sdk::Outcome to_outcome(const JobRef &ref, const Job &job) {
  if (job.state == JobState::aborted || job.state == JobState::cancelled)
    return sdk::Outcome::rejected(sdk::FailureClass::temporary, job.reasons,
                                  "the printer has given the job up");
  return job.waits_for_document() ? sdk::Outcome::prepared({ref.text()})
                                  : sdk::Outcome::accepted({ref.text()});
}

}  // namespace

const sdk::Description IppChannel::kDescription{.id = "org.relance.postal",
                                                .driver = "ipp",
                                                .name = "Letters on a printer of one's own (IPP)",
                                                .version = "0.1.0",
                                                .vendor = "Relance",
                                                .channel = "postal",
                                                .settings_schema = RELANCE_SETTINGS_SCHEMA};

IppChannel::IppChannel(sdk::Host host, std::string_view, std::string_view settings_json, sdk::Issues &issues)
    : host_{host}, http_{host}, settings_{read_settings(settings_json, issues)} {}

sdk::Traits IppChannel::traits() const {
  sdk::Traits traits;
  traits.max_in_flight = settings_.max_in_flight;
  traits.workers = 2;
  traits.polls_open = true;
  traits.expected_receipts = {{RELANCE_RCPT_DISPATCHED, 0, settings_.receipts_within_ms}};
  if (settings_.has_two_phases)
    traits.submit_never_releases = true;
  else
    traits.without = RELANCE_CAP_TWO_PHASE;
  return traits;
}

Letter IppChannel::read(const sdk::Message &message) const {
  return read_letter(message, {.bytes_max = settings_.bytes_max, .pages_max = settings_.pages_max});
}

sdk::Quote IppChannel::quote(const sdk::Message &message) const {
  return to_quote(read(message));
}

Answer IppChannel::ask(const proto::Message &message, std::int64_t not_after_ms, bool is_idempotent) {
  auto answer =
      read_answer(settings_, http_.call(to_request(settings_, message, not_after_ms, is_idempotent)));
  if (answer.outcome.kind == sdk::OutcomeKind::not_sent && answer.outcome.code == "http" &&
      answer.outcome.retry_after_ms == 0) {
    answer.outcome.retry_after_ms = kUnreachablePauseMs;
    answer.outcome.whole_instance = true;
  }
  return answer;
}

sdk::Outcome IppChannel::send(const sdk::Message &message) {
  cancel_orphans();
  const auto letter = read(message);
  if (const auto *fatal = letter.fatal()) return to_refusal(*fatal);
  // Before anything is left at the printer: does it take such a letter at all?
  auto valid =
      ask(new_job(settings_, Operation::validate_job, message.idempotency_key), message.not_after_ms, true);
  if (!valid.is_success()) {
    if (valid.outcome.kind == sdk::OutcomeKind::unknown)
      return sdk::Outcome::not_sent(valid.outcome.code, "it was only asked, without an answer",
                                    kUnreachablePauseMs);
    return valid.outcome;
  }
  return settings_.has_two_phases ? create(message, letter) : print(message, letter);
}

sdk::Outcome IppChannel::print(const sdk::Message &message, const Letter &letter) {
  auto request = new_job(settings_, Operation::print_job, message.idempotency_key);
  request.document = letter.document->bytes;
  const auto answer = ask(request, message.not_after_ms, false);
  if (!answer.is_success()) return answer.outcome;
  const auto jobs = jobs_of(*answer.message);
  if (jobs.empty()) return sdk::Outcome::accepted();
  return sdk::Outcome::accepted({JobRef{jobs.front().id, std::string{message.idempotency_key}}.text()});
}

sdk::Outcome IppChannel::create(const sdk::Message &message, const Letter &letter) {
  if (!has_room_for(letter.document->bytes.size()))
    return sdk::Outcome::not_sent("ipp", "as many letters wait for their release as can be kept",
                                  settings_.busy_pause_ms);
  const auto answer =
      ask(new_job(settings_, Operation::create_job, message.idempotency_key), message.not_after_ms, false);
  std::optional<JobRef> made;
  if (answer.is_success()) {
    const auto jobs = jobs_of(*answer.message);
    if (!jobs.empty()) made = JobRef{jobs.front().id, std::string{message.idempotency_key}};
  } else if (answer.outcome.kind != sdk::OutcomeKind::unknown) {
    return answer.outcome;
  }
  // An empty job that nobody knows of would keep some printers from printing anything else.
  if (!made) made = empty_job_of(message.idempotency_key);
  if (!made) return sdk::Outcome::unknown("ipp", "the printer may have made a job, and does not say which");
  const auto &ref = *made;
  keep(ref.text(), letter.document->bytes);
  return sdk::Outcome::prepared({ref.text()});
}

std::optional<JobRef> IppChannel::empty_job_of(std::string_view key) {
  const auto answer = ask(list_jobs(settings_, false), 0, true);
  if (!answer.is_success()) return std::nullopt;
  for (const auto &job : jobs_of(*answer.message))
    if (job.name == key && job.waits_for_document()) return JobRef{job.id, job.name};
  return std::nullopt;
}

/// Once, after a start: the letters of such jobs were lost with the process that had them.
void IppChannel::sweep() {
  if (is_swept_ || !settings_.has_two_phases) return;
  const auto answer = ask(list_jobs(settings_, false), 0, true);
  if (!answer.is_success() || is_swept_.exchange(true)) return;
  for (const auto &job : jobs_of(*answer.message))
    if (const JobRef ref{job.id, job.name}; is_key(job.name) && job.waits_for_document() && !kept(ref.text()))
      orphans_.note(ref.text());
}

std::optional<Job> IppChannel::look_up(const JobRef &ref, Answer &answer) {
  answer = ask(about_job(settings_, Operation::get_job_attributes, ref.id), 0, true);
  if (!answer.is_success()) return std::nullopt;
  for (auto &job : jobs_of(*answer.message))
    if (job.name == ref.key) return std::move(job);
  answer.outcome = sdk::Outcome::unknown("ipp", "the printer has given that number to another job");
  return std::nullopt;
}

sdk::Outcome IppChannel::commit(const sdk::Commit &commit) {
  const auto ref = commit.refs.empty() ? std::nullopt : JobRef::parse(commit.refs[0]);
  if (!ref) return sdk::Outcome::not_sent("ipp", "no job of ours is named");
  auto outcome = orphans_.ended(ref->text(), release(*ref, commit.not_after_ms));
  // Where the printer may have the letter, the same job can be asked for again; otherwise another job is
  // made.
  if (outcome.kind != sdk::OutcomeKind::unknown) forget(ref->text());
  // An empty job keeps some printers from printing anything else.
  if (outcome.kind != sdk::OutcomeKind::accepted) cancel_orphans();
  return outcome;
}

sdk::Outcome IppChannel::release(const JobRef &ref, std::int64_t not_after_ms) {
  Answer answer;
  const auto job = look_up(ref, answer);
  if (!job) {
    // Not asked to print anything here; whether an earlier commit did is the host's to remember.
    return sdk::Outcome::not_sent(answer.outcome.code, answer.outcome.text, answer.outcome.retry_after_ms);
  }
  auto document = kept(ref.text());
  const auto found = to_outcome(ref, *job);
  if (found.kind == sdk::OutcomeKind::rejected &&
      document)  // a draft that the printer did not want to wait for
    return sdk::Outcome::not_sent("ipp", "the printer gave the job up before it had its letter");
  if (found.kind != sdk::OutcomeKind::prepared) return found;
  if (!document)
    return sdk::Outcome::not_sent("ipp",
                                  "the letter was lost with the process that had it; its job is empty");
  auto request = about_job(settings_, Operation::send_document, ref.id);
  request.document = std::move(*document);
  answer = ask(request, not_after_ms, false);
  return answer.is_success() ? sdk::Outcome::accepted({ref.text()}) : answer.outcome;
}

sdk::Discarded IppChannel::discard(const sdk::Discard &discard) {
  const auto ref = discard.refs.empty() ? std::nullopt : JobRef::parse(discard.refs[0]);
  if (!ref) return sdk::Discarded::unknown("no job of ours is named");
  forget(ref->text());
  if (auto said = cancel_empty(*ref)) return std::move(*said);
  orphans_.note(ref->text());
  return sdk::Discarded::unknown(kRemovedLater);
}

void IppChannel::cancel_orphans() {
  sweep();
  const auto texts = orphans_.take();
  for (auto text = texts.begin(); text != texts.end(); ++text)
    if (const auto ref = JobRef::parse(*text); ref && !cancel_empty(*ref))
      return orphans_.put_back({text, texts.end()});
}

/// Only a job that got no letter; one that did is not a draft but a letter.
std::optional<sdk::Discarded> IppChannel::cancel_empty(const JobRef &ref) {
  Answer answer;
  const auto job = look_up(ref, answer);
  if (!job) {
    if (!answer.message) return std::nullopt;
    return sdk::Discarded::unknown(answer.outcome.text);
  }
  if (!job->waits_for_document())
    return standing(ref, *job).kind == sdk::OutcomeKind::rejected
               ? sdk::Discarded::gone()
               : sdk::Discarded::released("the job has its letter");
  answer = ask(about_job(settings_, Operation::cancel_job, ref.id), 0, true);
  if (answer.is_success()) return sdk::Discarded::gone();
  host_.log(sdk::LogLevel::warning, "an empty job could not be removed", {{"job", ref.text()}});
  return sdk::Discarded::unknown("the printer did not remove the job: " + answer.outcome.text);
}

sdk::Outcome IppChannel::query(const sdk::Query &query) {
  Answer answer;
  if (const auto ref = query.refs.empty() ? std::nullopt : JobRef::parse(query.refs[0])) {
    if (const auto job = look_up(*ref, answer)) return standing(*ref, *job);
    return sdk::Outcome::unknown("ipp", "the printer does not know the job any more");
  }
  for (const bool is_completed : {false, true}) {
    answer = ask(list_jobs(settings_, is_completed), 0, true);
    if (!answer.is_success()) return sdk::Outcome::unknown(answer.outcome.code, answer.outcome.text);
    for (const auto &job : jobs_of(*answer.message))
      if (!query.idempotency_key.empty() && job.name == query.idempotency_key)
        return standing({job.id, job.name}, job);
  }
  return sdk::Outcome::unknown("ipp", "the printer lists no job of that name; it forgets old ones");
}

/// In one phase no job is a draft: one without a letter is still being sent, or its letter never came.
sdk::Outcome IppChannel::standing(const JobRef &ref, const Job &job) const {
  auto outcome = to_outcome(ref, job);
  if (!settings_.has_two_phases && outcome.kind == sdk::OutcomeKind::prepared)
    return sdk::Outcome::unknown("ipp", "the printer has a job without its letter");
  return outcome;
}

sdk::Recalled IppChannel::recall(const sdk::Recall &recall) {
  const auto ref = recall.refs.empty() ? std::nullopt : JobRef::parse(recall.refs[0]);
  if (!ref) return {sdk::RecallKind::unknown, "no job of ours is named"};
  Answer answer;
  auto job = look_up(*ref, answer);
  if (!job) return {sdk::RecallKind::unknown, answer.outcome.text};
  if (job->state != JobState::pending && job->state != JobState::held)
    return {sdk::RecallKind::too_late, "it is being printed, or was"};
  if (!ask(about_job(settings_, Operation::cancel_job, ref->id), 0, true).is_success())
    return {sdk::RecallKind::unknown, "the printer does not say that it cancelled the job"};
  job = look_up(*ref, answer);  // it may have begun in between
  if (!job || job->state != JobState::cancelled || job->sheets.value_or(0) != 0)
    return {sdk::RecallKind::unknown, "it may have been printed before it was cancelled"};
  forget(ref->text());
  return {sdk::RecallKind::cancelled, {}};
}

sdk::Polled IppChannel::poll(const sdk::Poll &poll) {
  cancel_orphans();
  sdk::Polled polled;
  if (poll.open.empty()) return polled;
  // Two lists answer for most; what a printer lists no more is asked for by its number.
  std::vector<Job> listed;
  for (const bool is_completed : {false, true}) {
    const auto answer = ask(list_jobs(settings_, is_completed), 0, true);
    if (!answer.is_success()) return sdk::Polled::failed(answer.outcome.text);
    for (auto &job : jobs_of(*answer.message)) listed.push_back(std::move(job));
  }
  for (const auto &open : poll.open) {
    const auto ref = open.refs.empty() ? std::nullopt : JobRef::parse(open.refs[0]);
    const std::string key{ref ? std::string_view{ref->key} : open.idempotency_key};
    const auto known = std::ranges::find_if(
        listed, [&](const Job &job) { return job.name == key && (!ref || job.id == ref->id); });
    std::optional<Job> job;
    Answer answer;
    if (known != listed.end())
      job = *known;
    else if (ref)
      job = look_up(*ref, answer);
    if (!job || job->waits_for_document()) continue;
    const JobRef found{job->id, key};
    if (!news_.is_new(found.text(), raw_of(found, *job))) continue;
    polled.found.push_back({.kind = "poll",
                            .name = found.text() + ':' + std::to_string(static_cast<int>(job->state)),
                            .bytes = raw_of(found, *job)});
  }
  return polled;
}

sdk::Parsed IppChannel::parse(const sdk::Raw &raw) const {
  const auto json = sdk::Json::parse(raw.bytes);
  const auto key = json["key"].text(), state = json["state"].text();
  if (!is_key(key)) return sdk::Parsed::unreadable("no job of ours");
  for (const auto &row : kStates) {
    if (row.number != state) continue;
    auto receipt = to_receipt(meaning_of(row.means).value_or(Meaning{}));
    receipt.ref = json["ref"].text();
    receipt.idempotency_key = key;
    receipt.code = row.name;
    receipt.text = json["message"].text().empty() ? json["reasons"].text() : json["message"].text();
    receipt.is_final |= receipt.kind == sdk::ReceiptKind::dispatched;  // a printer knows no more
    if (receipt.is_final && json["reasons"].text().find("job-completed-with-errors") != std::string::npos) {
      receipt.kind = sdk::ReceiptKind::interim;  // what lies in the tray is for a person to look at
      receipt.is_final = false;
      receipt.code = "completed-with-errors";
    }
    return sdk::Parsed::receipt(std::move(receipt));
  }
  return sdk::Parsed::unreadable("no state of a job");
}

bool IppChannel::has_room_for(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  return kept_bytes_ + bytes <= kKeptBytesMax;
}
void IppChannel::keep(const std::string &ref, std::string_view document) {
  forget(ref);  // a printer that gives its numbers again
  const std::lock_guard lock(mutex_);
  kept_[ref] = document;
  kept_bytes_ += document.size();
}
std::optional<std::string> IppChannel::kept(const std::string &ref) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(ref);
  return found == kept_.end() ? std::nullopt : std::optional{found->second};
}
void IppChannel::forget(const std::string &ref) {
  const std::lock_guard lock(mutex_);
  const auto found = kept_.find(ref);
  if (found == kept_.end()) return;
  kept_bytes_ -= found->second.size();
  kept_.erase(found);
}

}  // namespace relance::postal::ipp
