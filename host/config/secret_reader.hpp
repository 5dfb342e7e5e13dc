// Secrets stand elsewhere: a file, the environment or a systemd credential. A setting only says where.
#pragma once

#include "host/config/draft.hpp"
#include "host/config/secret.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace relance::config {

/// A table of exactly one of the keys file, env, credential.
bool is_secret_reference(const Value &value);

class SecretReader {
 public:
  SecretReader(Draft &draft, const Document &document) : draft_{draft}, document_{document} {}

  /// What a reference stands for; empty, with an issue, when it is not there.
  std::string read(const Entry &reference);
  /// Of a key whose value must be a secret; empty when the key is absent.
  Secret read(Section &section, std::string_view key);

 private:
  std::string without_systemd(const std::string &name, const Position &at);
  /// Without the line break that editors leave at the end.
  std::string from_file(const std::filesystem::path &path, const Position &at);

  Draft &draft_;
  const Document &document_;
};

}  // namespace relance::config
