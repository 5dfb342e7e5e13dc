// The migrations. Every key starts with the creditor, so that the same tables can be distributed by it.
// Amounts are minor units, times UTC milliseconds, dates day numbers since 1970-01-01; a far date stands for
// "until further notice".
//
// What the loop touches for each reminder is narrow or appended: schedule and debtor_state are the only rows
// that move, receivable is rewritten once (its new position), attempt, content and journal grow at their end,
// reminder and reminder_item in the order of debtors. What is appended is keyed by its id alone, which is unique
// in the store: SQLite fills such a table page by page, where a longer key makes it balance three pages for each
// new one. `room` is emptied by the change that lets a row grow: it would split every full page otherwise.
#include "host/store/sqlite/schema.hpp"

#include <array>
#include <string>

namespace relance::store::sqlite {
namespace {

constexpr const char *kLedger = R"sql(
CREATE TABLE creditor (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, is_live INTEGER NOT NULL DEFAULT 0);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tally (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

-- number: what step columns hold. A step in force has its index in the scenario, a retired one a number of its own for good.
CREATE TABLE scenario_step (
  scenario TEXT NOT NULL, number INTEGER NOT NULL, level INTEGER NOT NULL, step_id TEXT NOT NULL,
  PRIMARY KEY (scenario, number)) WITHOUT ROWID;

CREATE TABLE debtor (
  creditor INTEGER NOT NULL, id INTEGER NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, country TEXT NOT NULL,
  region TEXT NOT NULL, language TEXT NOT NULL, segment TEXT NOT NULL, time_zone TEXT NOT NULL,
  is_consumer INTEGER NOT NULL, is_erased INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (creditor, id)) WITHOUT ROWID;
CREATE UNIQUE INDEX debtor_by_code ON debtor (creditor, code);

-- The moving part of a debtor. facts_version rises with every change of facts; next_at mirrors its row in schedule.
-- extras: bits that say which side tables have ever held a row of this debtor, so that reading facts skips the others; and
-- that it was erased.
CREATE TABLE debtor_state (
  creditor INTEGER NOT NULL, id INTEGER NOT NULL, facts_version INTEGER NOT NULL, next_at INTEGER NOT NULL,
  extras INTEGER NOT NULL, contacted_on INTEGER, held_until INTEGER, reply_tasks INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (creditor, id)) WITHOUT ROWID;
CREATE TABLE schedule (
  next_at INTEGER NOT NULL, creditor INTEGER NOT NULL, debtor INTEGER NOT NULL,
  PRIMARY KEY (next_at, creditor, debtor)) WITHOUT ROWID;

CREATE TABLE contact_point (
  creditor INTEGER NOT NULL, debtor INTEGER NOT NULL, id INTEGER NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL,
  name TEXT NOT NULL, has_consent INTEGER NOT NULL, suppressed_because TEXT,
  PRIMARY KEY (creditor, debtor, id)) WITHOUT ROWID;
CREATE INDEX contact_point_by_address ON contact_point (creditor, channel, address);
CREATE TABLE suppression (
  creditor INTEGER NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL, because TEXT NOT NULL, since INTEGER NOT NULL,
  PRIMARY KEY (creditor, channel, address)) WITHOUT ROWID;

CREATE TABLE case_ (
  creditor INTEGER NOT NULL, debtor INTEGER NOT NULL, id INTEGER NOT NULL, currency TEXT NOT NULL, state INTEGER NOT NULL, scenario TEXT NOT NULL,
  PRIMARY KEY (creditor, debtor, id)) WITHOUT ROWID;

-- step, level, sent_on, sent_step, was_reminded: the position, which belongs to the receivable. reminder: who moved it last.
-- is_disputed: until a word ends it; a payment that is charged back leaves the invoice disputed.
CREATE TABLE receivable (
  creditor INTEGER NOT NULL, debtor INTEGER NOT NULL, id INTEGER NOT NULL, case_id INTEGER NOT NULL, number TEXT NOT NULL,
  reference TEXT NOT NULL, issued INTEGER NOT NULL, due INTEGER NOT NULL, amount INTEGER NOT NULL,
  balance INTEGER NOT NULL, stated_open INTEGER, state INTEGER NOT NULL, round INTEGER NOT NULL DEFAULT 1,
  step INTEGER NOT NULL DEFAULT -1, level INTEGER NOT NULL DEFAULT 0, sent_on INTEGER,
  sent_step INTEGER NOT NULL DEFAULT -1, was_reminded INTEGER NOT NULL DEFAULT 0, is_thanked INTEGER NOT NULL DEFAULT 0,
  held_until INTEGER, reminder INTEGER NOT NULL DEFAULT 0, is_disputed INTEGER NOT NULL DEFAULT 0,
  room BLOB DEFAULT x'000000000000000000000000',
  PRIMARY KEY (creditor, debtor, id)) WITHOUT ROWID;
CREATE UNIQUE INDEX receivable_by_number ON receivable (creditor, number);
CREATE TABLE snapshot_seen (
  creditor INTEGER NOT NULL, receivable INTEGER NOT NULL, PRIMARY KEY (creditor, receivable)) WITHOUT ROWID;

CREATE TABLE payment (
  creditor INTEGER NOT NULL, code TEXT NOT NULL, debtor INTEGER NOT NULL, receivable INTEGER NOT NULL,
  kind INTEGER NOT NULL, day INTEGER NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, reference TEXT NOT NULL,
  PRIMARY KEY (creditor, code)) WITHOUT ROWID;
CREATE TABLE promise (
  creditor INTEGER NOT NULL, debtor INTEGER NOT NULL, id INTEGER NOT NULL, case_id INTEGER NOT NULL,
  receivable INTEGER NOT NULL, day INTEGER NOT NULL, amount INTEGER NOT NULL, missing INTEGER NOT NULL,
  state INTEGER NOT NULL, promised_by TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (creditor, debtor, id)) WITHOUT ROWID;
CREATE TABLE hold (
  creditor INTEGER NOT NULL, scope INTEGER NOT NULL, subject TEXT NOT NULL, until INTEGER NOT NULL, because TEXT NOT NULL,
  PRIMARY KEY (creditor, scope, subject)) WITHOUT ROWID;
)sql";

constexpr const char *kLoop = R"sql(
-- asked_in_doubt: 1 the policy was applied for good, 2 it sent the message once more.
CREATE TABLE reminder (
  creditor INTEGER NOT NULL, debtor INTEGER NOT NULL, id INTEGER NOT NULL, case_id INTEGER NOT NULL,
  step INTEGER NOT NULL, step_id TEXT NOT NULL, level INTEGER NOT NULL, round INTEGER NOT NULL,
  decided_on INTEGER NOT NULL, total INTEGER NOT NULL, is_task INTEGER NOT NULL, is_thank_you INTEGER NOT NULL,
  attempt INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, is_live INTEGER NOT NULL DEFAULT 1,
  is_superseded INTEGER NOT NULL DEFAULT 0, asked_in_doubt INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 1,
  channels_tried INTEGER NOT NULL DEFAULT 0, retry_at INTEGER, delivery INTEGER NOT NULL DEFAULT 0,
  failure INTEGER NOT NULL DEFAULT 0, pending_reactions INTEGER NOT NULL DEFAULT 0, receipt_on INTEGER, contacted_before INTEGER,
  PRIMARY KEY (creditor, debtor, id)) WITHOUT ROWID;

-- before_*: where the item stood, to put it back when the reminder is voided. The key is what makes a second
-- reminder of one step impossible, whatever was decided: `listed` is 0 in the row of the reminder whose step it was,
-- and the reminder's id in that of one which only lists the item or was voided.
CREATE TABLE reminder_item (
  creditor INTEGER NOT NULL, debtor INTEGER NOT NULL, receivable INTEGER NOT NULL, round INTEGER NOT NULL,
  step INTEGER NOT NULL, listed INTEGER NOT NULL, reminder INTEGER NOT NULL, balance INTEGER NOT NULL,
  is_moved INTEGER NOT NULL, is_void INTEGER NOT NULL DEFAULT 0, before_step INTEGER NOT NULL, before_level INTEGER NOT NULL, before_sent_on INTEGER,
  before_sent_step INTEGER NOT NULL, before_was_reminded INTEGER NOT NULL, before_reminder INTEGER NOT NULL,
  PRIMARY KEY (creditor, debtor, receivable, round, step, listed)) WITHOUT ROWID;

-- previous: the attempt before it of the same reminder, 0 for the first.
CREATE TABLE attempt (
  id INTEGER PRIMARY KEY, creditor INTEGER NOT NULL, debtor INTEGER NOT NULL, case_id INTEGER NOT NULL,
  reminder INTEGER NOT NULL, previous INTEGER NOT NULL, channel_index INTEGER NOT NULL, channel TEXT NOT NULL, provider TEXT NOT NULL,
  contact INTEGER NOT NULL, address TEXT NOT NULL, idempotency_key TEXT NOT NULL, content_hash BLOB NOT NULL,
  subject TEXT NOT NULL, parts TEXT NOT NULL, not_after INTEGER NOT NULL, dated INTEGER NOT NULL,
  intended_at INTEGER NOT NULL, epoch INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
  is_withdrawn INTEGER NOT NULL DEFAULT 0, outcome_delivery INTEGER NOT NULL DEFAULT 0,
  outcome_failure INTEGER NOT NULL DEFAULT 0, delivery INTEGER NOT NULL DEFAULT 0, failure INTEGER NOT NULL DEFAULT 0,
  code TEXT, text TEXT, price_micro INTEGER, price_currency TEXT, room BLOB DEFAULT (zeroblob(48)));
CREATE UNIQUE INDEX attempt_by_key ON attempt (idempotency_key);
CREATE INDEX attempt_in_doubt ON attempt (creditor, id) WHERE state = 5;
CREATE TABLE attempt_ref (
  provider TEXT NOT NULL, ref BLOB NOT NULL, creditor INTEGER NOT NULL, attempt INTEGER NOT NULL,
  PRIMARY KEY (provider, ref)) WITHOUT ROWID;
CREATE INDEX attempt_ref_of ON attempt_ref (creditor, attempt);
-- bucket: of the attempts that they belong to, in order of intent (see content_bucket). Hashes come in no order: the bucket keeps the part of
-- the index that is written to small; a search asks each bucket.
CREATE TABLE content (
  id INTEGER PRIMARY KEY, creditor INTEGER NOT NULL, bucket INTEGER NOT NULL, hash BLOB NOT NULL, debtor INTEGER NOT NULL,
  media_type TEXT NOT NULL, bytes BLOB NOT NULL);
CREATE UNIQUE INDEX content_by_hash ON content (creditor, bucket, hash);

CREATE TABLE approval (
  creditor INTEGER NOT NULL, id INTEGER NOT NULL, debtor INTEGER NOT NULL, case_id INTEGER NOT NULL, step INTEGER NOT NULL,
  step_id TEXT NOT NULL, channel_class TEXT NOT NULL, amount INTEGER NOT NULL, content_id INTEGER NOT NULL,
  valid_until INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, is_spent INTEGER NOT NULL DEFAULT 0,
  decided_by TEXT NOT NULL DEFAULT '', at INTEGER NOT NULL,
  PRIMARY KEY (creditor, id)) WITHOUT ROWID;
CREATE INDEX approval_live ON approval (creditor, debtor) WHERE NOT is_spent;
CREATE TABLE approval_item (
  creditor INTEGER NOT NULL, approval INTEGER NOT NULL, receivable INTEGER NOT NULL,
  PRIMARY KEY (creditor, approval, receivable)) WITHOUT ROWID;
CREATE TABLE task (
  creditor INTEGER NOT NULL, id INTEGER NOT NULL, debtor INTEGER NOT NULL, case_id INTEGER NOT NULL,
  reminder INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open',
  outcome TEXT NOT NULL DEFAULT '', holds INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL,
  PRIMARY KEY (creditor, id)) WITHOUT ROWID;
CREATE INDEX task_open ON task (creditor, debtor) WHERE state = 'open';
)sql";

constexpr const char *kInbound = R"sql(
-- state: 0 waiting, 1 parsed, 2 given up (kept for a better parser)
CREATE TABLE inbound (
  id INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, kind TEXT NOT NULL, bytes BLOB NOT NULL,
  received_at INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
  next_try INTEGER NOT NULL, error TEXT NOT NULL DEFAULT '');
CREATE INDEX inbound_waiting ON inbound (provider, next_try) WHERE state = 0;
CREATE INDEX inbound_failed ON inbound (id) WHERE state = 2;
-- Up to where what a provider has is on disk: written with the bytes it stands for, in one transaction.
CREATE TABLE poll_cursor (provider TEXT PRIMARY KEY, cursor BLOB NOT NULL) WITHOUT ROWID;
-- digest: of everything the receipt says; a repeat of it changes nothing.
CREATE TABLE receipt (
  creditor INTEGER NOT NULL, attempt INTEGER NOT NULL, digest BLOB NOT NULL, inbound INTEGER NOT NULL,
  part_index INTEGER NOT NULL, part_count INTEGER NOT NULL, kind INTEGER NOT NULL, is_final INTEGER NOT NULL,
  failure INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, provider_time INTEGER, at INTEGER NOT NULL,
  price_micro INTEGER NOT NULL, price_currency TEXT NOT NULL, repeats INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (creditor, attempt, digest)) WITHOUT ROWID;
CREATE TABLE receipt_waiting (
  id INTEGER PRIMARY KEY, provider TEXT NOT NULL, ref BLOB NOT NULL, idempotency_key TEXT NOT NULL, digest BLOB NOT NULL,
  inbound INTEGER NOT NULL, part_index INTEGER NOT NULL, part_count INTEGER NOT NULL, kind INTEGER NOT NULL,
  is_final INTEGER NOT NULL, failure INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, provider_time INTEGER,
  at INTEGER NOT NULL, price_micro INTEGER NOT NULL, price_currency TEXT NOT NULL);
CREATE UNIQUE INDEX receipt_waiting_by_ref ON receipt_waiting (provider, ref, idempotency_key, digest);
-- The evidence of waiting receipts, bytes and all: nobody knows yet whose it is, so that it cannot be filed by its hash.
CREATE TABLE evidence_waiting (
  waiting INTEGER NOT NULL, name BLOB NOT NULL, media_type TEXT NOT NULL, file_name TEXT NOT NULL,
  reference TEXT NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (waiting, name)) WITHOUT ROWID;
-- digest: of what makes a reply the same one (see replies.cpp), not of its words, which may be erased. A repeat in other
-- bytes, and every debtor that it may come from, has a row of its own, so that the erasure of either finds every copy.
CREATE TABLE reply (
  digest BLOB NOT NULL, inbound INTEGER NOT NULL, creditor INTEGER NOT NULL, debtor INTEGER NOT NULL,
  task INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (digest, inbound, creditor, debtor)) WITHOUT ROWID;
CREATE INDEX reply_of ON reply (creditor, debtor);
-- Messages that need not arrive any more. state: 0 to be asked of the provider, 1 cancelled, 2 too late, 3 unknown
CREATE TABLE recall (
  creditor INTEGER NOT NULL, attempt INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL,
  PRIMARY KEY (creditor, attempt)) WITHOUT ROWID;
CREATE INDEX recall_wanted ON recall (creditor, attempt) WHERE state = 0;
-- name is one of: the content hash of a document, or the reference under which it is still to be fetched
CREATE TABLE evidence (
  creditor INTEGER NOT NULL, attempt INTEGER NOT NULL, name BLOB NOT NULL, media_type TEXT NOT NULL, file_name TEXT NOT NULL,
  reference TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (creditor, attempt, name)) WITHOUT ROWID;
-- Once per kind; attempt: whose receipt it was. A later attempt of the reminder may call for the kind once more.
CREATE TABLE reaction (
  creditor INTEGER NOT NULL, reminder INTEGER NOT NULL, kind INTEGER NOT NULL, attempt INTEGER NOT NULL,
  at INTEGER NOT NULL, settled_at INTEGER,
  PRIMARY KEY (creditor, reminder, kind)) WITHOUT ROWID;
)sql";

