#include "tests/protocol/dkim_verdicts.hpp"

#include "tests/test_folders.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <unistd.h>

namespace relance::dkim::test {
namespace {

std::string pem_of(EVP_PKEY *key) {
  std::unique_ptr<BIO, int (*)(BIO *)> bio{BIO_new(BIO_s_mem()), BIO_free};
  PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  EVP_PKEY_free(key);
  char *data{nullptr};
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Debian's interpreter: the verifier is a package of it.
constexpr const char *kPython{"/usr/bin/python3"};

}  // namespace

std::string rsa_pem(int bits) {
  return pem_of(EVP_RSA_gen(static_cast<unsigned>(bits)));
}

std::string ed25519_pem() {
  return pem_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

std::string ed25519_pem(const std::string &seed) {
  return pem_of(EVP_PKEY_new_raw_private_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char *>(seed.data()), seed.size()));
}

bool is_verifier_there() {
  return std::system((std::string{kPython} + " -c 'import dkim, nacl' 2>/dev/null").c_str()) == 0;
}

Verdicts verdicts(const std::vector<std::string> &mails, const Records &records) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("dkim_verdicts." + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  {
    std::ofstream file{folder / "records.json"};
    file << '{';
    const char *between{""};
    for (const auto &[name, record] : records) {
      file << between << '"' << name << "\": \"" << record << '"';
      between = ", ";
    }
    file << '}';
  }
  auto command = std::string{kPython} + " '" +
                 (relance::test::source_dir() / "tests/protocol/dkim_verify.py").string() + "' '" +
                 (folder / "records.json").string() + '\'';
  for (std::size_t index{0}; index < mails.size(); ++index) {
    const auto file = folder / std::to_string(index);
    std::ofstream{file, std::ios::binary} << mails[index];
    command += " '" + file.string() + '\'';
  }
  auto *pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer{};
  for (auto count = std::fread(buffer.data(), 1, buffer.size(), pipe); count > 0;
       count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), count);
  ::pclose(pipe);
  std::filesystem::remove_all(folder);
  Verdicts all;
  std::istringstream in{output};
  for (std::string line; std::getline(in, line);) {
    if (line == "mail") {
      all.emplace_back();
    } else if (!all.empty()) {
      all.back().push_back(line);
    }
  }
  all.resize(mails.size());
  return all;
}

}  // namespace relance::dkim::test
