#include "plugins/postal/sftp/channel.hpp"

#include "plugins/postal/sftp/acknowledgement.hpp"

#include <algorithm>
#include <settings_schema_sftp.h>

namespace relance::postal::sftp {
namespace {

/// A server that restarts is back within minutes; a wrong key or folder waits for a person.
constexpr std::int64_t kUnreachablePauseMs{60'000}, kMisconfiguredPauseMs{600'000};
/// Servers close idle sessions, and one that was closed meanwhile would cost the next letter a doubt.
constexpr std::int64_t kIdleMaxMs{20'000};
constexpr std::size_t kAcknowledgementMax{1'048'576};  ///< some 20,000 rows
constexpr std::size_t kFilesMax{200};                  ///< taken in one poll
constexpr std::ptrdiff_t kTakenMax{2000};              ///< that stay in the folder: each poll must name them
constexpr std::size_t kEntriesMax{20'000};             ///< looked at in a folder
constexpr std::size_t kManifestMax{65'536};

/// Of a request that released nothing, whatever became of it.
sdk::Outcome to_outcome(const Fault &fault) {
  auto outcome = sdk::Outcome::not_sent("sftp", fault.text);
  switch (fault.kind) {
    case FaultKind::unreachable:
      outcome.retry_after_ms = kUnreachablePauseMs;
      outcome.whole_instance = true;
      return outcome;
    case FaultKind::wrong_host_key:
    case FaultKind::refused_login:
    case FaultKind::missing:
    case FaultKind::denied:
      outcome.failure = sdk::FailureClass::configuration;
      outcome.retry_after_ms = kMisconfiguredPauseMs;
      outcome.whole_instance = true;
      return outcome;
    case FaultKind::full:
    case FaultKind::refused:
    case FaultKind::too_large:
      outcome.retry_after_ms = kUnreachablePauseMs;
      outcome.whole_instance = true;
      return outcome;
    case FaultKind::lost:
      break;
  }
  return sdk::Outcome::unknown("sftp", fault.text);
}

bool is_missing(const Failed &failed) {
  return failed && failed->kind == FaultKind::missing;
}

std::string name_in(std::string folder, std::string_view name) {
  if (!folder.ends_with('/')) folder += '/';
  return folder.append(name);
}

}  // namespace

const sdk::Description SftpChannel::kDescription{.id = "org.relance.postal",
                                                 .driver = "sftp",
                                                 .name = "Letters to a print service by SFTP",
                                                 .version = "0.1.0",
                                                 .vendor = "Relance",
                                                 .channel = "postal",
                                                 .settings_schema = RELANCE_SETTINGS_SCHEMA};

SftpChannel::SftpChannel(sdk::Host host, std::string_view, std::string_view settings_json,
                         sdk::Issues &issues)
    : host_{host}, settings_{read_settings(settings_json, issues)} {}

sdk::Traits SftpChannel::traits() const {
  sdk::Traits traits;
  traits.max_in_flight = settings_.max_in_flight;
  traits.workers = settings_.sessions;
  traits.submit_never_releases = true;
  if (!settings_.acknowledgements.folder.empty())
    traits.expected_receipts = {{RELANCE_RCPT_DISPATCHED, 0, settings_.receipts_within_ms}};
  return traits;
}

Letter SftpChannel::read(const sdk::Message &message) const {
  return read_letter(message, {.bytes_max = settings_.bytes_max, .pages_max = settings_.pages_max});
}

sdk::Quote SftpChannel::quote(const sdk::Message &message) const {
  return to_quote(read(message));
}

std::unique_ptr<Session> SftpChannel::idle_session() {
  const std::lock_guard lock(mutex_);
  if (host_.wall_ms() - last_use_ms_ > kIdleMaxMs) idle_.clear();
  if (idle_.empty()) return nullptr;
  auto session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

Failed SftpChannel::with_session(const std::function<Failed(Session &)> &work, const bool &is_done_once) {
  auto session = idle_session();
  const bool is_kept_one{session != nullptr};
  Fault fault;
  if (!session) session = Session::open(settings_.server, is_stopping_, fault);
  if (!session) return fault;
  auto failed = work(*session);
  if (failed && failed->kind == FaultKind::lost && is_kept_one && !is_done_once) {
    session = Session::open(settings_.server, is_stopping_, fault);
    if (!session) return fault;
    failed = work(*session);
  }
  if (!session->is_lost()) remove_orphans(*session);
  const std::lock_guard lock(mutex_);
  last_use_ms_ = host_.wall_ms();
  if (!session->is_lost()) idle_.push_back(std::move(session));
  return failed;
}

Failed SftpChannel::upload(Session &session, const sdk::Message &message, const Letter &letter) {
  const auto files = files_of(settings_, message.idempotency_key);
  if (auto failed = session.upload(files.document_part(), letter.document->bytes)) return failed;
  return session.upload(files.manifest_part(), manifest_of(settings_, message, letter));
}

sdk::Outcome SftpChannel::send(const sdk::Message &message) {
  const auto letter = read(message);
  if (const auto *fatal = letter.fatal()) return to_refusal(*fatal);
  const std::string key{message.idempotency_key};
  bool is_too_late{false};
  const auto failed = with_session([&](Session &session) -> Failed {
    is_too_late = host_.wall_ms() > message.not_after_ms;
    return is_too_late ? Failed{} : upload(session, message, letter);
  });
  if (is_too_late) return sdk::Outcome::not_sent("expired", "its time to leave was over");
  if (!failed) return sdk::Outcome::prepared({key});
  auto outcome = to_outcome(*failed);
  if (outcome.kind == sdk::OutcomeKind::unknown)
    outcome.refs = {key};
  else
    orphans_.note(key);  // what a full disk took of it
  return outcome;
}

/// The letter first: without its manifest nobody prints it. Each step finds what an earlier try has done.
Failed SftpChannel::release(Session &session, const JobFiles &files, bool &is_asked, sdk::Outcome &outcome) {
  Entry entry;
  if (auto failed = session.look_at(files.manifest, entry); !failed) {
    return std::nullopt;  // an earlier commit released it
  } else if (!is_missing(failed)) {
    return failed;
  }
  if (auto failed = session.look_at(files.manifest_part(), entry)) {
    if (!is_missing(failed)) return failed;
    outcome = sdk::Outcome::unknown("gone",
                                    "neither the draft nor the released job is in the folder: it may "
                                    "have been taken");
    return std::nullopt;
  }
  if (auto failed = session.rename(files.document_part(), files.document)) {
    if (failed->kind == FaultKind::lost) return failed;
    if (auto absent = session.look_at(files.document, entry)) {
      if (!is_missing(absent)) return absent;
      outcome = sdk::Outcome::not_sent("sftp", failed->text + "; the draft is not whole");
      return std::nullopt;
    }
  }
  is_asked = true;
  return session.rename(files.manifest_part(), files.manifest);
}

sdk::Outcome SftpChannel::commit(const sdk::Commit &commit) {
  if (commit.refs.empty() || !is_key(commit.refs[0]))
    return sdk::Outcome::not_sent("sftp", "no draft of ours is named");
  const auto files = files_of(settings_, commit.refs[0]);
  auto outcome = sdk::Outcome::accepted({std::string{commit.refs[0]}});
  bool is_asked{false};
  const auto failed = with_session(
      [&](Session &session) -> Failed {
        if (commit.not_after_ms == 0 || host_.wall_ms() <= commit.not_after_ms)
          return release(session, files, is_asked, outcome);
        outcome = sdk::Outcome::not_sent("expired", "its time to leave was over");
        return std::nullopt;
      },
      is_asked);
  if (!failed) return outcome;
  if (failed->kind == FaultKind::lost && !is_asked)
    return sdk::Outcome::not_sent("sftp", failed->text, kUnreachablePauseMs);
  return to_outcome(*failed);
}

/// What lies in the folder under this key; what does not lie there may have been taken.
Failed SftpChannel::find(Session &session, const JobFiles &files, const std::string &key,
                         sdk::Outcome &outcome) {
  Entry entry;
  auto failed = session.look_at(files.manifest, entry);
  if (!failed) outcome = sdk::Outcome::accepted({key});
  if (!failed || !is_missing(failed)) return failed;
  std::string manifest;
  failed = session.read(files.manifest_part(), kManifestMax, manifest);
  if (failed) return is_missing(failed) ? std::nullopt : failed;
  const auto promised = promised_bytes(settings_, manifest);
  failed = session.look_at(files.document_part(), entry);
  if (is_missing(failed)) failed = session.look_at(files.document, entry);
  if (failed) return is_missing(failed) ? std::nullopt : failed;
  if (promised && *promised == entry.size) outcome = sdk::Outcome::prepared({key});
  return std::nullopt;
}

sdk::Outcome SftpChannel::query(const sdk::Query &query) {
  const std::string key{!query.refs.empty() ? query.refs[0] : query.idempotency_key};
  if (!is_key(key)) return sdk::Outcome::unknown("sftp", "no job of ours is named");
  auto outcome = sdk::Outcome::unknown("gone",
                                       "no whole job of this name is in the folder: it may have been "
                                       "taken, or never came");
  const auto failed =
      with_session([&](Session &session) { return find(session, files_of(settings_, key), key, outcome); });
  return failed ? sdk::Outcome::unknown("sftp", failed->text) : outcome;
}

sdk::Discarded SftpChannel::discard(const sdk::Discard &discard) {
  if (discard.refs.empty() || !is_key(discard.refs[0]))
    return sdk::Discarded::unknown("no draft of ours is named");
  const std::string key{discard.refs[0]};
  sdk::Discarded said;
  const auto failed = with_session([&](Session &session) { return remove_job(session, key, said); });
  if (!failed) return said;
  orphans_.note(key);
  return sdk::Discarded::unknown(failed->text);
}

/// A released job is never touched. Without a manifest's draft the letter under its final name may be one
/// that the service is just taking.
Failed SftpChannel::remove_job(Session &session, std::string_view key, sdk::Discarded &said) {
  const auto files = files_of(settings_, key);
  Entry entry;
  auto failed = session.look_at(files.manifest, entry);
  if (!failed) said = sdk::Discarded::released("its manifest stands in the folder");
  if (!is_missing(failed)) return failed;
  failed = session.look_at(files.manifest_part(), entry);
  if (failed && !is_missing(failed)) return failed;
  const bool is_draft{!failed};
  said = is_draft ? sdk::Discarded::gone()
                  : sdk::Discarded::unknown("no draft is in the folder: it never came whole, or was taken");
  std::vector<std::string> paths{files.manifest_part(), files.document_part()};
  if (is_draft) paths.push_back(files.document);
  for (const auto &path : paths)
    if (failed = session.remove(path); failed && !is_missing(failed)) return failed;
  return std::nullopt;
}

void SftpChannel::remove_orphans(Session &session) {
  for (const auto &key : orphans_.take()) {
    sdk::Discarded said;
    if (!is_key(key) || session.is_lost()) continue;
    if (const auto failed = remove_job(session, key, said))
      host_.log(sdk::LogLevel::warning, "a draft could not be removed", {{"why", failed->text}});
  }
}

/// Drafts that nobody knows of any more: of a process that died, or of another installation.
void SftpChannel::sweep(Session &session) {
  std::vector<Entry> entries;
  if (session.list(settings_.folder, kEntriesMax, entries)) return;
  const auto oldest_s = host_.wall_ms() / 1000 - settings_.orphan_age_s;
  for (const auto &entry : entries) {
    const auto key = key_of_part(entry.name);
    if (key.empty() || !entry.is_file || entry.changed_s == 0 || entry.changed_s >= oldest_s ||
        session.is_lost())
      continue;
    host_.log(sdk::LogLevel::info, "a draft that nobody released is removed", {{"file", entry.name}});
    if (const auto failed = session.remove(name_in(settings_.folder, entry.name)))
      host_.log(sdk::LogLevel::warning, "a draft could not be removed", {{"why", failed->text}});
  }
}

std::string SftpChannel::acknowledgement_path(std::string_view name) const {
  return name_in(settings_.acknowledgements.folder, name);
}

/// Only the very file that was read: one that has changed since is news.
void SftpChannel::put_away(Session &session, const Entry &file) {
  const auto &rules = settings_.acknowledgements;
  if (!is_acknowledgement(file.name, rules.suffix)) return;
  const auto path = acknowledgement_path(file.name);
  Entry now;
  if (session.look_at(path, now)) return;
  now.name = file.name;
  if (!is_same_file(now, file)) return;
  const auto failed =
      rules.archive.empty()
          ? session.remove(path)
          : session.rename(path, name_in(rules.archive, file.name + '.' + std::to_string(file.changed_s)));
  if (failed)
    host_.log(sdk::LogLevel::warning, "an acknowledgement that was read stays where it is",
              {{"why", failed->text}});
}

Failed SftpChannel::take_acknowledgements(Session &session, const Reading &before, Reading &after,
                                          std::vector<sdk::Inbound> &found) {
  const auto &rules = settings_.acknowledgements;
  for (const auto &file : before.taken) put_away(session, file);
  std::vector<Entry> entries;
  if (auto failed = session.list(rules.folder, kEntriesMax, entries)) return failed;
  std::ranges::sort(entries, {}, &Entry::name);
  const auto has = [](const std::vector<Entry> &list, const Entry &file) {
    return std::ranges::any_of(list, [&](const Entry &known) { return is_same_file(known, file); });
  };
  const auto left =
      std::ranges::count_if(entries, [&](const Entry &entry) { return has(before.taken, entry); });
  if (left >= kTakenMax)
    return Fault{FaultKind::refused,
                 std::to_string(left) + " acknowledgements that were read cannot be " +
                     (rules.archive.empty() ? "removed from " + rules.folder : "moved to " + rules.archive) +
                     ": no more are read until they are gone"};
  for (const auto &entry : entries) {
    if (!entry.is_file || !is_acknowledgement(entry.name, rules.suffix)) continue;
    if (has(before.taken, entry)) {  // could not be put away; its bytes are known
      after.taken.push_back(entry);
      continue;
    }
    if (found.size() + after.seen.size() >= kFilesMax) continue;
    if (!has(before.seen, entry)) {
      after.seen.push_back(entry);
      continue;
    }
    std::string bytes;
    if (auto failed = session.read(acknowledgement_path(entry.name), kAcknowledgementMax, bytes)) {
      if (failed->kind == FaultKind::lost) return failed;
      host_.log(sdk::LogLevel::error, "an acknowledgement cannot be read", {{"why", failed->text}});
      after.seen.push_back(entry);
      continue;
    }
    found.push_back({.kind = "poll",
                     .name = entry.name + ':' + std::to_string(entry.changed_s),
                     .bytes = std::move(bytes)});
    after.taken.push_back(entry);
  }
  return std::nullopt;
}

sdk::Polled SftpChannel::poll(const sdk::Poll &poll) {
  const auto before = Reading::parse(poll.cursor);
  Reading after;
  sdk::Polled polled;
  const auto failed = with_session([&](Session &session) -> Failed {
    sweep(session);
    if (settings_.acknowledgements.folder.empty()) return std::nullopt;
    return take_acknowledgements(session, before, after, polled.found);
  });
  if (failed) return sdk::Polled::failed(failed->text);
  polled.cursor = after.text();
  return polled;
}

sdk::Parsed SftpChannel::parse(const sdk::Raw &raw) const {
  if (settings_.acknowledgements.folder.empty())
    return sdk::Parsed::unreadable("the settings say no more how acknowledgements are read");
  return read_acknowledgement(settings_.acknowledgements, raw.bytes);
}

}  // namespace relance::postal::sftp
