// A small configuration that is right, in a folder of its own, for tests that then break one thing in it.
#pragma once

#include "host/config/configuration.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace relance::test {

class ConfigFolder {
 public:
  ConfigFolder();
  ~ConfigFolder();
  ConfigFolder(const ConfigFolder &) = delete;
  ConfigFolder &operator=(const ConfigFolder &) = delete;

  void write(const std::string &file, std::string_view text) const;
  void append(const std::string &file, std::string_view text) const;
  [[nodiscard]] std::string read(const std::string &file) const;
  void remove(const std::string &file) const { std::filesystem::remove(path_ / file); }
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

  [[nodiscard]] config::Loaded load(const config::LoadOptions &options = {}) const;
  /// The issues, one a line, file names without this folder.
  [[nodiscard]] std::string issues(const config::LoadOptions &options = {}) const;

 private:
  std::filesystem::path path_;
};

}  // namespace relance::test
