#include "host/channel/border.hpp"

namespace relance::channel {
namespace {

constexpr std::uint32_t kInFlightDefault{64};
constexpr std::uint32_t kInFlightMax{1'000'000};

std::string text_of(relance_str text) {
  return std::string(to_view(text).substr(0, kTextMax));
}
std::string bytes_of(relance_str bytes) {
  return std::string(to_view(bytes));
}

std::optional<Price> price_of(const relance_price *price) {
  if (price == nullptr) return std::nullopt;
  return Price{price->micro_units, std::string(to_view(price->currency).substr(0, 3))};
}

Receipt to_receipt(const relance_receipt *theirs) {
  const auto r = read_sized(theirs);
  Receipt receipt;
  receipt.ref = bytes_of(r.ref).substr(0, kRefBytesMax);
  receipt.idempotency_key = text_of(r.idempotency_key);
  receipt.part_index = r.part_index;
  receipt.part_count = std::max(r.part_count, 1u);
  receipt.kind = to_receipt_kind(r.kind);
  // A kind that we do not know is never final, whatever it says of itself.
  receipt.is_final = (r.flags & RELANCE_RECEIPT_FINAL) != 0 && receipt.kind != ReceiptKind::interim;
  receipt.failure = to_failure_class(r.failure);
  receipt.code = text_of(r.code);
  receipt.text = text_of(r.text);
  if (r.provider_time_ms != 0) receipt.provider_time = from_ms(r.provider_time_ms);
  receipt.price = price_of(r.price);
  for (std::size_t i{0}; i < r.evidence_count; ++i) {
    const auto e = read_sized(r.evidence[i]);
    receipt.evidence.push_back(
        {text_of(e.media_type), text_of(e.file_name), bytes_of(e.bytes), bytes_of(e.reference)});
  }
  return receipt;
}

Reply to_reply(const relance_reply *theirs) {
  const auto r = read_sized(theirs);
  Reply reply;
  reply.kind = to_reply_kind(r.kind);
  reply.from = text_of(r.from);
  reply.to = text_of(r.to);
  reply.subject = text_of(r.subject);
  reply.text = bytes_of(r.text);
  reply.ref = bytes_of(r.ref);
  reply.idempotency_key = text_of(r.idempotency_key);
  reply.amount_minor = std::max<std::int64_t>(r.amount_minor, 0);
  reply.currency = std::string(to_view(r.currency).substr(0, 3));
  if (r.date_days > 0 && r.date_days <= kDateDaysMax) reply.date = from_day_number(r.date_days);
  return reply;
}

void fill(const MessageArrays::Slot &slot, const Submission &s) {
  auto &m = *slot.message;
  m.token = s.token;
  m.idempotency_key = to_str(s.idempotency_key);
  m.service = to_str(s.service);
  m.subject = to_str(s.subject);
  m.attempt_number = s.attempt_number;
  m.flags = message_flags(s);
  m.dated_ms = to_ms(s.dated);
  m.not_after_ms = to_ms(s.not_after);
  m.valid_until_ms = to_ms(s.valid_until);
  auto &a = *slot.addressee;
  a.flags = address_flags(s.addressee);
  a.channel = to_str(s.addressee.channel);
  a.address = to_str(s.addressee.address);
  a.name = to_str(s.addressee.name);
  a.country = to_str(s.addressee.country);
  a.language = to_str(s.addressee.language);
  a.organisation = to_str(s.addressee.organisation);
  a.given_name = to_str(s.addressee.given_name);
  a.family_name = to_str(s.addressee.family_name);
  slot.sender->country = to_str(s.sender.country);
  slot.sender->name = to_str(s.sender.name);
  slot.sender->address = to_str(s.sender.address);
  slot.sender->reply_to = to_str(s.sender.reply_to);
  for (std::size_t i{0}; i < s.parts.size(); ++i) {
    const auto &part = s.parts[i];
    slot.parts[i].role = to_str(part.role);
    slot.parts[i].media_type = to_str(part.media_type);
    slot.parts[i].file_name = to_str(part.file_name);
    slot.parts[i].bytes = part.bytes ? to_str(*part.bytes) : relance_str{};
    slot.parts[i].sha256 = part.sha256.data();
  }
  for (std::size_t i{0}; i < s.addressee.postal_lines.size(); ++i)
    slot.postal_lines[i] = to_str(s.addressee.postal_lines[i]);
  for (std::size_t i{0}; i < s.sender.postal_lines.size(); ++i)
    slot.sender_lines[i] = to_str(s.sender.postal_lines[i]);
  for (std::size_t i{0}; i < s.references.size(); ++i)
    slot.references[i] = {to_str(s.references[i].first), to_str(s.references[i].second)};
}

}  // namespace

std::uint32_t address_flags(const Addressee &addressee) {
  return (addressee.has_consent ? RELANCE_ADDR_CONSENT : 0u) |
         (addressee.is_consumer ? RELANCE_ADDR_CONSUMER : 0u);
}

std::uint32_t message_flags(const Submission &submission) {
  return submission.wants_read_receipt ? RELANCE_MSG_READ_RECEIPT : 0u;
}

MessageArrays::Counts counts_of(const Submission &s) {
  return {s.parts.size(), s.addressee.postal_lines.size(), s.references.size(), s.sender.postal_lines.size()};
}

std::string to_line(std::string_view text) {
  std::string line(text.substr(0, kTextMax));
  for (auto &c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return line;
}

void MessageArrays::reserve(std::size_t messages, Counts totals) {
  messages_.reserve(messages);
  addressees_.reserve(messages);
  senders_.reserve(messages);
  parts_.reserve(totals.parts);
  part_pointers_.reserve(totals.parts);
  postal_lines_.reserve(totals.postal_lines + totals.sender_lines);
  references_.reserve(totals.references);
}

MessageArrays::Slot MessageArrays::add(Counts counts) {
  auto &m = messages_.emplace_back();
  auto &a = addressees_.emplace_back();
  auto &s = senders_.emplace_back();
  m.size = sizeof m;
  a.size = sizeof a;
  s.size = sizeof s;
  const auto first_part = parts_.size(), first_line = postal_lines_.size(),
             first_reference = references_.size();
  for (std::size_t i{0}; i < counts.parts; ++i) {
    auto &part = parts_.emplace_back();
    part.size = sizeof part;
    part_pointers_.push_back(&part);
  }
  postal_lines_.resize(first_line + counts.postal_lines + counts.sender_lines);
  references_.resize(first_reference + counts.references);
  m.addressee = &a;
  m.sender = &s;
  m.parts = part_pointers_.data() + first_part;
  m.part_count = counts.parts;
  m.references = references_.data() + first_reference;
  m.reference_count = counts.references;
  a.postal_lines = postal_lines_.data() + first_line;
  a.postal_line_count = counts.postal_lines;
  s.postal_lines = a.postal_lines + counts.postal_lines;
  s.postal_line_count = counts.sender_lines;
  return {&m,
          &a,
          &s,
          parts_.data() + first_part,
          postal_lines_.data() + first_line,
          postal_lines_.data() + first_line + counts.postal_lines,
          references_.data() + first_reference};
}

MessageBatch::MessageBatch(std::vector<Submission> batch) : submissions(std::move(batch)) {
  MessageArrays::Counts total;
  for (const auto &s : submissions) {
    total.parts += s.parts.size();
    total.postal_lines += s.addressee.postal_lines.size();
    total.sender_lines += s.sender.postal_lines.size();
    total.references += s.references.size();
  }
  arrays.reserve(submissions.size(), total);
  for (const auto &s : submissions) fill(arrays.add(counts_of(s)), s);
}

OutcomeKind to_outcome_kind(std::uint32_t outcome) {
  switch (outcome) {
    case RELANCE_OUT_ACCEPTED:
      return OutcomeKind::accepted;
    case RELANCE_OUT_DELIVERED:
      return OutcomeKind::delivered;
    case RELANCE_OUT_REJECTED:
      return OutcomeKind::rejected;
    case RELANCE_OUT_NOT_SENT:
      return OutcomeKind::not_sent;
    case RELANCE_OUT_PREPARED:
      return OutcomeKind::prepared;
    case RELANCE_OUT_NOT_FOUND:
      return OutcomeKind::not_found;
    default:
      return OutcomeKind::unknown;
  }
}

FailureClass to_failure_class(std::uint32_t failure) {
  return failure <= RELANCE_FAIL_CONFIGURATION ? static_cast<FailureClass>(failure) : FailureClass::none;
}

// The two enumerations are one list; a change of either must be seen here.
static_assert(static_cast<int>(ReceiptKind::returned) == RELANCE_RCPT_RETURNED &&
              static_cast<int>(ReceiptKind::complaint) == RELANCE_RCPT_COMPLAINT &&
              static_cast<int>(ReceiptKind::read) == RELANCE_RCPT_READ &&
              static_cast<int>(ReplyKind::call_back) == RELANCE_REPLY_CALL_BACK &&
              static_cast<int>(FailureClass::configuration) == RELANCE_FAIL_CONFIGURATION);
ReplyKind to_reply_kind(std::uint32_t kind) {
  return kind <= RELANCE_REPLY_CALL_BACK ? static_cast<ReplyKind>(kind) : ReplyKind::human;
}

ReceiptKind to_receipt_kind(std::uint32_t kind) {
  return kind <= RELANCE_RCPT_COMPLAINT ? static_cast<ReceiptKind>(kind) : ReceiptKind::interim;
}

Outcome to_outcome(const relance_result &r) {
  Outcome outcome;
  outcome.token = r.token;
  outcome.kind = to_outcome_kind(r.outcome);
  outcome.failure = to_failure_class(r.failure);
  const auto refs = std::min(r.ref_count, kRefsMax);
  outcome.refs.reserve(refs);
  for (std::size_t i{0}; i < refs; ++i)
    if (is_ref(r.refs[i])) outcome.refs.emplace_back(to_view(r.refs[i]));
  outcome.code = text_of(r.code);
  outcome.text = text_of(r.text);
  if (r.retry_after_ms > 0) outcome.retry_after = bounded(r.retry_after_ms);
  outcome.whole_instance = (r.flags & RELANCE_RESULT_WHOLE_INSTANCE) != 0;
  outcome.price = price_of(r.price);
  outcome.part_count = std::min<std::uint32_t>(r.part_count, kRefsMax);
  return outcome;
}

Recall to_recall(const relance_recalled &r) {
  auto kind = RecallKind::unknown;
  if (r.kind == RELANCE_RECALL_CANCELLED) kind = RecallKind::cancelled;
  if (r.kind == RELANCE_RECALL_TOO_LATE) kind = RecallKind::too_late;
  return {r.token, kind, text_of(r.text)};
}

Discard to_discard(const relance_discarded &r) {
  auto kind = DiscardKind::unknown;
  if (r.kind == RELANCE_DISCARD_GONE) kind = DiscardKind::gone;
  if (r.kind == RELANCE_DISCARD_RELEASED) kind = DiscardKind::released;
  return {r.token, kind, text_of(r.text)};
}

Polled to_polled(const relance_polled &r) {
  Polled polled;
  polled.token = r.token;
  polled.error = to_line(to_view(r.error));
  if (polled.error.empty()) polled.cursor = to_view(r.cursor);
  polled.next_poll = Milliseconds(std::clamp<std::int64_t>(r.next_poll_ms, 0, kNextPollMaxMs));
  return polled;
}

Parsed to_parsed(const relance_parsed &r) {
  Parsed parsed;
  parsed.token = r.token;
  if (r.status != RELANCE_PARSED_OK) {
    parsed.error = text_of(r.error);
    if (parsed.error.empty()) parsed.error = "the plugin gave no reason";
    parsed.is_retryable = r.status != RELANCE_PARSED_UNREADABLE;
    return parsed;
  }
  for (std::size_t i{0}; i < r.receipt_count; ++i) parsed.receipts.push_back(to_receipt(r.receipts[i]));
  for (std::size_t i{0}; i < r.reply_count; ++i) parsed.replies.push_back(to_reply(r.replies[i]));
  return parsed;
}

Inbound to_inbound(const relance_inbound &in) {
  return {in.token, text_of(in.kind), bytes_of(in.bytes), from_ms(in.received_at_ms), text_of(in.name)};
}

Health to_health(const relance_health &h) {
  Health health;
  health.level = h.level == RELANCE_HEALTH_UP     ? HealthLevel::up
                 : h.level == RELANCE_HEALTH_DOWN ? HealthLevel::down
                                                  : HealthLevel::degraded;
  health.code = to_line(to_view(h.code));
  health.text = to_line(to_view(h.text));
  if (h.retry_at_ms != 0) health.retry_at = from_ms(h.retry_at_ms);
  return health;
}

Fields to_fields(const relance_kv *fields, std::size_t count) {
  Fields list;
  list.reserve(count);
  for (std::size_t i{0}; i < count; ++i)
    list.emplace_back(to_line(to_view(fields[i].key)), to_line(to_view(fields[i].value)));
  return list;
}

Traits to_traits(const relance_descriptor &d, const relance_traits &t) {
  Traits traits;
  traits.plugin_id = d.id;
  traits.plugin_version = d.version;
  traits.driver = d.driver;
  traits.channel = d.channel;
  if (t.idempotency_window_ms > 0) traits.idempotency_window = bounded(t.idempotency_window_ms);
  if (t.not_found_certain_after_ms > 0 && t.not_found_certain_after_ms <= RELANCE_NOT_FOUND_CERTAIN_MAX_MS)
    traits.not_found_certain_after = bounded(t.not_found_certain_after_ms);
  traits.max_in_flight = t.max_in_flight == 0 ? kInFlightDefault : std::min(t.max_in_flight, kInFlightMax);
  // What the descriptor does not state has no checked functions behind it.
  const auto capabilities = t.capabilities & d.capabilities;
  traits.can_query_by_ref = (capabilities & RELANCE_CAP_QUERY_BY_REF) != 0;
  traits.can_query_by_key = (capabilities & RELANCE_CAP_QUERY_BY_KEY) != 0;
  traits.can_recall = (capabilities & RELANCE_CAP_RECALL) != 0;
  traits.is_two_phase = (capabilities & RELANCE_CAP_TWO_PHASE) != 0;
  traits.can_fetch_evidence = (capabilities & RELANCE_CAP_EVIDENCE) != 0;
  traits.can_quote = (capabilities & RELANCE_CAP_QUOTE) != 0;
  traits.can_webhook = (capabilities & RELANCE_CAP_WEBHOOK) != 0;
  traits.submit_never_releases = traits.is_two_phase && (t.flags & RELANCE_TRAIT_SUBMIT_NEVER_RELEASES) != 0;
  traits.can_poll = (capabilities & RELANCE_CAP_POLL) != 0;
  traits.polls_open = traits.can_poll && (t.flags & RELANCE_TRAIT_POLL_OPEN) != 0;
  traits.can_receive = (capabilities & (RELANCE_CAP_RECEIVE | RELANCE_CAP_POLL)) != 0;
  for (std::size_t i{0}; i < t.expected_receipt_count; ++i)
    traits.expected_receipts.emplace_back(to_receipt_kind(t.expected_receipts[i].kind),
                                          bounded(t.expected_receipts[i].within_ms));
  return traits;
}

}  // namespace relance::channel