constexpr const char *kJournal = R"sql(
-- Append only. hash = SHA-256(hash of the case's entry before, this row's header, payload_hash);
-- payload_hash = SHA-256(salt, payload). Those two are what erasure empties; nothing else of a row ever changes. They stand
-- in the row itself: a table of their own costs a fifth of the time that a reminder takes in the store.
CREATE TABLE journal (
  id INTEGER PRIMARY KEY, creditor INTEGER NOT NULL, case_id INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
  previous INTEGER NOT NULL, payload_hash BLOB NOT NULL, hash BLOB NOT NULL, salt TEXT, payload TEXT);
-- Written now and then in bulk; the tail of the journal after setting 'heads_upto' completes it.
CREATE TABLE case_head (
  creditor INTEGER NOT NULL, case_id INTEGER NOT NULL, entry INTEGER NOT NULL, hash BLOB NOT NULL,
  PRIMARY KEY (creditor, case_id)) WITHOUT ROWID;
CREATE TABLE journal_seal (
  creditor INTEGER NOT NULL, day INTEGER NOT NULL, up_to INTEGER NOT NULL, heads INTEGER NOT NULL, root BLOB NOT NULL,
  PRIMARY KEY (creditor, day)) WITHOUT ROWID;
)sql";

constexpr const char *kDraftAtMost{
    "ALTER TABLE attempt ADD COLUMN is_draft_at_most INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE attempt ADD COLUMN is_released INTEGER NOT NULL DEFAULT 0;"
    // What an earlier program had prepared, it may have released.
    "UPDATE attempt SET is_released = 1 WHERE state = 1;"};

