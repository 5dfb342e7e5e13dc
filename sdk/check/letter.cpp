#include "sdk/check/letter.hpp"

#include <openssl/sha.h>

#include <cstddef>
#include <cstdio>
#include <cstring>

namespace relance::check {

Letter letter_for(std::string_view channel) {
  Letter letter;
  letter.channel = channel;
  const std::string words{
      "Bonjour, votre facture 2026-0042 de 120,50 \xe2\x82\xac est \xc3\xa9"
      "chue."};
  // The smallest document that readers of PDF open: one empty page.
  const LetterPart page{"letter", "application/pdf", "letter.pdf",
                        "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 "
                        "R]/Count 1>>endobj\n"
                        "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
                        "trailer<</Size 4/Root 1 0 R>>\n%%EOF\n"};
  if (channel == "sms") {
    letter.address = "+33612345678";
    letter.parts = {{"text", "text/plain; charset=utf-8", "", words}};
  } else if (channel == "fax" || channel == "postal") {
    letter.address = channel == "fax" ? "+33123456789" : "";
    letter.parts = {page};
  } else {
    letter.address = "jose.martin@debtor.example";
    letter.parts = {{"text", "text/plain; charset=utf-8", "", words},
                    {"html", "text/html; charset=utf-8", "", "<p>" + words + "</p>"}};
    if (channel == "lre") {  // an electronic registered letter has a text, a document, or both
      letter.parts.push_back(page);
      letter.service = "lre";
      letter.flags |= RELANCE_ADDR_CONSENT;
    }
  }
  letter.postal_lines = {"Jos\xc3\xa9 Mart\xc3\xadn", "12 rue des Lilas", "69003 LYON"};
  return letter;
}

Letter numbered(const Letter &letter, std::uint64_t seed, std::size_t number) {
  Letter one{letter};
  char key[40];
  std::snprintf(key, sizeof key, "rc%016llx%012zx", static_cast<unsigned long long>(seed), number);
  one.idempotency_key = key;
  // Documents stay what they are: a PDF with words behind its end is none.
  for (auto &part : one.parts)
    if (part.media_type.starts_with("text/")) part.bytes += " (" + std::to_string(number) + ")";
  return one;
}

const relance_message *place(const Letter &letter, relance_token token, std::int64_t wall_ms, Age age,
                             Arena &arena) {
  const auto lines = [&](const std::vector<std::string> &from, const char *what) {
    std::vector<relance_str> list;
    for (const auto &line : from) list.push_back(arena.text(line, what));
    return arena.array(list, what);
  };
  relance_addressee addressee{};
  addressee.flags = letter.flags | (age == Age::newer ? 0x7fff0000u : 0);
  addressee.channel = arena.text(letter.channel, "addressee.channel");
  addressee.address = arena.text(letter.address, "addressee.address");
  addressee.name = arena.text(letter.name, "addressee.name");
  addressee.postal_lines = lines(letter.postal_lines, "addressee.postal_lines");
  addressee.postal_line_count = letter.postal_lines.size();
  addressee.country = arena.text(letter.country, "addressee.country");
  addressee.language = arena.text(letter.language, "addressee.language");
  addressee.organisation = arena.text(letter.organisation, "addressee.organisation");
  addressee.given_name = arena.text(letter.given_name, "addressee.given_name");
  addressee.family_name = arena.text(letter.family_name, "addressee.family_name");

  relance_sender sender{};
  sender.name = arena.text(letter.sender_name, "sender.name");
  sender.address = arena.text(letter.sender_address, "sender.address");
  sender.reply_to = arena.text(letter.reply_to, "sender.reply_to");
  sender.postal_lines = lines(letter.sender_lines, "sender.postal_lines");
  sender.postal_line_count = letter.sender_lines.size();
  sender.country = arena.text("FR", "sender.country");

  std::vector<const relance_part *> parts;
  for (const auto &from : letter.parts) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char *>(from.bytes.data()), from.bytes.size(), digest);
    relance_part part{};
    part.role = arena.text(from.role, "part.role");
    part.media_type = arena.text(from.media_type, "part.media_type");
    part.file_name = arena.text(from.file_name, "part.file_name");
    part.bytes = arena.text(from.bytes, "part.bytes");
    part.sha256 = static_cast<std::uint8_t *>(arena.place(digest, sizeof digest, "part.sha256"));
    parts.push_back(place_aged(part, sizeof part, age, arena, "relance_part"));
  }
  std::vector<relance_kv> references;
  for (const auto &[key, value] : letter.references)
    references.push_back({arena.text(key, "message.references"), arena.text(value, "message.references")});

  relance_message message{};
  message.token = token;
  message.idempotency_key = arena.text(letter.idempotency_key, "message.idempotency_key");
  message.addressee =
      place_aged(addressee, sizeof addressee, age, arena, "relance_addressee");
  message.sender = place_aged(sender, sizeof sender, age, arena, "relance_sender");
  message.service = arena.text(letter.service, "message.service");
  message.subject = arena.text(letter.subject, "message.subject");
  message.parts = arena.array(parts, "message.parts");
  message.part_count = parts.size();
  message.references = arena.array(references, "message.references");
  message.reference_count = references.size();
  message.attempt_number = letter.attempt_number;
  message.dated_ms = letter.dated_ms;
  message.not_after_ms = wall_ms + letter.not_after_in_ms;
  message.valid_until_ms = letter.valid_until_ms;
  const auto *placed = place_aged(message, sizeof message, age, arena, "relance_message");
  arena.seal();
  return placed;
}

}  // namespace relance::check
