// A channel whose every message says in its address what becomes of it: "accept@x", "reject@x", "crash@x",
// "mutter@x", "hang@x", … Well-behaved where the script does not ask for the contrary. Written on the C
// interface itself, as most of what it is asked to do the C++ face would prevent.
#include <relance/evidence.h>
#include <relance/plugin.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

relance_str lit(const char *text) {
  return {text, std::strlen(text)};
}

struct Instance {
  const relance_host *host;
  std::mutex mutex;
  std::map<std::string, relance_token> held;  // "hold@x": ended by the next message to "release@x"
  std::vector<std::thread> threads;
  std::string sent_log;  // of settings: a file that gets a line for each message "sent"
  std::string gate;      // of settings: a FIFO; "gate@x" waits for a byte in it, on the serial thread
  std::string start_if;  // of settings: a file without which start() fails
  std::string end_fifo;  // of settings: a FIFO that gets a byte when the instance is destroyed
  bool finds_all;        // of settings: whatever a question asks for lies there as a draft
  std::string answer;    // of settings: how every message ends, whatever its address says
  std::string price;     // of settings: of each segment, in micro units of EUR
  bool quotes_slowly;    // of settings: no quote comes in time
  relance_token polls{100};
  relance_traits promised;
};
Instance &self(relance_instance *i) {
  return *reinterpret_cast<Instance *>(i);
}

void end(const relance_host *host, relance_token token, uint32_t outcome, const char *code = "",
         const char *ref = nullptr, uint32_t failure = 0) {
  relance_result result{};
  const relance_str refs[]{lit(ref == nullptr ? "" : ref)};
  result.size = sizeof result;
  result.token = token;
  result.outcome = outcome;
  result.failure = failure;
  result.code = lit(code);
  result.refs = refs;
  result.ref_count = ref == nullptr ? 0 : 1;
  const relance_result *pointer{&result};
  host->complete(host, &pointer, 1);
}

/// What a peer would have received: a key, appended in one write.
void note_sent(const Instance &instance, const std::string &key) {
  if (instance.sent_log.empty()) return;
  std::FILE *file{std::fopen(instance.sent_log.c_str(), "a")};
  const std::string line(key + "\n");
  std::fwrite(line.data(), 1, line.size(), file);
  std::fclose(file);
}
void send(const Instance &instance, const relance_message &m) {
  note_sent(instance, std::string(m.idempotency_key.data, m.idempotency_key.len));
}

/// Whether the peer has it: its key stands in the log.
bool was_sent(const Instance &instance, const std::string &key) {
  std::ifstream log{instance.sent_log};
  for (std::string line; std::getline(log, line);)
    if (line == key) return true;
  return false;
}

void offer(const relance_host *host, relance_token token, const char *name, relance_str bytes) {
  relance_inbound in{};
  in.size = sizeof in;
  in.token = token;
  in.kind = lit("link");
  in.name = lit(name);
  in.bytes = bytes;
  in.received_at_ms = host->wall_ms(host);
  const relance_inbound *pointer{&in};
  static_cast<void>(host->inbound(host, &pointer, 1));
}