constexpr const char *kEvidenceFetch = R"sql(
-- Documents that a receipt only named and that are still to be fetched from the provider; next_try is wall time. A row ends
-- with the document, or when the provider has it no more.
CREATE TABLE evidence_fetch (
  id INTEGER PRIMARY KEY AUTOINCREMENT, creditor INTEGER NOT NULL, attempt INTEGER NOT NULL, name BLOB NOT NULL,
  provider TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, next_try INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX evidence_fetch_of ON evidence_fetch (creditor, attempt, name);
CREATE INDEX evidence_fetch_due ON evidence_fetch (provider, next_try);
INSERT INTO evidence_fetch (creditor, attempt, name, provider)
  SELECT e.creditor, e.attempt, e.name, a.provider FROM evidence e
  JOIN attempt a ON a.creditor = e.creditor AND a.id = e.attempt
  WHERE e.reference <> '' AND NOT EXISTS (SELECT 1 FROM content c WHERE c.creditor = e.creditor AND c.hash = e.name);
)sql";

// Attempts of providers that are polled for each open one; narrow, and only of those.
constexpr const char *kAwaited{
    "CREATE TABLE awaited (provider TEXT NOT NULL, attempt INTEGER NOT NULL, creditor INTEGER NOT NULL,"
    " accepted_at INTEGER NOT NULL, PRIMARY KEY (provider, attempt)) WITHOUT ROWID;"};

