// Read when they are needed, so that a renewed file is taken without a word.
#include "host/engine/authority_settings.hpp"

#include <fstream>

namespace relance::engine {
namespace {

constexpr std::size_t kFileBytesMax{1024 * 1024};

}  // namespace

Result<std::string> read_pem(const std::filesystem::path &path) {
  if (path.empty()) return std::string{};
  std::ifstream in{path, std::ios::binary};
  std::string text(kFileBytesMax + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.empty()) return unavailable(path.string() + " is empty or cannot be read");
  if (text.size() > kFileBytesMax)
    return invalid(path.string() + " has more than a megabyte: it holds no certificates");
  return text;
}

Result<evidence::Authority> authority_of(const config::Configuration &configuration) {
  const auto &settings = configuration.evidence;
  evidence::Authority authority{settings.tsa,
                                configuration.http.proxy,
                                configuration.http.no_proxy,
                                configuration.http.ca_file.string(),
                                settings.tsa_timeout,
                                {}};
  auto trusted = read_pem(settings.tsa_ca);
  if (!trusted) return trusted.error();
  auto revoked = read_pem(settings.tsa_crl);
  if (!revoked) return revoked.error();
  authority.trust = {std::move(*trusted), std::move(*revoked)};
  return authority;
}

}  // namespace relance::engine
