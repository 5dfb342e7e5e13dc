// The parts of the topic delivery_reports: callbacks over HTTP of e-mail providers and of SMS gateways,
// receipts of message centres, and signatures.
#pragma once

#include "tests/corpus/score.hpp"

namespace relance::corpus {

/// email_webhooks.jsonl by the profiles of plugins/esp.
void score_email_webhooks(const std::filesystem::path &folder, Score &score);
/// webhook_signatures.jsonl by plugins/protocol/gateway, at the time that a sample states (else the one that
/// is signed).
void score_webhook_signatures(const std::filesystem::path &folder, Score &score);
/// postal_webhooks.jsonl by plugins/postal.
void score_postal_webhooks(const std::filesystem::path &folder, Score &score);
/// dlr_http.jsonl: Kannel's by plugins/sms/kannel.
void score_http_reports(const std::filesystem::path &folder, Score &score);
/// dlr_smpp.jsonl and dlr_smpp_pdu.jsonl by plugins/protocol/smpp.
void score_smpp_reports(const std::filesystem::path &folder, Score &score);

}  // namespace relance::corpus