// hash: of the bytes, once they were read; the journal's receipts name it. Hashes come in no order: 4,096 rows share a part of the index,
// so that the part that is written to stays small; a search asks each. token: the time-stamp over a seal's root.
constexpr const char *kRawHashes{
    "ALTER TABLE inbound ADD COLUMN hash BLOB;"
    "CREATE INDEX inbound_by_hash ON inbound (id >> 12, hash) WHERE hash IS NOT NULL;"
    "ALTER TABLE journal_seal ADD COLUMN token BLOB;"};

// quote: what its provider reckoned of an attempt, and the day that it counts for; price: the last that was said of it.
// Written only where there is something of that. provider_use: the sums of the days that count.
constexpr const char *kQuotes = R"sql(
CREATE TABLE quote (
  attempt INTEGER PRIMARY KEY, provider TEXT NOT NULL, used_on INTEGER, segments INTEGER NOT NULL, pages INTEGER NOT NULL,
  price_micro INTEGER NOT NULL, price_currency TEXT NOT NULL);
CREATE TABLE provider_use (
  provider TEXT NOT NULL, day INTEGER NOT NULL, currency TEXT NOT NULL, messages INTEGER NOT NULL, price_micro INTEGER NOT NULL,
  PRIMARY KEY (provider, day, currency)) WITHOUT ROWID;
)sql";

