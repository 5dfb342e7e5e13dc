// Documents first, what they mean next, who vouches for them last: each part is covered by the one after it.
#include "host/evidence/export.hpp"

#include "host/evidence/container.hpp"
#include "host/evidence/dossier.hpp"
#include "host/evidence/entry_names.hpp"
#include "host/evidence/manifest.hpp"

#include <boost/json.hpp>

namespace relance::evidence {
namespace json = boost::json;
namespace {

class Exporter {
 public:
  Exporter(store::Reader &reader, const ExportOrder &order, int file)
      : reader_{reader}, order_{order}, container_{file} {}

  Result<Exported> run();

 private:
  Result<void> add(std::string_view name, std::string_view media_type, std::string_view bytes);
  Result<void> add_documents(const store::InvoiceEvidence &evidence);
  Result<void> add_facts(const store::InvoiceEvidence &evidence);
  /// about.json, the manifest, and the signature with its time-stamp.
  Result<void> vouch(bool is_stamped, const std::string &why_not);
  Result<std::string> signature_over(std::string_view manifest, bool is_stamped);

  store::Reader &reader_;
  const ExportOrder &order_;
  const Instant now_{WallClock{}.now()};
  ContainerWriter container_;
  std::vector<DataObject> objects_;
};

Result<void> Exporter::add(std::string_view name, std::string_view media_type, std::string_view bytes) {
  objects_.push_back({std::string{name}, clean_media_type(media_type), sha256(bytes)});
  return container_.add(name, bytes);
}

Result<void> Exporter::add_documents(const store::InvoiceEvidence &evidence) {
  for (const auto &file : evidence.files) {
    const auto bytes = reader_.evidence_bytes(order_.creditor, file);
    if (!bytes) return bytes.error();
    if (sha256(*bytes) != file.hash)
      return internal("the document " + to_hex(file.hash) +
                      " is not the one that was stored: restore it from a backup");
    if (auto added = add(entry_name(file), file.media_type, *bytes); !added) return added;
  }
  return {};
}

Result<void> Exporter::add_facts(const store::InvoiceEvidence &evidence) {
  const Sender creditor{order_.creditor_code, order_.creditor_name};
  if (auto added = add(kJournalName, "application/json", journal_json(evidence)); !added) return added;
  if (evidence.seal && !evidence.seal->token.empty())
    if (auto added = add(kSealTokenName, "application/vnd.etsi.timestamp-token", evidence.seal->token);
        !added)
      return added;
  if (auto added = add(kSummaryName, "application/json", summary_json(evidence, creditor)); !added)
    return added;
  return add(kPageName, "text/html; charset=utf-8", page_html(evidence, creditor, now_));
}

Result<std::string> Exporter::signature_over(std::string_view manifest, bool is_stamped) {
  auto signature = order_.signer->sign(manifest);
  if (!signature || !is_stamped) return signature;
  const auto message = SignedMessage::read(*signature, manifest);
  if (!message) return message.error();
  const auto token = order_.stamp(sha256(message->signature()));
  if (!token) return token.error();
  return with_token(*signature, *token);
}

Result<void> Exporter::vouch(bool is_stamped, const std::string &why_not) {
  json::array certificates;
  if (order_.signer != nullptr)
    for (const auto &hash : order_.signer->certificates()) certificates.emplace_back(to_hex(hash));
  json::object about{
      {"format", kFormat},
      {"program", order_.program},
      {"creditor", order_.creditor_code},
      {"invoice", order_.invoice},
      {"made_at", format_instant(now_)},
      {"signed_by", order_.signer != nullptr ? json::value(order_.signer->name()) : json::value(nullptr)},
      {"certificates", std::move(certificates)},
      {"time_stamped", is_stamped}};
  if (!why_not.empty()) about["why_not_time_stamped"] = why_not;
  if (auto added = add(kAboutName, "application/json", json::serialize(about)); !added) return added;
  const bool is_signed{order_.signer != nullptr};
  const auto manifest = write_manifest(objects_, is_signed);
  if (auto added = container_.add(is_signed ? kManifestName : kUnsignedManifestName, manifest); !added)
    return added;
  if (!is_signed) return {};
  const auto signature = signature_over(manifest, is_stamped);
  if (!signature) return signature.error();
  return container_.add(kSignatureName, *signature);
}

Result<Exported> Exporter::run() {
  const auto evidence = reader_.evidence_of(order_.creditor, order_.invoice);
  if (!evidence) return evidence.error();
  Exported exported;
  exported.is_signed = order_.signer != nullptr;
  exported.is_stamped = exported.is_signed && order_.stamp;
  exported.files = evidence->files.size();
  if (exported.is_signed)
    if (auto added = container_.add("mimetype", kContainerType); !added) return added.error();
  if (auto added = add_documents(*evidence); !added) return added.error();
  if (auto added = add_facts(*evidence); !added) return added.error();
  const auto mark = container_.mark();
  const auto objects = objects_.size();
  auto vouched = vouch(exported.is_stamped, {});
  if (!vouched && exported.is_stamped && order_.goes_on_without_stamp &&
      vouched.error().kind == ErrorKind::unavailable) {
    exported.is_stamped = false;
    exported.warning = vouched.error().message;
    if (auto cut = container_.back_to(mark); !cut) return cut.error();
    objects_.resize(objects);
    vouched = vouch(false, exported.warning);
  }
  if (!vouched) return vouched.error();
  const auto bytes = container_.finish();
  if (!bytes) return bytes.error();
  exported.bytes = *bytes;
  return exported;
}

}  // namespace

Result<Exported> export_invoice(store::Reader &reader, const ExportOrder &order, int file) {
  return Exporter{reader, order, file}.run();
}

}  // namespace relance::evidence
