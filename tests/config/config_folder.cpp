#include "tests/config/config_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace relance::test {

namespace fs = std::filesystem;

ConfigFolder::ConfigFolder() {
  std::string pattern{(fs::temp_directory_path() / "relance-config-XXXXXX").string()};
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
  write("relanced.toml",
        "state = \"state\"\n"
        "[[creditor]]\n"
        "code = \"acme\"\n"
        "name = \"Acme\"\n"
        "country = \"FR\"\n"
        "region = \"FR\"\n"
        "language = \"fr\"\n"
        "sender.email = { name = \"Acme\", address = \"acme@example.com\" }\n");
  write("regions/FR.toml",
        "id = \"FR\"\n"
        "country = \"FR\"\n"
        "time_zone = \"Europe/Paris\"\n"
        "[providers]\n"
        "email = [\"smtp\"]\n");
  write("providers/smtp.toml", "plugin = \"smtp\"\nchannel = \"email\"\n");
  write("scenarios/standard.toml",
        "id = \"standard\"\n"
        "[[step]]\n"
        "id = \"reminder\"\n"
        "after = \"5d\"\n"
        "channels = [\"email\"]\n"
        "template = \"reminder\"\n");
  write("templates/reminder.fr.toml", "subject = 'Rappel'\ntext = 'Bonjour'\n");
}

ConfigFolder::~ConfigFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void ConfigFolder::write(const std::string &file, std::string_view text) const {
  fs::create_directories((path_ / file).parent_path());
  std::ofstream{path_ / file, std::ios::binary} << text;
}

void ConfigFolder::append(const std::string &file, std::string_view text) const {
  write(file, read(file) + std::string{text});
}

std::string ConfigFolder::read(const std::string &file) const {
  std::ifstream in{path_ / file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

config::Loaded ConfigFolder::load(const config::LoadOptions &options) const {
  return config::load(path_ / "relanced.toml", options);
}

std::string ConfigFolder::issues(const config::LoadOptions &options) const {
  std::string all;
  const std::string folder{path_.string() + '/'};
  for (const auto &issue : load(options).issues) {
    auto text = issue.text();
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder))
      text.erase(at, folder.size());
    all += text + '\n';
  }
  return all;
}

}  // namespace relance::test
