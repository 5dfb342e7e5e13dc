// [evidence]: the creditor's signature and the time-stamping authority of exported evidence. Whether the key
// fits its certificate is found when it is used: this floor knows no cryptography.
#include "host/config/draft.hpp"
#include "host/config/secret_reader.hpp"

#include <array>

namespace relance::config {

namespace {

namespace fs = std::filesystem;

fs::path file_from(Section &section, std::string_view key, const fs::path &base) {
  const auto text = section.text(key);
  if (text.empty()) return {};
  const fs::path path{(fs::path{text}.is_absolute() ? fs::path{text} : base / text).lexically_normal()};
  std::error_code error;
  if (!fs::is_regular_file(path, error))
    section.issues().error(section.at(key), "there is no file " + path.string());
  return path;
}

void check_key(Section &table, const Evidence &evidence) {
  auto &issues = table.issues();
  if (!evidence.pkcs12.empty() && (!evidence.certificate.empty() || !evidence.key.empty()))
    issues.error(table.at("pkcs12"), "pkcs12 holds certificate and key: leave out the other two");
  if (evidence.certificate.empty() != evidence.key.empty())
    issues.error(table.at(), "certificate and key go together; name both, or a pkcs12 file");
  if (!evidence.tsa.empty() && evidence.certificate.empty() && evidence.pkcs12.empty())
    issues.error(table.at("tsa"),
                 "only what is signed is time-stamped; name certificate and key, or a pkcs12 file");
}

void check_authority(Section &table, const Evidence &evidence) {
  auto &issues = table.issues();
  const bool is_url{evidence.tsa.starts_with("http://") || evidence.tsa.starts_with("https://")};
  if (!evidence.tsa.empty() && (!is_url || evidence.tsa.find_first_of(" @\t") != std::string::npos))
    issues.error(table.at("tsa"), "this is no authority; write \"http://tsa.example.com/tsr\" (or https://)");
  if (!evidence.tsa.empty() && evidence.tsa_ca.empty())
    issues.error(table.at("tsa"),
                 "say with tsa_ca = \"….pem\" in the name of which certificate it is believed");
  if (evidence.tsa.empty() && (!evidence.tsa_ca.empty() || !evidence.tsa_crl.empty()))
    issues.error(table.at(), "tsa_ca and tsa_crl belong to tsa = \"http://…\"");
}

}  // namespace

void read_evidence(Draft &draft, const Document &document, Section &root) {
  auto table = root.table("evidence");
  if (!table) return;
  static constexpr std::array<std::string_view, 2> kWithoutTsa{"refuse", "go_on"};
  auto &evidence = draft.configuration.evidence;
  const auto base = draft.configuration.file.parent_path();
  SecretReader secrets{draft, document};
  evidence.certificate = file_from(*table, "certificate", base);
  evidence.key = secrets.read(*table, "key");
  evidence.pkcs12 = file_from(*table, "pkcs12", base);
  evidence.password = secrets.read(*table, "password");
  evidence.tsa = table->text("tsa");
  evidence.tsa_ca = file_from(*table, "tsa_ca", base);
  evidence.tsa_crl = file_from(*table, "tsa_crl", base);
  evidence.tsa_timeout =
      table->duration("tsa_timeout", evidence.tsa_timeout, Milliseconds{100}, std::chrono::minutes{5});
  evidence.goes_on_without_tsa = table->choice("without_tsa", 0, kWithoutTsa) == 1;
  check_key(*table, evidence);
  check_authority(*table, evidence);
  table->finish();
}

}  // namespace relance::config