// shared: 1: what the bytes say concerns several, so that nobody's evidence may show them whole; 2: nobody
// may see them at all, because one of those was erased, or because they are not the bytes any more that the
// journal named (hash is then of those). inbound_party: the debtors of shared bytes that were not erased; the
// last one takes the bytes along. Webhooks that were stored with the secret of their path lose it: those
// whose hash is in the journal can be shown to nobody any more.
constexpr const char *kWhoseBytes = R"sql(
ALTER TABLE inbound ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;
CREATE TABLE inbound_party (
  inbound INTEGER NOT NULL, creditor INTEGER NOT NULL, debtor INTEGER NOT NULL,
  PRIMARY KEY (inbound, creditor, debtor)) WITHOUT ROWID;
CREATE INDEX inbound_party_of ON inbound_party (creditor, debtor);
CREATE TEMP TABLE party AS
  SELECT DISTINCT inbound, creditor, debtor FROM (
    SELECT r.inbound, a.creditor, a.debtor FROM receipt r JOIN attempt a ON a.id = r.attempt
    UNION ALL SELECT inbound, creditor, debtor FROM reply
    UNION ALL SELECT inbound, 0, -id FROM receipt_waiting);
CREATE TEMP TABLE several AS SELECT inbound FROM party GROUP BY inbound HAVING count(*) > 1;
UPDATE inbound SET shared = 1 WHERE id IN (SELECT inbound FROM several);
INSERT INTO inbound_party SELECT p.inbound, p.creditor, p.debtor FROM party p JOIN debtor d ON d.creditor = p.creditor AND d.id = p.debtor
  WHERE NOT d.is_erased AND p.inbound IN (SELECT inbound FROM several);
