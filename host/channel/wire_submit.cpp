// The frame that matters most: a batch of messages on its way to a child, read back without copying a letter.
#include "host/channel/sealed_bytes.hpp"
#include "host/channel/wire.hpp"
#include "host/channel/wire_field.hpp"

namespace relance::channel {
namespace {

void write_counts(FrameWriter &w, const MessageArrays::Counts &counts) {
  for (const auto count : {counts.parts, counts.postal_lines, counts.references, counts.sender_lines})
    w.u32(static_cast<std::uint32_t>(count));
}

}  // namespace

bool is_sealed_part(const Part &part) {
  return part.bytes && part.bytes->size() >= kSealedBytesMin;
}

std::size_t wire_bytes(const Submission &s) {
  constexpr std::size_t kFixed{256};  // numbers, lengths of the texts that always are there, hashes
  std::size_t bytes{kFixed + s.idempotency_key.size() + s.service.size() + s.subject.size()};
  const auto &a = s.addressee;
  bytes += a.channel.size() + a.address.size() + a.name.size() + a.country.size() + a.language.size();
  bytes += s.sender.name.size() + s.sender.address.size() + s.sender.reply_to.size();
  bytes += a.organisation.size() + a.given_name.size() + a.family_name.size() + s.sender.country.size();
  for (const auto *lines : {&a.postal_lines, &s.sender.postal_lines})
    for (const auto &line : *lines) bytes += line.size() + kTextBytesMin;
  for (const auto &[key, value] : s.references) bytes += key.size() + value.size() + 2 * kTextBytesMin;
  for (const auto &part : s.parts)
    bytes += part.role.size() + part.media_type.size() + part.file_name.size() +
             (part.bytes && !is_sealed_part(part) ? part.bytes->size() : 0) + sizeof(Sha256) +
             4 * kTextBytesMin;
  return bytes;
}

void encode_submit(FrameWriter &w, std::span<Outgoing> batch, FrameType type) {
  MessageArrays::Counts totals;
  std::vector<Descriptor> files;
  for (auto &outgoing : batch) {
    std::ranges::move(outgoing.sealed, std::back_inserter(files));
    const auto counts = counts_of(*outgoing.message);
    totals.parts += counts.parts;
    totals.postal_lines += counts.postal_lines;
    totals.references += counts.references;
    totals.sender_lines += counts.sender_lines;
  }
  w.attach(std::move(files));
  w.begin(type);
  w.u32(static_cast<std::uint32_t>(batch.size()));
  write_counts(w, totals);
  for (const auto &outgoing : batch) {
    const auto *const s = outgoing.message;
    w.u64(s->token);
    w.u32(s->attempt_number);
    w.u8(static_cast<std::uint8_t>(message_flags(*s)));
    for (const auto at : {s->dated, s->not_after, s->valid_until}) w.i64(to_ms(at));
    const auto &a = s->addressee;
    w.u8(static_cast<std::uint8_t>(address_flags(a)));
    write_counts(w, counts_of(*s));
    for (const auto *text : {&s->idempotency_key, &s->service, &s->subject, &a.channel, &a.address, &a.name,
                             &a.country, &a.language, &a.organisation, &a.given_name, &a.family_name,
                             &s->sender.name, &s->sender.address, &s->sender.reply_to, &s->sender.country})
      w.text(*text);
    for (const auto &part : s->parts) {
      w.text(part.role);
      w.text(part.media_type);
      w.text(part.file_name);
      w.raw(part.sha256.data(), part.sha256.size());
      w.u8(is_sealed_part(part) ? 1 : 0);
      if (is_sealed_part(part)) {
        w.u64(part.bytes->size());
      } else {
        w.text(part.bytes ? std::string_view(*part.bytes) : std::string_view{});
      }
    }
    for (const auto &line : a.postal_lines) w.text(line);
    for (const auto &line : s->sender.postal_lines) w.text(line);
    for (const auto &[key, value] : s->references) {
      w.text(key);
      w.text(value);
    }
  }
  w.end();
}

namespace {

constexpr std::size_t kMessageBytesMin{8 + 4 + 1 + 3 * 8 + 1 + 4 * 4 + 15 * kTextBytesMin};
constexpr std::size_t kPartBytesMin{4 * kTextBytesMin + 1 + sizeof(Sha256)};

MessageArrays::Counts read_counts(FrameReader &r) {
  MessageArrays::Counts counts;
  for (auto *count : {&counts.parts, &counts.postal_lines, &counts.references, &counts.sender_lines})
    *count = r.u32();
  return counts;
}

relance_str read_sealed(FrameReader &r, const TakeSealed &take_sealed) {
  const auto size = r.u64();
  const auto bytes = r.is_good() ? take_sealed(size) : std::nullopt;
  if (!bytes) r.fail();
  return to_str(bytes.value_or(std::string_view{}));
}

void read_message(FrameReader &r, MessageArrays &arrays, MessageArrays::Counts &left,
                  const TakeSealed &take_sealed) {
  const auto token = r.u64();
  const auto attempt_number = r.u32();
  const std::uint32_t wishes{r.u8()};
  const auto dated_ms = r.i64(), not_after_ms = r.i64(), valid_until_ms = r.i64();
  const std::uint32_t flags{r.u8()};
  const auto counts = read_counts(r);
  // Above the totals the arrays would move, and the pointers into them dangle.
  if (counts.parts > left.parts || counts.postal_lines > left.postal_lines ||
      counts.references > left.references || counts.sender_lines > left.sender_lines)
    r.fail();
  if (!r.is_good()) return;
  left.parts -= counts.parts;
  left.postal_lines -= counts.postal_lines;
  left.references -= counts.references;
  left.sender_lines -= counts.sender_lines;
  const auto slot = arrays.add(counts);
  auto &m = *slot.message;
  auto &a = *slot.addressee;
  m.token = token;
  m.attempt_number = attempt_number;
  m.flags = wishes;
  m.dated_ms = dated_ms;
  m.not_after_ms = not_after_ms;
  m.valid_until_ms = valid_until_ms;
  a.flags = flags;
  for (auto *text : {&m.idempotency_key, &m.service, &m.subject, &a.channel, &a.address, &a.name, &a.country,
                     &a.language, &a.organisation, &a.given_name, &a.family_name, &slot.sender->name,
                     &slot.sender->address, &slot.sender->reply_to, &slot.sender->country})
    *text = read_str(r);
  for (std::size_t i{0}; i < counts.parts; ++i) {
    auto &part = slot.parts[i];
    part.role = read_str(r);
    part.media_type = read_str(r);
    part.file_name = read_str(r);
    part.sha256 = reinterpret_cast<const std::uint8_t *>(r.raw(sizeof(Sha256)).data());
    part.bytes = r.u8() == 0 ? read_str(r) : read_sealed(r, take_sealed);
  }
  for (std::size_t i{0}; i < counts.postal_lines; ++i) slot.postal_lines[i] = read_str(r);
  for (std::size_t i{0}; i < counts.sender_lines; ++i) slot.sender_lines[i] = read_str(r);
  for (std::size_t i{0}; i < counts.references; ++i) {
    slot.references[i].key = read_str(r);
    slot.references[i].value = read_str(r);
  }
}

}  // namespace

bool decode_submit(std::string_view payload, MessageArrays &arrays, const TakeSealed &take_sealed) {
  FrameReader r(payload);
  const auto messages = r.count(kMessageBytesMin);
  auto left = read_counts(r);
  if (left.parts > payload.size() / kPartBytesMin || left.postal_lines > payload.size() / kTextBytesMin ||
      left.sender_lines > payload.size() / kTextBytesMin ||
      left.references > payload.size() / (2 * kTextBytesMin))
    return false;
  arrays.reserve(messages, left);
  for (std::uint32_t i{0}; i < messages && r.is_good(); ++i) read_message(r, arrays, left, take_sealed);
  return r.is_done() && left.parts == 0 && left.postal_lines == 0 && left.references == 0 &&
         left.sender_lines == 0;
}

}  // namespace relance::channel