void take(Instance &instance, const relance_message &m) {
  const auto *host = instance.host;
  const std::string address(m.addressee->address.data, m.addressee->address.len);
  const std::string verb(instance.answer.empty() ? address.substr(0, address.find('@')) : instance.answer);
  if (verb == "not_sent")
    return end(host, m.token, RELANCE_OUT_NOT_SENT, "451", nullptr, RELANCE_FAIL_TEMPORARY);
  if (verb == "reject_policy")
    return end(host, m.token, RELANCE_OUT_REJECTED, "554 5.7.1", nullptr, RELANCE_FAIL_POLICY);
  if (verb == "unknown") return end(host, m.token, RELANCE_OUT_UNKNOWN, "timeout");
  if (verb == "accept") {
    send(instance, m);
    return end(host, m.token, RELANCE_OUT_ACCEPTED, "250", "ref-1");
  }
  // Letters that lie at the provider: what recall() says of them is in their reference.
  if (verb == "recalled" || verb == "printed" || verb == "mislaid") {
    const auto ref = verb + "-" + std::string(m.idempotency_key.data, m.idempotency_key.len);
    send(instance, m);
    return end(host, m.token, RELANCE_OUT_ACCEPTED, "250", ref.c_str());
  }
  if (verb == "unnamed") {  // taken, under no reference
    send(instance, m);
    return end(host, m.token, RELANCE_OUT_ACCEPTED, "250");
  }
  if (verb == "reject")
    return end(host, m.token, RELANCE_OUT_REJECTED, "550 5.1.1", nullptr, RELANCE_FAIL_ADDRESS_DEAD);
  if (verb == "lost_reply" || verb == "lost") {  // the peer got it, or not, and the first answer went astray
    const std::string key(m.idempotency_key.data, m.idempotency_key.len);
    {
      const std::lock_guard lock(instance.mutex);
      if (instance.held.emplace(key, m.token).second) {
        if (verb == "lost_reply") send(instance, m);
        return end(host, m.token, RELANCE_OUT_UNKNOWN, "timeout");
      }
    }
    if (!was_sent(instance, key)) send(instance, m);  // a repeat is dropped, and answered as the first was
    return end(host, m.token, RELANCE_OUT_ACCEPTED, "250", key.c_str());
  }
  if (verb == "draft")  // released by commit(), which the peer may see twice and obeys once
    return end(host, m.token, RELANCE_OUT_PREPARED, "",
               std::string(m.idempotency_key.data, m.idempotency_key.len).c_str());
  if (verb ==
      "draft_lost") {  // made, and its answer went astray; of never_releases, a second try is answered
    const auto key = std::string(m.idempotency_key.data, m.idempotency_key.len);
    bool is_first{false};
    {
      const std::lock_guard lock(instance.mutex);
      instance.held.emplace("draft:" + key, m.token);
      is_first = instance.held.emplace(verb, m.token).second;
    }
    return is_first ? end(host, m.token, RELANCE_OUT_UNKNOWN, "timeout")
                    : end(host, m.token, RELANCE_OUT_PREPARED, "", key.c_str());
  }
  if (verb == "unnamed_draft") return end(host, m.token, RELANCE_OUT_PREPARED);
  if (verb == "prepare") return end(host, m.token, RELANCE_OUT_PREPARED, "", "draft-1");
  if (verb == "prepare_lost" || verb == "prepare_gone" || verb == "prepare_once") {  // see commit()
    const std::string ref(verb + ":" + std::string(m.idempotency_key.data, m.idempotency_key.len));
    {
      const std::lock_guard lock(instance.mutex);
      instance.held.emplace(ref, m.token);
    }
    return end(host, m.token, RELANCE_OUT_PREPARED, "", ref.c_str());
  }
  if (verb == "odd") return end(host, m.token, 4711);
  if (verb == "not_found") return end(host, m.token, RELANCE_OUT_NOT_FOUND);
  if (verb == "twice") {
    end(host, m.token, RELANCE_OUT_ACCEPTED);
    return end(host, m.token, RELANCE_OUT_REJECTED);
  }
  if (verb == "invent") {
    end(host, m.token + 1'000'000, RELANCE_OUT_ACCEPTED);
    return end(host, m.token, RELANCE_OUT_ACCEPTED);
  }
  if (verb == "forget") return;
  if (verb == "throw") throw std::runtime_error("thrown through the border");
  if (verb == "crash") std::raise(SIGKILL);
  if (verb == "mutter") {  // as a library does that knows no log
    std::fputs("library: first line\nlibrary: and dies", stderr);
    std::raise(SIGKILL);
  }
  if (verb == "abort") std::abort();
  if (verb == "exit") ::_exit(0);
  if (verb == "hang") {
    // On another thread: in a child what the serial thread says would wait for submit() to return.
    std::thread([host] { host->log(host, RELANCE_LOG_INFO, lit("hangs"), nullptr, 0); }).join();
    for (;;) ::pause();
  }
  if (verb == "gate") {
    host->log(host, RELANCE_LOG_INFO, lit("waits at the gate"), nullptr, 0);
    const int fd{::open(instance.gate.c_str(), O_RDONLY | O_CLOEXEC)};
    char byte{0};
    while (::read(fd, &byte, 1) < 0 && errno == EINTR) {
    }
    ::close(fd);
    return end(host, m.token, RELANCE_OUT_ACCEPTED);
  }
  if (verb == "hold") {
    const std::lock_guard lock(instance.mutex);
    instance.held[address] = m.token;
    return;
  }
  if (verb == "release_drafts") {
    std::map<std::string, relance_token> held;
    {
      const std::lock_guard lock(instance.mutex);
      held.swap(instance.held);
    }
    for (const auto &[name, token] : held)
      end(host, token, RELANCE_OUT_PREPARED, "", ("late-" + name).c_str());
    return end(host, m.token, RELANCE_OUT_ACCEPTED);
  }
  if (verb == "release") {
    std::map<std::string, relance_token> held;
    {
      const std::lock_guard lock(instance.mutex);
      held.swap(instance.held);
    }
    for (const auto &[name, token] : held) end(host, token, RELANCE_OUT_ACCEPTED);
    return end(host, m.token, RELANCE_OUT_ACCEPTED);
  }
  if (verb == "thread") {  // borrowed memory, read on another thread after submit has returned
    instance.threads.emplace_back([&instance, message = &m] {
      std::string text;
      for (size_t i{0}; i < message->part_count; ++i)
        text.append(message->parts[i]->bytes.data, message->parts[i]->bytes.len);
      end(instance.host, message->token, RELANCE_OUT_ACCEPTED, text.c_str());
    });
    return;
  }
  if (verb == "echo") {  // everything that can be seen of the message, in the order of the header
    std::string all;
    const auto add = [&](relance_str s) { all.append(s.data == nullptr ? "" : s.data, s.len).append("|"); };
    add(m.idempotency_key), add(m.addressee->channel), add(m.addressee->name), add(m.addressee->country);
    add(m.addressee->language), add(m.sender->name), add(m.sender->address), add(m.sender->reply_to);
    add(m.service), add(m.subject);
    for (size_t i{0}; i < m.addressee->postal_line_count; ++i) add(m.addressee->postal_lines[i]);
    for (size_t i{0}; i < m.reference_count; ++i) add(m.references[i].key), add(m.references[i].value);
    for (size_t i{0}; i < m.part_count; ++i)
      add(m.parts[i]->role), add(m.parts[i]->media_type), add(m.parts[i]->file_name), add(m.parts[i]->bytes);
    all += std::to_string(m.attempt_number) + "|" + std::to_string(m.dated_ms) + "|" +
           std::to_string(m.valid_until_ms);
    all += m.addressee->flags == RELANCE_ADDR_CONSENT ? "|consent" : "|no consent";
    if (m.flags == RELANCE_MSG_READ_RECEIPT) all += "|read receipt";
    return end(host, m.token, RELANCE_OUT_ACCEPTED, all.c_str());
  }
  if (verb == "inbound") {
    offer(host, m.token, "mail-1", m.subject);
    return end(host, m.token, RELANCE_OUT_ACCEPTED);
  }
  if (verb == "flood_log") {
    for (int i{0}; i < 100'000; ++i)
      host->log(host, RELANCE_LOG_INFO, lit("one of very many lines"), nullptr, 0);
    return end(host, m.token, RELANCE_OUT_ACCEPTED);
  }
  if (verb == "state") {
    char before[64]{};
    const auto length = host->state_get(host, lit("counter"), before, sizeof before - 1);
    const auto next = std::to_string((length < 0 ? 0 : std::atoi(before)) + 1);
    host->state_put(host, lit("counter"), {next.data(), next.size()});
    return end(host, m.token, RELANCE_OUT_ACCEPTED, next.c_str());
  }
  if (verb == "clock") {
    const auto text = std::to_string(host->business_ms(host));
    return end(host, m.token, RELANCE_OUT_ACCEPTED, text.c_str());
  }
  if (verb == "garbage") {  // to where a child has its socket
    const std::string garbage(64, '\xff');
    static_cast<void>(!::write(3, garbage.data(), garbage.size()));
    return end(host, m.token, RELANCE_OUT_ACCEPTED);
  }
  if (verb == "environ") {
    std::string all;
    for (char **e = ::environ; e != nullptr && *e != nullptr; ++e) all += std::string(*e) + ";";
    int descriptors{0};
    for (int fd{0}; fd < 1024; ++fd) descriptors += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return end(host, m.token, RELANCE_OUT_ACCEPTED,
               ("env=" + all + " fds=" + std::to_string(descriptors)).c_str());
  }
  if (verb == "down") {
    relance_health health{};
    health.size = sizeof health;
    health.level = RELANCE_HEALTH_DOWN;
    health.code = lit("auth");
    health.text = lit("the provider\nknows us no more");
    host->health(host, &health);
    host->ready(host, 0);
    return end(host, m.token, RELANCE_OUT_NOT_SENT, "auth");
  }
  end(host, m.token, RELANCE_OUT_NOT_SENT, "no such verb");
}

std::string setting(relance_str json, const char *key) {  // enough for the tests' own flat settings
  const std::string text(json.data, json.len), quoted("\"" + std::string(key) + "\":\"");
  const auto at = text.find(quoted);
  if (at == std::string::npos) return {};
  const auto from = at + quoted.size();
  return text.substr(from, text.find('"', from) - from);
}

relance_status create(const relance_host *host, relance_str, relance_str settings,
                      const relance_issue_sink *issues, relance_instance **out) {
  const auto mode = setting(settings, "mode");
  if (mode == "refuse") {
    const relance_issue issue{sizeof issue, 1, lit("/mode"), lit("may not be \"refuse\"")};
    issues->report(issues->ctx, &issue);
    return RELANCE_E_SETTINGS;
  }
  if (mode == "throw") throw std::runtime_error("thrown by create");
  if (mode == "crash_at_create") std::raise(SIGKILL);
  if (mode == "hang_at_create") {
    for (;;) ::pause();
  }
  if (out == nullptr) return RELANCE_OK;
  static const relance_expected_receipt expected[]{{RELANCE_RCPT_DELIVERED, 0, 86'400'000}};
  const auto number = [&](const char *key, int64_t otherwise) {
    const auto text = setting(settings, key);
    return text.empty() ? otherwise : std::strtoll(text.c_str(), nullptr, 10);
  };
  uint32_t capabilities{0xffffffffu};
  if (setting(settings, "query") == "no")
    capabilities &= ~(RELANCE_CAP_QUERY_BY_KEY | RELANCE_CAP_QUERY_BY_REF);
  if (setting(settings, "two_phase") == "no") capabilities &= ~RELANCE_CAP_TWO_PHASE;
  if (setting(settings, "quote").empty()) capabilities &= ~RELANCE_CAP_QUOTE;
  const relance_traits promised{
      sizeof promised,
      capabilities,
      256,
      (setting(settings, "never_releases") == "yes" ? RELANCE_TRAIT_SUBMIT_NEVER_RELEASES : 0u) |
          (setting(settings, "polls_open") == "yes" ? RELANCE_TRAIT_POLL_OPEN : 0u),
      number("idempotency_window", 3'600'000),
      number("not_found_certain_after", 60'000),
      expected,
      1};
  *out = reinterpret_cast<relance_instance *>(new Instance{host,
                                                           {},
                                                           {},
                                                           {},
                                                           setting(settings, "sent_log"),
                                                           setting(settings, "gate"),
                                                           setting(settings, "start_if"),
                                                           setting(settings, "end_fifo"),
                                                           setting(settings, "finds_all") == "yes",
                                                           setting(settings, "answer"),
                                                           setting(settings, "price"),
                                                           setting(settings, "quote") == "slowly",
                                                           100,
                                                           promised});
  return RELANCE_OK;
}

const relance_traits *traits(relance_instance *i) {
  return &self(i).promised;
}
relance_status start(relance_instance *i) {
  const auto &file = self(i).start_if;
  return file.empty() || ::access(file.c_str(), F_OK) == 0 ? RELANCE_OK : RELANCE_E_INTERNAL;
}
void submit(relance_instance *i, const relance_message *const *messages, size_t count) {
  for (size_t at{0}; at < count; ++at) take(self(i), *messages[at]);
}
void stop(relance_instance *i, uint32_t) {
  for (auto &thread : self(i).threads) thread.join();
  self(i).threads.clear();
}
void destroy(relance_instance *i) {
  stop(i, 0);
  if (!self(i).end_fifo.empty()) {
    const int fd{::open(self(i).end_fifo.c_str(), O_WRONLY | O_CLOEXEC)};
    static_cast<void>(!::write(fd, "", 1));
    ::close(fd);
  }
  delete &self(i);
}
void commit(relance_instance *i, const relance_commit *const *commits, size_t count) {
  for (size_t at{0}; at < count; ++at) {
    const std::string ref(commits[at]->refs[0].data, commits[at]->refs[0].len);
    if (const auto colon = ref.find(':'); colon != std::string::npos) {
      const bool is_up{::access((self(i).sent_log + ".up").c_str(), F_OK) == 0};
      // prepare_lost: nobody knows what became of a commit until the peer is "up". prepare_gone: the instance
      // that made the draft forgets its commit.
      if (ref.starts_with("prepare_lost") && !is_up) {
        end(self(i).host, commits[at]->token, RELANCE_OUT_UNKNOWN, "timeout");
        continue;
      }
      if (ref.starts_with("prepare_gone") && self(i).held.contains(ref)) continue;
      // prepare_once: its commit is forgotten, too, and another instance says that it has not released
      // anything.
      if (ref.starts_with("prepare_once")) {
        if (!self(i).held.contains(ref))
          end(self(i).host, commits[at]->token, RELANCE_OUT_NOT_SENT, "no_draft");
        continue;
      }
      const auto key = ref.substr(colon + 1);
      relance_message m{};
      m.idempotency_key = {key.data(), key.size()};
      send(self(i), m);
    } else if (ref != "draft-1" && !was_sent(self(i), ref)) {
      note_sent(self(i), ref);
    }
    end(self(i).host, commits[at]->token, RELANCE_OUT_ACCEPTED, ref.c_str());
  }
}
/// "released…": it went meanwhile; "stuck…": nobody knows; every other draft is gone.
void discard(relance_instance *i, const relance_discard *const *discards, size_t count) {
  for (size_t at{0}; at < count; ++at) {
    const auto &asked = *discards[at];
    const auto ref = asked.ref_count == 0 ? relance_str{} : asked.refs[0];
    const std::string_view name(ref.data, ref.len);
    relance_kv fields[]{{lit("ref"), ref},
                        {lit("key"), asked.idempotency_key},
                        {lit("sender"), asked.sender == nullptr ? relance_str{} : asked.sender->address}};
    self(i).host->log(self(i).host, RELANCE_LOG_INFO, lit("discarded"), fields, 3);
    relance_discarded result{};
    result.size = sizeof result;
    result.kind = name.starts_with("released") ? RELANCE_DISCARD_RELEASED
                  : name.starts_with("stuck")  ? RELANCE_DISCARD_UNKNOWN
                                               : RELANCE_DISCARD_GONE;
    result.token = asked.token;
    const relance_discarded *pointer{&result};
    self(i).host->discarded(self(i).host, &pointer, 1);
  }
}
void recall(relance_instance *i, const relance_recall *const *recalls, size_t count) {
  for (size_t at{0}; at < count; ++at) {
    if (recalls[at]->ref_count == 0) std::abort();  // the host has nothing to recall it by, and does not ask
    const std::string ref(recalls[at]->refs[0].data, recalls[at]->refs[0].len);
    const auto kind = ref.starts_with("recalled")  ? RELANCE_RECALL_CANCELLED
                      : ref.starts_with("mislaid") ? RELANCE_RECALL_UNKNOWN
                                                   : RELANCE_RECALL_TOO_LATE;
    const relance_recalled result{sizeof result, static_cast<uint32_t>(kind), recalls[at]->token,
                                  recalls[at]->refs[0]};
    const relance_recalled *pointer{&result};
    self(i).host->recalled(self(i).host, &pointer, 1);
  }
}
void query(relance_instance *i, const relance_query *const *queries, size_t count) {
  for (size_t at{0}; at < count; ++at) {
    const std::string key(queries[at]->idempotency_key.data, queries[at]->idempotency_key.len);
    if ((self(i).finds_all || self(i).held.contains("draft:" + key)) && !was_sent(self(i), key)) {
      end(self(i).host, queries[at]->token, RELANCE_OUT_PREPARED, "", key.c_str());
      continue;
    }
    end(self(i).host, queries[at]->token,
        queries[at]->ref_count == 0 && !was_sent(self(i), key) ? RELANCE_OUT_NOT_FOUND : RELANCE_OUT_ACCEPTED,
        key.c_str());
  }
}
/// One segment for each ten bytes of the first part; "unfit@x" fits nowhere, "unquoted@x" gets none,
/// "unpriced@x" one without a price.
relance_status quote(relance_instance *i, const relance_message *m, const relance_quote_sink *sink) {
  const auto &instance = self(i);
  const std::string address(m->addressee->address.data, m->addressee->address.len);
  if (address.starts_with("unquoted")) return RELANCE_E_INTERNAL;
  if (address.starts_with("throw")) throw std::runtime_error("thrown by quote");
  if (instance.quotes_slowly) std::this_thread::sleep_for(std::chrono::seconds{2});
  relance_quote quote{};
  quote.size = sizeof quote;
  quote.segments = m->part_count == 0 ? 0 : static_cast<uint32_t>((m->parts[0]->bytes.len + 9) / 10);
  relance_price price{quote.segments * std::strtoll(instance.price.c_str(), nullptr, 10), lit("EUR")};
  if (!instance.price.empty() && !address.starts_with("unpriced")) quote.price = &price;
  const relance_issue issue{sizeof issue, 1, lit("/parts/0"), lit("it does not fit")};
  const relance_issue *const issues[]{&issue};
  if (address.starts_with("unfit")) {
    quote.issues = issues;
    quote.issue_count = 1;
  }
  sink->report(sink->ctx, &quote);
  return RELANCE_OK;
}
void stored(relance_instance *i, const relance_token *tokens, size_t count) {
  const auto text = "stored " + std::to_string(tokens[0]) + " of " + std::to_string(count);
  self(i).host->log(self(i).host, RELANCE_LOG_INFO, {text.data(), text.size()}, nullptr, 0);
}
void room(relance_instance *) {}
void parse(relance_instance *i, const relance_raw *const *raws, size_t count) {
  for (size_t at{0}; at < count; ++at) {
    const std::string text(raws[at]->bytes.data, raws[at]->bytes.len);
    if (text == "crash") std::raise(SIGKILL);
    if (text == "throw") throw std::runtime_error("thrown by parse");
    relance_parsed result{};
    result.size = sizeof result;
    result.token = raws[at]->token;
    if (text == "when") {
      const auto when = "came at " + std::to_string(raws[at]->received_at_ms);
      result.status = RELANCE_PARSED_UNREADABLE;
      result.error = {when.data(), when.size()};
      const relance_parsed *const unreadable{&result};
      self(i).host->parsed(self(i).host, &unreadable, 1);
      continue;
    }
    const relance_price price{1'500'000, lit("EUR")};
    const relance_evidence document{sizeof document,  0,           lit("application/pdf"),
                                    lit("proof.pdf"), lit("%PDF"), lit("")};
    const relance_evidence *const documents[]{&document};
    const relance_receipt receipt{sizeof receipt,
                                  RELANCE_RCPT_DELIVERED,
                                  lit("ref-1"),
                                  raws[at]->bytes,
                                  1,
                                  2,
                                  RELANCE_RECEIPT_FINAL,
                                  RELANCE_FAIL_NONE,
                                  lit("250"),
                                  lit("fine"),
                                  1'700'000'000'000,
                                  &price,
                                  documents,
                                  1};
    const relance_receipt newer{sizeof newer, 4711, lit("ref-2"), {}, 0,       1,       RELANCE_RECEIPT_FINAL,
                                99,           {}, {}, raws[at]->received_at_ms, nullptr, nullptr, 0};
    const relance_receipt *const receipts[]{&receipt, &newer};
    relance_reply reply{};
    reply.size = sizeof reply;
    reply.kind = RELANCE_REPLY_STOP;
    reply.from = lit("+33");
    reply.to = lit("36000");
    reply.text = lit("STOP");
    const relance_reply *const replies[]{&reply};
    if (text == "later") {
      result.status = RELANCE_PARSED_RETRY;
      result.error = lit("the provider's key server is away");
    } else if (text == "nonsense") {
      result.status = RELANCE_PARSED_UNREADABLE;
    } else {
      result.status = RELANCE_PARSED_OK;
      result.receipts = receipts;
      result.receipt_count = 2;
      result.replies = replies;
      result.reply_count = 1;
    }
    const relance_parsed *pointer{&result};
    self(i).host->parsed(self(i).host, &pointer, 1);
  }
}

/// The cursor says what happens: "" nothing new, "throw", "fail", "forget"; anything else finds two raw
/// items.
void poll(relance_instance *i, const relance_poll *poll) {
  const auto *host = self(i).host;
  const std::string cursor(poll->cursor.data, poll->cursor.len);
  if (cursor == "throw") throw std::runtime_error("thrown by poll");
  if (cursor == "forget") return;
  if (cursor.starts_with("open")) {  // says what it was told: "key=ref,ref;… more"
    std::string told;
    for (size_t at{0}; at < poll->open_count; ++at) {
      const auto &item = *poll->open[at];
      const std::string key(item.idempotency_key.data, item.idempotency_key.len);
      if (!self(i).sent_log.empty()) std::ofstream{self(i).sent_log + ".asked", std::ios::app} << key << "\n";
      told += key + "=";
      for (size_t ref{0}; ref < item.ref_count; ++ref)
        told += std::string(item.refs[ref].data, item.refs[ref].len) + ",";
      told += item.accepted_at_ms > 0 ? ";" : "?";
    }
    offer(host, ++self(i).polls, "open", {told.data(), told.size()});
  }
  const auto next = cursor + "+";
  relance_polled result{};
  result.size = sizeof result;
  result.token = poll->token;
  if (cursor == "fail") {
    result.error = lit("the mailbox does not answer");
  } else if (!cursor.empty()) {
    offer(host, 1, "first", poll->cursor);
    offer(host, 2, "second", poll->cursor);
    result.cursor = {next.data(), next.size()};
    result.next_poll_ms = 250;
  }
  host->polled(host, &result);
}

/// The reference says what happens: "later…" waits for a file beside the sent log, "gone…", "throw…",
/// "forget…"; anything else is there.
void fetch(relance_instance *i, const relance_evidence_fetch *const *fetches, size_t count) {
  for (size_t at{0}; at < count; ++at) {
    const std::string reference(fetches[at]->reference.data, fetches[at]->reference.len);
    const std::string bytes("%PDF " + reference + " of " +
                            std::string(fetches[at]->idempotency_key.data, fetches[at]->idempotency_key.len));
    if (reference.starts_with("throw")) throw std::runtime_error("thrown by fetch");
    if (reference.starts_with("forget")) continue;
    relance_evidence document{};
    document.size = sizeof document;
    document.bytes = {bytes.data(), bytes.size()};
    relance_evidence_fetched end{};
    end.size = sizeof end;
    end.token = fetches[at]->token;
    end.status = RELANCE_FETCHED_OK;
    end.document = &document;
    if (reference.starts_with("gone")) {
      end.status = RELANCE_FETCHED_GONE;
      end.error = lit("404 Not Found");
    } else if (reference.starts_with("later") &&
               ::access((self(i).sent_log + ".proofs").c_str(), F_OK) != 0) {
      end.status = RELANCE_FETCHED_RETRY;
      end.error = lit("503 Service Unavailable");
    }
    const auto *host = self(i).host;
    const auto *store =
        static_cast<const relance_evidence_store *>(host->extension(host, RELANCE_EVIDENCE_ID));
    const relance_evidence_fetched *pointer{&end};
    store->fetched(host, &pointer, 1);
  }
}
const void *extension(relance_instance *, const char *id) {
  static const relance_evidence_source source{sizeof source, 0, fetch};
  return std::strcmp(id, RELANCE_EVIDENCE_ID) == 0 ? &source : nullptr;
}

constexpr const char *kSchema{R"({"type": "object", "additionalProperties": false, "properties": {
  "mode": {"enum": ["good", "refuse", "throw", "crash_at_create", "hang_at_create"]},
  "port": {"type": "integer", "maximum": 65535},
  "query": {"enum": ["yes", "no"]}, "never_releases": {"enum": ["yes", "no"]}, "finds_all": {"enum": ["yes"]}, "polls_open": {"enum": ["yes"]},
  "two_phase": {"enum": ["yes", "no"]},
  "answer": {"enum": ["accept", "not_sent", "reject", "reject_policy", "unknown", "forget"]},
  "quote": {"enum": ["yes", "slowly"]}, "price": {"type": "string"},
  "idempotency_window": {"type": "string"}, "not_found_certain_after": {"type": "string"},
  "sent_log": {"type": "string"}, "gate": {"type": "string"}, "start_if": {"type": "string"}, "end_fifo": {"type": "string"},
  "auth": {"type": "object", "required": ["token"], "properties": {"token": {"type": "string", "minLength": 8}}}}})"};

}  // namespace