DROP TABLE party;
DROP TABLE several;
WITH door AS (
  SELECT id, instr(bytes, CAST('/hooks/' || provider || '/' AS BLOB)) + length('/hooks/' || provider || '/') AS at FROM inbound
  WHERE kind IN ('webhook', 'poke') AND instr(bytes, CAST('/hooks/' || provider || '/' AS BLOB)) BETWEEN 1 AND instr(bytes, x'0D0A'))
UPDATE inbound SET
  bytes = CAST(CAST(substr(bytes, 1, door.at - 1) AS TEXT) || '***' || CAST(substr(bytes, door.at + 32) AS TEXT) AS BLOB),
  shared = iif(hash IS NULL, shared, 2)
  FROM door WHERE door.id = inbound.id AND substr(inbound.bytes, door.at + 32, 1) IN (x'3F', x'0D')
  AND instr(substr(inbound.bytes, door.at, 32), x'0D0A') = 0;
)sql";

// expected_receipt: what accepted attempts of providers that promise receipts still wait for, in the order of when it becomes
// silence; a row is looked at once, when its time has come. silence: what had not come by then; answered_at: when it did.
// part_count, part: of how many pieces a message consists, and which of them a reference names.
constexpr const char *kSilence = R"sql(
CREATE TABLE expected_receipt (
  due_at INTEGER NOT NULL, attempt INTEGER NOT NULL, kind INTEGER NOT NULL, creditor INTEGER NOT NULL, provider TEXT NOT NULL,
  PRIMARY KEY (due_at, attempt, kind)) WITHOUT ROWID;
