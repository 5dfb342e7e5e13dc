// What debtors write back. A human's words make a task and hold the debtor, STOP suppresses the address. The
// same mail may be read twice, and stored bytes may be parsed again: neither makes a second task or a second
// hold, and no word is dropped that a person has not seen.
#include "host/store/sqlite/sqlite_store.hpp"

#include <map>

namespace relance::store::sqlite {
namespace {

/// Debtors that share one address, as a bookkeeper's clients do; far more are a mistake in the ledger, and each costs a task.
constexpr std::int64_t kSpeakersMax{10'000};

/// What a person reads. Of a stranger the sender too, as nothing else says who it is.
std::string words_of(const ReplyRecord &reply, bool is_known) {
  std::string text;
  if (!is_known) text = "from " + reply.from + '\n';
  if (!reply.subject.empty()) text += reply.subject + '\n';
  return text + reply.text;
}

}  // namespace

void SqliteStore::apply_replies(Unit &unit, std::string_view provider, const Sha256 &bytes,
                                const ParsedRecord &parsed, Parties &parties, Instant now) {
  std::map<std::pair<bool, std::string_view>, std::int64_t> count;
  for (const auto &reply : parsed.replies) {
    const auto speakers = speakers_of(provider, reply);
    // The bytes and the place in them, not the words: a better parser words them better, and they stay the
    // same reply. A STOP that can be obeyed is one of its own in every mail, as its address may have been
    // released in between.
    const bool is_order{reply.is_stop && !speakers.front().channel.empty()};
    Payload key;
    key.text("source", is_order ? std::to_string(parsed.inbound) : to_hex(bytes)).text("from", reply.from);
    key.number("stop", reply.is_stop).number("nth", ++count[{reply.is_stop, reply.from}]);
    const Sha256 digest{sha256(key.take())};
    bool is_repeat{false};
    {
      Query query{*connection_, "SELECT 1 FROM reply WHERE digest = ?", digest};
      is_repeat = query.next();
    }
    for (const auto &speaker : speakers) {
      if (speaker.key.debtor != 0)
        parties.known.insert(speaker.key);
      else
        parties.unknown.emplace(reply.from, std::string{});
      const TaskId task{is_repeat ? TaskId{0} : apply_reply(unit, speaker, bytes, reply, now)};
      run(*connection_, "INSERT OR IGNORE INTO reply VALUES (?, ?, ?, ?, ?, ?)", digest, parsed.inbound,
          speaker.key.creditor, speaker.key.debtor, task, now);
    }
  }
}

std::vector<Speaker> SqliteStore::speakers_of(std::string_view provider,
                                                           const ReplyRecord &reply) {
  std::vector<Speaker> speakers;
  // Who was erased and writes again is a stranger who writes for the first time.
  if (const auto attempt = correlate(provider, reply.ref, reply.idempotency_key); attempt && !is_erased(attempt->key)) {
    speakers.push_back({attempt->key, attempt->case_id, attempt->reminder, attempt->channel, attempt->address});
    return speakers;
  }
  {
    // STOP stops each channel that has the address; words are one debtor's, by however many channels it is reached.
    Query query{*connection_,
                "SELECT DISTINCT p.creditor, p.debtor, iif(?, p.channel, '') FROM creditor c JOIN contact_point p"
                " ON p.creditor = c.id AND p.channel IN ('email', 'sms', 'fax', 'lre') AND p.address = ?"
                " ORDER BY 1, 2, 3 LIMIT ?",
                reply.is_stop, reply.from, kSpeakersMax};
    while (query.next()) {
      auto &speaker = speakers.emplace_back();
      speaker.key = {query.i32(0), query.i64(1)};
      speaker.channel = query.text(2);
      speaker.address = reply.from;
    }
  }
  for (auto &speaker : speakers) speaker.case_id = first_case(speaker.key);
  if (!speakers.empty()) return speakers;
  auto &stranger = speakers.emplace_back();
  stranger.address = reply.from;
  Query query{*connection_, "SELECT min(id) FROM creditor"};
  if (query.next()) stranger.key.creditor = query.i32(0);
  return speakers;
}

TaskId SqliteStore::apply_reply(Unit &unit, const Speaker &speaker, const Sha256 &bytes,
                                const ReplyRecord &reply, Instant now) {
  const auto key = speaker.key;
  const bool is_known{key.debtor != 0};
  const bool is_order{reply.is_stop && !speaker.channel.empty()};
  TaskId task{0};
  if (is_order) {
    mark_suppressed(unit, key.creditor, speaker.channel, speaker.address, "the addressee asked us to stop",
                    now);
  } else {
    const auto text = words_of(reply, is_known);
    {
      // A copy by another way (a second recipient, a forwarding) has other bytes and the same words. While
      // their task is open they add nothing to it; once a person has dealt with it they are news.
      Query query{*connection_,
                  "SELECT id FROM task WHERE creditor = ? AND debtor = ? AND state = 'open' AND reminder = ?"
                  " AND kind IN ('reply', 'stop') AND text = ?",
                  key.creditor,
                  key.debtor,
                  speaker.reminder,
                  text};
      if (query.next()) return query.i64(0);
    }
    task = ++last_.task;
    add_task(unit, key, speaker.case_id, speaker.reminder, task, reply.is_stop ? "stop" : "reply", text,
             is_known, now);
    if (is_known) withdraw(unit, key, {}, "the debtor answered", now);
  }
  Payload payload;
  payload.text("reply", reply.is_stop ? "stop" : "human")
      .number("reminder", speaker.reminder)
      .text("from", reply.from);
  payload.text("subject", reply.subject).text("text", reply.text).text("raw", to_hex(bytes));
  journal_entry(unit, key.creditor, speaker.case_id, now, "reply", payload);
  if (is_known) touch(unit, key, now);
  return task;
}

}  // namespace relance::store::sqlite
