// What is wrong with a secret is said without a word of it.
#include "host/config/secret_reader.hpp"

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

namespace relance::config {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSecretBytesMax{64 * 1024};  // a private key with its chain fits

}  // namespace

bool is_secret_reference(const Value &value) {
  if (value.kind != ValueKind::table || value.table.size() != 1 ||
      value.table[0].value.kind != ValueKind::text)
    return false;
  const auto &key = value.table[0].key;
  return key == "file" || key == "env" || key == "credential";
}

std::string SecretReader::read(const Entry &reference) {
  const auto &name = reference.value.text;
  const Position at{document_.file, reference.value.line, reference.value.column};
  if (!draft_.options.reads_secrets) return std::string{kRedacted};
  if (reference.key == "env") {
    const char *value{std::getenv(name.c_str())};
    if (value != nullptr) return value;
    draft_.issues.error(at,
                        "the environment has no variable \"" + name + "\"; set it before the daemon starts");
    return {};
  }
  if (reference.key == "file") {
    const fs::path path{name};
    return from_file(path.is_absolute() ? path : fs::path{document_.file}.parent_path() / path, at);
  }
  const char *folder{std::getenv("CREDENTIALS_DIRECTORY")};
  if (name.empty() || name.find('/') != std::string::npos || name == "..") {
    draft_.issues.error(
        at, '"' + name + "\" cannot be the name of a credential; it is a file name without folders");
  } else if (folder == nullptr) {
    return without_systemd(name, at);
  } else {
    return from_file(fs::path{folder} / name, at);
  }
  return {};
}

Secret SecretReader::read(Section &section, std::string_view key) {
  const auto *value = section.find(key);
  if (value == nullptr) return {};
  if (is_secret_reference(*value)) return Secret{read(value->table[0])};
  if (value->kind == ValueKind::text && draft_.configuration.allows_literal_secrets)
    return Secret{value->text};
  draft_.issues.error(section.at(*value),
                      '"' + std::string{key} + "\" is a secret; write " + std::string{key} +
                          " = { file = \"…\" }, { env = \"…\" } or { credential = \"…\" }");
  return {};
}

std::string SecretReader::without_systemd(const std::string &name, const Position &at) {
  auto words = "systemd gives the credential \"" + name + "\" to its service only (LoadCredential=" + name +
               ":FILE in the unit); by hand, put it into a file of this name and set "
               "CREDENTIALS_DIRECTORY to its folder";
  if (!draft_.options.is_by_hand) {
    draft_.issues.error(at, std::move(words));
    return {};
  }
  draft_.issues.warning(at, "not looked at: " + words);
  return std::string{kRedacted};
}

std::string SecretReader::from_file(const fs::path &path, const Position &at) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    draft_.issues.error(
        at, "there is no file " + path.string() + "; create it, readable by the daemon's user only");
    return {};
  }
  if ((status.st_mode & S_IROTH) != 0)
    draft_.issues.warning(at, path.string() + " can be read by everyone on this machine; chmod o-r it");
  std::ifstream in{path, std::ios::binary};
  std::string secret(kSecretBytesMax + 1, '\0');
  in.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  secret.resize(static_cast<std::size_t>(in.gcount()));
  if (secret.size() > kSecretBytesMax) {
    draft_.issues.error(at, path.string() + " has more than 65536 bytes; this is no secret");
    return {};
  }
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) draft_.issues.error(at, path.string() + " is empty or cannot be read by this user");
  return secret;
}

}  // namespace relance::config
