// An invoice's evidence: its list, its documents, and all of it as one container. The container is made in a
// file without a name first, so that whatever fails, an authority that is away too, is an answer and not half
// a file.
#include "host/api/handlers.hpp"
#include "host/api/json_text.hpp"
#include "host/base/log.hpp"
#include "host/engine/authority_settings.hpp"
#include "host/evidence/container.hpp"
#include "host/evidence/export.hpp"

#include <boost/json.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace relance::api {
namespace json = boost::json;
namespace {

constexpr std::size_t kPieceBytes{64 * 1024};

class ScratchFile {
 public:
  static Result<ScratchFile> open(const std::filesystem::path &folder) {
    const int file{::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (file < 0)
      return unavailable("no file can be made in " + folder.string() +
                         " for the export: " + std::strerror(errno));
    return ScratchFile{file};
  }
  ScratchFile(ScratchFile &&other) noexcept : file_{std::exchange(other.file_, -1)} {}
  ScratchFile &operator=(ScratchFile &&) = delete;
  ~ScratchFile() {
    if (file_ >= 0) ::close(file_);
  }
  [[nodiscard]] int get() const { return file_; }

 private:
  explicit ScratchFile(int file) : file_{file} {}
  int file_;
};

Result<evidence::Signer> open_signer(const config::Evidence &settings) {
  if (settings.certificate.empty() && settings.pkcs12.empty())
    return conflict(
        "nobody is configured to sign evidence: set certificate and key under [evidence] in relanced.toml, "
        "or ask for an"
        " unsigned container (--unsigned), which proves only that it is whole");
  auto certificate = engine::read_pem(settings.certificate);
  if (!certificate) return certificate.error();
  auto pkcs12 = engine::read_pem(settings.pkcs12);
  if (!pkcs12) return pkcs12.error();
  auto signer = evidence::Signer::open(
      {std::move(*certificate), settings.key.reveal(), std::move(*pkcs12), settings.password.reveal()},
      WallClock{}.now());
  if (!signer) return conflict("evidence cannot be signed: " + signer.error().message);
  return signer;
}

/// What everything here begins with.
struct EvidenceAsked {
  std::string code;
  store::CreditorId creditor{0};
  std::unique_ptr<store::Reader> reader;
};
Result<EvidenceAsked> read_request(Context &context, const Request &request) {
  const auto code = context.creditor_code(request);
  if (!code) return code.error();
  const auto creditor = context.creditor(request);
  if (!creditor) return creditor.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  return EvidenceAsked{*code, *creditor, std::move(*reader)};
}

Result<std::string> invoice_of(const Request &request) {
  std::string number{request.asked("invoice")};
  if (number.empty()) return invalid("say which invoice", "invoice");
  return number;
}

Result<void> send_file(int file, Exchange &exchange) {
  std::string piece(kPieceBytes, '\0');
  for (off_t at{0};;) {
    const auto got = ::pread(file, piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return internal(std::string{"the exported file cannot be read again: "} + std::strerror(errno));
    if (got == 0 || !exchange.write_bytes({piece.data(), static_cast<std::size_t>(got)})) return {};
    at += got;
  }
}

}  // namespace

Result<Response> list_evidence(Context &context, const Request &request) {
  const auto invoice = invoice_of(request);
  if (!invoice) return invoice.error();
  const auto asked = read_request(context, request);
  if (!asked) return asked.error();
  const auto found = asked->reader->evidence_of(asked->creditor, *invoice);
  if (!found) return found.error();
  json::array files;
  for (const auto &file : found->files)
    files.push_back(json::object{{"sha256", to_hex(file.hash)},
                                 {"origin", name_of(file.origin)},
                                 {"media_type", file.media_type},
                                 {"file_name", file.file_name},
                                 {"bytes", file.bytes}});
  return json_answer(
      {{"invoice", found->number},
       {"debtor", found->debtor_code},
       {"erased", found->is_erased},
       {"reminders", found->reminders.size()},
       {"journal_entries", found->entries.size()},
       {"sealed_day", found->seal ? json::value_from(format_date(found->seal->day)) : json::value(nullptr)},
       {"files", std::move(files)}});
}

Result<Response> show_evidence(Context &context, const Request &request) {
  const auto hash = sha256_from_hex(request.parameter("hash"));
  if (!hash) return invalid("64 hexadecimal characters are expected: see `relancectl evidence list`", "hash");
  const auto asked = read_request(context, request);
  if (!asked) return asked.error();
  const auto file = asked->reader->evidence_file(asked->creditor, *hash);
  if (!file) return file.error();
  auto bytes = asked->reader->evidence_bytes(asked->creditor, *file);
  if (!bytes) return bytes.error();
  return Response{200, "application/octet-stream", std::move(*bytes), {}};
}

Result<void> export_evidence(Context &context, const Request &request, Exchange &exchange) {
  const auto invoice = invoice_of(request);
  if (!invoice) return invoice.error();
  const auto is_unsigned = flag_of(request, "unsigned");
  if (!is_unsigned) return is_unsigned.error();
  const auto asked = read_request(context, request);
  if (!asked) return asked.error();
  const auto configuration = context.engine.configuration();
  const auto &settings = configuration->evidence;
  evidence::ExportOrder order{asked->creditor, asked->code, configuration->creditor(asked->code)->name,
                              *invoice, "relanced " + context.program.version};
  std::optional<evidence::Signer> signer;
  if (!*is_unsigned) {
    auto opened = open_signer(settings);
    if (!opened) return opened.error();
    signer.emplace(std::move(*opened));
    order.signer = &*signer;
  }
  if (signer && !settings.tsa.empty()) {
    auto authority = engine::authority_of(*configuration);
    if (!authority) return authority.error();
    order.stamp = [authority = std::move(*authority)](const Sha256 &imprint) {
      return evidence::ask_authority(authority, imprint);
    };
    order.goes_on_without_stamp = settings.goes_on_without_tsa;
  }
  const auto file = ScratchFile::open(configuration->state_folder);
  if (!file) return file.error();
  const auto exported = evidence::export_invoice(*asked->reader, order, file->get());
  if (!exported) return exported.error();
  log::event(log::Id::EVIDENCE_EXPORTED, {{"invoice", *invoice},
                                          {"by", request.by},
                                          {"signed", exported->is_signed},
                                          {"time_stamped", exported->is_stamped}});
  NamedValues headers{{"Relance-Evidence", std::string{exported->is_signed ? "signed" : "unsigned"} +
                                               (exported->is_stamped ? ", time-stamped" : "")}};
  if (!exported->warning.empty()) {
    log::event(log::Id::EVIDENCE_NOT_STAMPED, {{"invoice", *invoice}, {"why", exported->warning}});
    headers.emplace_back("Relance-Warning", exported->warning);
  }
  exchange.write_head(evidence::kContainerType, headers);
  return send_file(file->get(), exchange);
}

}  // namespace relance::api
