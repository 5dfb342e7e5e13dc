// Boost.JSON throws on what is not there; all of it ends as one refusal.
#include "host/evidence/journal_check.hpp"

#include "host/domain/journal_chain.hpp"
#include "host/evidence/base64.hpp"

#include <boost/json.hpp>

namespace relance::evidence {
namespace json = boost::json;
namespace {

Sha256 hash_at(const json::object &object, std::string_view name) {
  const auto &text = object.at(name).as_string();
  const auto hash = sha256_from_hex({text.data(), text.size()});
  if (!hash) throw std::invalid_argument{"a hash that is none"};
  return *hash;
}

std::string text_at(const json::object &object, std::string_view name) {
  const auto &text = object.at(name).as_string();
  return {text.data(), text.size()};
}

/// Hashes with spaces between them.
std::vector<Sha256> hashes_in(std::string_view text) {
  std::vector<Sha256> hashes;
  while (!text.empty()) {
    const auto one = text.substr(0, text.find(' '));
    if (const auto hash = sha256_from_hex(one)) hashes.push_back(*hash);
    text.remove_prefix(std::min(one.size() + 1, text.size()));
  }
  return hashes;
}

void read_claims(const json::object &entry, const std::string &payload, JournalClaims &claims) {
  const auto kind = text_at(entry, "kind");
  const bool is_intent{kind == "intent" || kind == "intent_again"};
  if (!is_intent && kind != "receipt") return;
  json::error_code failed;
  const auto value = json::parse(payload, failed);
  if (failed || !value.is_object()) return;
  const auto &said = value.get_object();
  if (is_intent && said.contains("parts"))
    claims.sent[said.at("attempt").to_number<std::int64_t>()] = hashes_in(text_at(said, "parts"));
  if (is_intent || !said.contains("raw")) return;
  auto &events = claims.came[hash_at(said, "raw")];
  if (said.contains("event")) events.insert(hash_at(said, "event"));
}

/// Payloads that are no UTF-8 stand there as base64.
std::optional<std::string> payload_of(const json::object &entry) {
  if (entry.contains("payload")) return text_at(entry, "payload");
  if (!entry.contains("payload_base64")) return std::nullopt;
  return from_base64(text_at(entry, "payload_base64"));
}

class Walk {
 public:
  explicit Walk(const json::object &journal)
      : journal_{journal},
        creditor_{journal.at("creditor").to_number<CreditorId>()},
        case_id_{journal.at("case").to_number<CaseId>()} {}

  Result<JournalClaims> run() {
    const auto *seal = journal_.at("seal").if_object();
    const auto sealed_entry = seal == nullptr ? 0 : seal->at("head_entry").to_number<std::int64_t>();
    std::optional<Sha256> sealed_head;
    for (const auto &value : journal_.at("entries").as_array()) {
      if (auto checked = check_entry(value.as_object()); !checked) return checked.error();
      if (previous_ == sealed_entry) sealed_head = hash_;
    }
    if (seal != nullptr)
      if (auto checked = check_seal(*seal, sealed_head); !checked) return checked.error();
    return std::move(claims_);
  }

 private:
  using CreditorId = domain::CreditorId;
  using CaseId = domain::CaseId;

  Result<void> check_entry(const json::object &entry) {
    const auto id = entry.at("id").to_number<std::int64_t>();
    const auto label = "entry " + std::to_string(id);
    if (entry.at("previous").to_number<std::int64_t>() != previous_)
      return invalid(label + " does not follow entry " + std::to_string(previous_));
    const auto payload_hash = hash_at(entry, "payload_hash");
    const auto at_ms = entry.at("at_ms").to_number<std::int64_t>();
    hash_ = domain::journal_entry_hash(hash_, id, creditor_, case_id_, at_ms, text_at(entry, "kind"),
                                       payload_hash);
    if (hash_ != hash_at(entry, "hash")) return invalid(label + ": its hash is another");
    if (text_at(entry, "at") != format_instant(from_ms(at_ms))) return invalid(label + " states two times");
    previous_ = id;
    ++claims_.entries;
    claims_.has_retention = claims_.has_retention || text_at(entry, "kind") == "retention";
    const auto payload = payload_of(entry);
    if (!payload) {
      ++claims_.erased;
      return {};
    }
    if (domain::journal_payload_hash(text_at(entry, "salt"), *payload) != payload_hash)
      return invalid(label + " says something else than was journaled");
    read_claims(entry, *payload, claims_);
    return {};
  }

  Result<void> check_seal(const json::object &seal, const std::optional<Sha256> &head) {
    if (!head) return invalid("the sealed entry is not in the journal");
    std::vector<domain::MerkleStep> path;
    for (const auto &value : seal.at("path").as_array()) {
      const auto &step = value.as_object();
      path.push_back({hash_at(step, "sibling"), text_at(step, "side") == "left"});
    }
    const auto root = hash_at(seal, "root");
    if (domain::merkle_climb(case_id_, *head, path) != root)
      return invalid("the journal does not lead to the root of its sealed day");
    claims_.seal = JournalClaims::Seal{text_at(seal, "day"), root, seal.at("token").is_string()};
    return {};
  }

  const json::object &journal_;
  const CreditorId creditor_;
  const CaseId case_id_;
  std::int64_t previous_{0};
  Sha256 hash_{};
  JournalClaims claims_;
};

}  // namespace

Result<JournalClaims> check_journal(std::string_view text) {
  try {
    const auto value = json::parse(text);
    return Walk{value.as_object()}.run();
  } catch (const std::exception &fault) {
    return invalid(std::string{"it cannot be read: "} + fault.what());
  }
}

}  // namespace relance::evidence