RELANCE_EXPORT const relance_plugin *relance_plugin_v1(uint32_t index) {
  static const relance_descriptor descriptor{
      sizeof descriptor,
      RELANCE_ABI_MINOR,
      0,
      RELANCE_CAP_QUERY_BY_REF | RELANCE_CAP_QUERY_BY_KEY | RELANCE_CAP_RECALL | RELANCE_CAP_TWO_PHASE |
          RELANCE_CAP_RECEIVE | RELANCE_CAP_POLL | RELANCE_CAP_EVIDENCE | RELANCE_CAP_QUOTE,
      "org.relance.test.scripted",
      "scripted",
      "Scripted",
      "1.0",
      "Relance",
      "email",
      kSchema};
  static const relance_plugin plugin{[] {
    relance_plugin p{};
    p.size = sizeof p;
    p.descriptor = &descriptor;
    p.create = create;
    p.traits = traits;
    p.start = start;
    p.submit = submit;
    p.poll = poll;
    p.stop = stop;
    p.destroy = destroy;
    p.commit = commit;
    p.discard = discard;
    p.recall = recall;
    p.query = query;
    p.quote = quote;
    p.stored = stored;
    p.room = room;
    p.parse = parse;
    p.extension = extension;
    return p;
  }()};
  return index == 0 ? &plugin : nullptr;
}
