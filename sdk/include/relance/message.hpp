// What the host asks for, as C++ views of the C structs: string views and vectors of them, nothing copied.
// They are good as long as the C struct: in the blocking style until the method returns, otherwise until the
// token ends.
#ifndef RELANCE_MESSAGE_HPP
#define RELANCE_MESSAGE_HPP

#include <relance/outcome.hpp>

#include <atomic>

namespace relance::sdk {

inline std::vector<std::string_view> to_views(const relance_str *items, std::size_t count) {
  std::vector<std::string_view> views(count);
  for (std::size_t i{0}; i < count; ++i) views[i] = to_view(items[i]);
  return views;
}
inline std::vector<Field> to_fields(const relance_kv *items, std::size_t count) {
  std::vector<Field> fields(count);
  for (std::size_t i{0}; i < count; ++i) fields[i] = {to_view(items[i].key), to_view(items[i].value)};
  return fields;
}

/// What every blocking request knows: whether the host is stopping this instance. Then end soon, as what is
/// still open when its patience is over counts as unknown.
class Request {
 public:
  explicit Request(const std::atomic<bool> *stopping = nullptr) : stopping_(stopping) {}
  [[nodiscard]] bool stop_requested() const { return stopping_ != nullptr && stopping_->load(); }

 private:
  const std::atomic<bool> *stopping_;
};

struct Part {
  std::string_view role;        ///< "text", "html", "letter", "attachment"
  std::string_view media_type;  ///< "text/plain; charset=utf-8"
  std::string_view file_name;   ///< empty for bodies
  std::string_view bytes;
  std::span<const std::uint8_t> sha256;  ///< 32 bytes
};

struct Addressee {
  std::string_view channel;
  std::string_view address;  ///< addr-spec, E.164, …; empty for postal
  std::string_view name;
  std::string_view organisation, given_name, family_name;  ///< where `name` is known by its parts
  std::vector<std::string_view> postal_lines;
  std::string_view country;   ///< ISO 3166-1 alpha-2
  std::string_view language;  ///< BCP 47
  bool has_consent{false};
  bool is_consumer{false};
};

struct Sender {
  std::string_view name, address, reply_to;
  std::vector<std::string_view> postal_lines;
  std::string_view country;
};

inline Sender to_sender(const relance_sender &s) {
  return {to_view(s.name), to_view(s.address), to_view(s.reply_to),
          to_views(s.postal_lines, s.postal_line_count), to_view(s.country)};
}
inline std::optional<Sender> read_sender(const relance_sender *s) {
  return s == nullptr ? std::nullopt : std::optional{to_sender(*s)};
}

/// One message for one addressee. Build Message-ID, Date and boundaries from what is in here, never from a
/// clock or from chance: an attempt always has the same bytes.
struct Message : Request {
  explicit Message(const relance_message &m, const std::atomic<bool> *stopping = nullptr)
      : Request(stopping),
        idempotency_key(to_view(m.idempotency_key)),
        service(to_view(m.service)),
        subject(to_view(m.subject)),
        references(to_fields(m.references, m.reference_count)),
        attempt_number(m.attempt_number),
        dated_ms(m.dated_ms),
        not_after_ms(m.not_after_ms),
        valid_until_ms(m.valid_until_ms),
        wants_read_receipt((m.flags & RELANCE_MSG_READ_RECEIPT) != 0) {
    if (m.addressee != nullptr) read(*m.addressee);
    if (m.sender != nullptr) sender = to_sender(*m.sender);
    for (std::size_t i{0}; i < m.part_count; ++i) {
      const auto &part = *m.parts[i];
      parts.push_back({to_view(part.role),
                       to_view(part.media_type),
                       to_view(part.file_name),
                       to_view(part.bytes),
                       {part.sha256, part.sha256 == nullptr ? 0u : 32u}});
    }
  }

  /// The first part of that role, or null.
  [[nodiscard]] const Part *find_part(std::string_view role) const {
    for (const auto &part : parts)
      if (part.role == role) return &part;
    return nullptr;
  }
  /// The bytes of the part "text"; empty when there is none.
  [[nodiscard]] std::string_view text() const {
    const auto *part = find_part("text");
    return part == nullptr ? std::string_view{} : part->bytes;
  }
  /// What the debt is called, e.g. reference("invoice"); the first of that name, or empty.
  [[nodiscard]] std::string_view reference(std::string_view name) const {
    for (const auto &[key, value] : references)
      if (key == name) return value;
    return {};
  }

