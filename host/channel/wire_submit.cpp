// The frame that matters most: a batch of messages on its way to a child, read back without copying a letter.
#include "host/channel/wire.hpp"
#include "host/channel/wire_field.hpp"

namespace relance::channel {

std::size_t wire_bytes(const Submission &s) {
  constexpr std::size_t kFixed{256};  // numbers, lengths of the texts that always are there, hashes
  std::size_t bytes{kFixed + s.idempotency_key.size() + s.service.size() + s.subject.size()};
  const auto &a = s.addressee;
  bytes += a.channel.size() + a.address.size() + a.name.size() + a.country.size() + a.language.size();
  bytes += s.sender.name.size() + s.sender.address.size() + s.sender.reply_to.size();
  for (const auto &line : a.postal_lines) bytes += line.size() + kTextBytesMin;
  for (const auto &[key, value] : s.references) bytes += key.size() + value.size() + 2 * kTextBytesMin;
  for (const auto &part : s.parts)
    bytes += part.role.size() + part.media_type.size() + part.file_name.size() +
             (part.bytes ? part.bytes->size() : 0) + sizeof(Sha256) + 4 * kTextBytesMin;
  return bytes;
}

void encode_submit(FrameWriter &w, std::span<const Submission *const> batch) {
  std::size_t parts{0}, lines{0}, references{0};
  for (const auto *s : batch) {
    parts += s->parts.size();
    lines += s->addressee.postal_lines.size();
    references += s->references.size();
  }
  w.begin(FrameType::submit);
  for (const auto total : {batch.size(), parts, lines, references}) w.u32(static_cast<std::uint32_t>(total));
  for (const auto *s : batch) {
    w.u64(s->token);
    w.u32(s->attempt_number);
    for (const auto at : {s->dated, s->not_after, s->valid_until}) w.i64(to_ms(at));
    const auto &a = s->addressee;
    w.u8(a.has_consent ? 1 : 0);
    for (const auto count : {s->parts.size(), a.postal_lines.size(), s->references.size()})
      w.u32(static_cast<std::uint32_t>(count));
    for (const auto *text :
         {&s->idempotency_key, &s->service, &s->subject, &a.channel, &a.address, &a.name, &a.country,
          &a.language, &s->sender.name, &s->sender.address, &s->sender.reply_to})
      w.text(*text);
    for (const auto &part : s->parts) {
      w.text(part.role);
      w.text(part.media_type);
      w.text(part.file_name);
      w.raw(part.sha256.data(), part.sha256.size());
      w.text(part.bytes ? std::string_view(*part.bytes) : std::string_view{});
    }
    for (const auto &line : a.postal_lines) w.text(line);
    for (const auto &[key, value] : s->references) {
      w.text(key);
      w.text(value);
    }
  }
  w.end();
}

namespace {

constexpr std::size_t kMessageBytesMin{8 + 4 + 3 * 8 + 1 + 3 * 4 + 11 * kTextBytesMin};
constexpr std::size_t kPartBytesMin{4 * kTextBytesMin + sizeof(Sha256)};

void read_message(FrameReader &r, MessageArrays &arrays, MessageArrays::Counts &left) {
  const auto token = r.u64();
  const auto attempt_number = r.u32();
  const auto dated_ms = r.i64(), not_after_ms = r.i64(), valid_until_ms = r.i64();
  const auto flags = r.u8() != 0 ? RELANCE_ADDR_CONSENT : 0u;
  const MessageArrays::Counts counts{r.u32(), r.u32(), r.u32()};
  // Above the totals the arrays would move, and the pointers into them dangle.
  if (counts.parts > left.parts || counts.postal_lines > left.postal_lines ||
      counts.references > left.references)
    r.fail();
  if (!r.is_good()) return;
  left.parts -= counts.parts;
  left.postal_lines -= counts.postal_lines;
  left.references -= counts.references;
  const auto slot = arrays.add(counts);
  auto &m = *slot.message;
  auto &a = *slot.addressee;
  m.token = token;
  m.attempt_number = attempt_number;
  m.dated_ms = dated_ms;
  m.not_after_ms = not_after_ms;
  m.valid_until_ms = valid_until_ms;
  a.flags = flags;
  for (auto *text : {&m.idempotency_key, &m.service, &m.subject, &a.channel, &a.address, &a.name, &a.country,
                     &a.language, &slot.sender->name, &slot.sender->address, &slot.sender->reply_to})
    *text = read_str(r);
  for (std::size_t i{0}; i < counts.parts; ++i) {
    auto &part = slot.parts[i];
    part.role = read_str(r);
    part.media_type = read_str(r);
    part.file_name = read_str(r);
    part.sha256 = reinterpret_cast<const std::uint8_t *>(r.raw(sizeof(Sha256)).data());
    part.bytes = read_str(r);
  }
  for (std::size_t i{0}; i < counts.postal_lines; ++i) slot.postal_lines[i] = read_str(r);
  for (std::size_t i{0}; i < counts.references; ++i) {
    slot.references[i].key = read_str(r);
    slot.references[i].value = read_str(r);
  }
}

}  // namespace

bool decode_submit(std::string_view payload, MessageArrays &arrays) {
  FrameReader r(payload);
  const auto messages = r.count(kMessageBytesMin);
  MessageArrays::Counts left{r.u32(), r.u32(), r.u32()};
  if (left.parts > payload.size() / kPartBytesMin || left.postal_lines > payload.size() / kTextBytesMin ||
      left.references > payload.size() / (2 * kTextBytesMin))
    return false;
  arrays.reserve(messages, left.parts, left.postal_lines, left.references);
  for (std::uint32_t i{0}; i < messages && r.is_good(); ++i) read_message(r, arrays, left);
  return r.is_done() && left.parts == 0 && left.postal_lines == 0 && left.references == 0;
}

}  // namespace relance::channel
