// What comes from a plugin by pointer is looked at before it is believed, and copied, as it dies with the
// call.
#include "sdk/check/handed_over.hpp"

#include "sdk/check/verdict.hpp"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <ctime>

namespace relance::check {

std::string copy(relance_str text, const char *where) {
  if (text.len == 0) return {};
  if (text.data == nullptr || text.len > kTextMax) {
    finding(std::string(where) + " has the length " + std::to_string(text.len) +
                (text.data == nullptr ? " and the data pointer NULL" : ", which is more than 32 MiB"),
            "fill each relance_str wholly: {data, length}; start from a struct set to zero", "R1");
    return {};
  }
  return {text.data, text.len};
}

std::string copy_text(relance_str text, const char *where) {
  auto copied = copy(text, where);
  if (!is_utf8(copied))
    finding(std::string(where) + " is not UTF-8: " + copied.substr(0, 60),
            "what the provider said in another encoding is converted, or its odd bytes replaced, before the "
            "host gets it",
            "relance_str");
  return copied;
}

bool has_size(std::uint32_t size, std::size_t least, const char *name) {
  if (size >= least && size < least + 65'536) return true;
  finding(std::string(name) + ".size is " + std::to_string(size) + ", at least " + std::to_string(least) +
              " was expected",
          std::string("store sizeof(") + name +
              ") in its `size`: set the struct to zero, then its fields by name",
          "R1");
  return false;
}

void is_zero(std::uint32_t field, const char *name) {
  if (field != 0)
    finding(std::string(name) + " is " + std::to_string(field),
            "set the struct to zero, then its fields by name: a later release may give this one a meaning",
            "R1");
}

namespace {

const char *operation_names[]{"submit", "commit", "query", "recall", "parse", "poll", "fetch", "discard"};

std::string written_out(const relance_price *price) {
  if (price == nullptr) return "-";
  return std::to_string(price->micro_units) + " " + copy_text(price->currency, "relance_price.currency");
}

void judge_receipt(const relance_receipt &receipt) {
  if (receipt.ref.len == 0 && receipt.idempotency_key.len == 0)
    finding("a receipt has neither ref nor idempotency_key",
            "give the receipt what the provider names the message by; without one nobody knows whose receipt "
            "it is",
            "relance_receipt.ref");
  if (receipt.part_index != 0 && receipt.part_index >= receipt.part_count)
    finding("a receipt is of part " + std::to_string(receipt.part_index) + " of " +
                std::to_string(receipt.part_count),
            "part_index counts from 0 and stays below part_count; 0 of 1 where a message is one piece",
            "relance_receipt.part_index");
}

}  // namespace

const char *name_of(Operation operation) {
  return operation_names[static_cast<int>(operation)];
}

std::string name_of_outcome(std::uint32_t outcome) {
  static const char *const names[]{"0",        "ACCEPTED", "DELIVERED", "REJECTED",
                                   "NOT_SENT", "PREPARED", "NOT_FOUND", "UNKNOWN"};
  return outcome >= 1 && outcome <= 7 ? names[outcome] : "the unknown value " + std::to_string(outcome);
}

std::string meaning_of(const relance_parsed &parsed) {
  std::string all;
  const auto add = [&](std::string_view text) { all.append(text).append("\x1f"); };
  for (std::size_t i{0}; i < parsed.receipt_count; ++i) {
    const auto *receipt = parsed.receipts[i];
    if (!has_size(receipt->size, sizeof *receipt, "relance_receipt")) continue;
    judge_receipt(*receipt);
    add("receipt"), add(std::to_string(receipt->kind)), add(copy(receipt->ref, "relance_receipt.ref"));
    add(copy_text(receipt->idempotency_key, "relance_receipt.idempotency_key"));
    add(std::to_string(receipt->part_index)), add(std::to_string(receipt->part_count));
    add(std::to_string(receipt->flags)), add(std::to_string(receipt->failure));
    add(copy_text(receipt->code, "relance_receipt.code")),
        add(copy_text(receipt->text, "relance_receipt.text"));
    add(std::to_string(receipt->provider_time_ms)), add(written_out(receipt->price));
    for (std::size_t e{0}; e < receipt->evidence_count; ++e) {
      const auto *evidence = receipt->evidence[e];
      if (!has_size(evidence->size, sizeof(relance_evidence), "relance_evidence")) continue;
      is_zero(evidence->zero, "relance_evidence.zero");
      add(copy_text(evidence->media_type, "relance_evidence.media_type"));
      add(copy(evidence->bytes, "relance_evidence.bytes"));
      add(copy(evidence->reference, "relance_evidence.reference"));
    }
  }
  for (std::size_t i{0}; i < parsed.reply_count; ++i) {
    const auto *reply = parsed.replies[i];
    if (!has_size(reply->size, sizeof *reply, "relance_reply")) continue;
    is_zero(reply->zero, "relance_reply.zero");
    add("reply"), add(std::to_string(reply->kind)), add(copy_text(reply->from, "relance_reply.from"));
    add(copy_text(reply->to, "relance_reply.to")), add(copy_text(reply->subject, "relance_reply.subject"));
    add(copy_text(reply->text, "relance_reply.text")), add(copy(reply->ref, "relance_reply.ref"));
  }
  return all;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i{0}; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length{byte < 0x80                   ? 1u
                             : byte >= 0xc2 && byte < 0xe0 ? 2u
                             : byte >= 0xe0 && byte < 0xf0 ? 3u
                             : byte >= 0xf0 && byte < 0xf5 ? 4u
                                                           : 0u};
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k{1}; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    if (length == 3 && byte == 0xed && static_cast<unsigned char>(text[i + 1]) >= 0xa0) return false;
    i += length;
  }
  return true;
}

}  // namespace relance::check