CREATE TABLE silence (
  creditor INTEGER NOT NULL, reminder INTEGER NOT NULL, attempt INTEGER NOT NULL, kind INTEGER NOT NULL, at INTEGER NOT NULL,
  answered_at INTEGER,
  PRIMARY KEY (creditor, reminder, attempt, kind)) WITHOUT ROWID;
ALTER TABLE reminder ADD COLUMN silent_attempt INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN part_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt_ref ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
UPDATE attempt_ref SET part = (SELECT count(*) FROM attempt_ref o WHERE o.creditor = attempt_ref.creditor
  AND o.attempt = attempt_ref.attempt AND o.ref < attempt_ref.ref);
)sql";
// way: 'call', 'visit' or neither; script: what to say there; due_at: when, where a person said so; tries:
// how often it was put off.
constexpr const char *kCallLists{
    "ALTER TABLE task ADD COLUMN way TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE task ADD COLUMN script TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE task ADD COLUMN note TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE task ADD COLUMN due_at INTEGER;"
    "ALTER TABLE task ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;"};

// settled_on: of what is paid or written off; the setting is for what was before that was noted. settled_year: whom
// retention has to look at, in the order in which periods end.
constexpr const char *kRetention = R"sql(
ALTER TABLE receivable ADD COLUMN settled_on INTEGER;
CREATE TABLE settled_year (
  year INTEGER NOT NULL, creditor INTEGER NOT NULL, debtor INTEGER NOT NULL,
  PRIMARY KEY (year, creditor, debtor)) WITHOUT ROWID;
INSERT INTO setting VALUES ('settled_before', CAST(unixepoch() / 86400 AS TEXT));
INSERT INTO settled_year SELECT DISTINCT CAST(strftime('%Y', 'now') AS INTEGER), creditor, debtor FROM receivable
  WHERE state IN (1, 3);
)sql";

/// One element a version; never edited once released, only appended to.
const std::array<std::string, 10> kMigrations{std::string{kLedger} + kLoop + kInbound + kJournal,
                                             kDraftAtMost,
                                             kEvidenceFetch,
                                             kAwaited,
                                             kRawHashes,
                                             kQuotes,
                                             kWhoseBytes,
                                             kSilence,
                                             kCallLists,
                                             kRetention};

}  // namespace

std::int32_t schema_version() {
  return static_cast<std::int32_t>(kMigrations.size());
}

Result<void> migrate(Connection &connection, std::int32_t up_to) {
  auto &database = connection.database();
  const int found{database.execAndGet("PRAGMA user_version").getInt()};
  if (found > schema_version())
    return invalid("the store has schema version " + std::to_string(found) +
                   ", this program knows versions up to " + std::to_string(schema_version()) +
                   ": start the newer program that wrote it, or restore an older backup");
  for (auto version = static_cast<std::size_t>(found); version < static_cast<std::size_t>(up_to); ++version) {
    SQLite::Transaction transaction{database, SQLite::TransactionBehavior::IMMEDIATE};
    database.exec(kMigrations[version]);
    database.exec("PRAGMA user_version = " + std::to_string(version + 1));
    transaction.commit();
  }
  return {};
}

}  // namespace relance::store::sqlite