  std::string_view idempotency_key;  ///< put it where the provider gives it back
  Addressee addressee;
  Sender sender;
  std::string_view service;  ///< "plain", "tracked", "registered", "registered_ar", "lre"
  std::string_view subject;
  std::vector<Part> parts;
  std::vector<Field> references;
  std::uint32_t attempt_number;
  std::int64_t dated_ms;        ///< the message's own date (business time)
  std::int64_t not_after_ms;    ///< wall time: no first byte later
  std::int64_t valid_until_ms;  ///< wall time: hand it to the provider where it takes one; 0: none
  bool wants_read_receipt;      ///< of the reader's program, where the channel has one

 private:
  void read(const relance_addressee &a) {
    addressee.channel = to_view(a.channel);
    addressee.address = to_view(a.address);
    addressee.name = to_view(a.name);
    addressee.postal_lines = to_views(a.postal_lines, a.postal_line_count);
    addressee.country = to_view(a.country);
    addressee.language = to_view(a.language);
    addressee.has_consent = (a.flags & RELANCE_ADDR_CONSENT) != 0;
    addressee.is_consumer = (a.flags & RELANCE_ADDR_CONSUMER) != 0;
    addressee.organisation = to_view(a.organisation);
    addressee.given_name = to_view(a.given_name);
    addressee.family_name = to_view(a.family_name);
  }
};

/// The second phase of what ended PREPARED; repeating it does no harm.
struct Commit : Request {
  explicit Commit(const relance_commit &c, const std::atomic<bool> *stopping = nullptr)
      : Request(stopping),
        idempotency_key(to_view(c.idempotency_key)),
        refs(to_views(c.refs, c.ref_count)),
        not_after_ms(c.not_after_ms),
        sender(read_sender(c.sender)) {}
  std::string_view idempotency_key;
  std::vector<std::string_view> refs;
  std::int64_t not_after_ms;  ///< 0: none
  std::optional<Sender>
      sender;  ///< as in the message, by the configuration of now; none: it has none any more
};

/// Drop the draft: nobody will release it.
struct Discard : Request {
  explicit Discard(const relance_discard &d, const std::atomic<bool> *stopping = nullptr)
      : Request(stopping),
        idempotency_key(to_view(d.idempotency_key)),
        refs(to_views(d.refs, d.ref_count)),
        sender(read_sender(d.sender)) {}
  std::string_view idempotency_key;  ///< may be empty
  std::vector<std::string_view> refs;
  std::optional<Sender> sender;  ///< as in Commit
};

/// What became of a send left in doubt?
struct Query : Request {
  explicit Query(const relance_query &q, const std::atomic<bool> *stopping = nullptr)
      : Request(stopping),
        idempotency_key(to_view(q.idempotency_key)),
        refs(to_views(q.refs, q.ref_count)),
        sender(read_sender(q.sender)) {}
  std::string_view idempotency_key;
  std::vector<std::string_view> refs;  ///< none when the provider's answer never came
  std::optional<Sender> sender;        ///< as in Commit
};

/// Take it back, as nothing is owed any more.
struct Recall : Request {
  explicit Recall(const relance_recall &r, const std::atomic<bool> *stopping = nullptr)
      : Request(stopping),
        idempotency_key(to_view(r.idempotency_key)),
        refs(to_views(r.refs, r.ref_count)),
        sender(read_sender(r.sender)) {}
  std::string_view idempotency_key;
  std::vector<std::string_view> refs;
  std::optional<Sender> sender;  ///< as in Commit
};

/// What has come since `cursor`?
struct Poll : Request {
  struct Open {  ///< an attempt whose last receipt has not come
    std::string_view idempotency_key;
    std::vector<std::string_view> refs;
    std::int64_t accepted_at_ms{0};
  };
  explicit Poll(const relance_poll &p, const std::atomic<bool> *stopping = nullptr)
      : Request(stopping), cursor(to_view(p.cursor)), has_more((p.flags & RELANCE_POLL_MORE) != 0) {
    for (std::size_t i{0}; i < p.open_count; ++i) {
      const auto &item = *p.open[i];
      open.push_back(
          {to_view(item.idempotency_key), to_views(item.refs, item.ref_count), item.accepted_at_ms});
    }
  }
  std::string_view cursor;  ///< as the last poll gave it back; empty at first
  std::vector<Open> open;
  bool has_more;  ///< another page of open references follows in a poll of its own
};

/// How a blocking poll() ends. What was found is stored before the cursor is.
struct Polled {
  std::string cursor{};
  std::vector<Inbound> found{};  ///< tokens, cause and a missing time are filled in
  std::string error{};           ///< set: the poll failed, and the cursor stays
  std::int64_t next_poll_ms{0};  ///< from now; 0: the host's default

  static Polled failed(std::string error, std::int64_t next_poll_ms = 0) {
    return {.error = std::move(error), .next_poll_ms = next_poll_ms};
  }
};

}  // namespace relance::sdk
#endif
