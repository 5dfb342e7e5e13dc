// Any bytes, as any file of the configuration, end in a configuration or in issues with a place; and a
// template that passes the check renders.
#include "host/render/renderer.hpp"
#include "host/render/template_check.hpp"
#include "tests/config/config_folder.hpp"
#include "tests/render/sample_message.hpp"

#include <array>
#include <cstdlib>
#include <string>

namespace relance {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::array<const char *, 5> kFiles{"relanced.toml", "regions/FR.toml", "providers/smtp.toml",
                                             "scenarios/standard.toml", "templates/reminder.fr.toml"};

/// The first byte chooses the file.
void load_with(std::string_view bytes) {
  static const test::ConfigFolder folder;
  static const auto right = [] {
    std::array<std::string, kFiles.size()> texts;
    for (std::size_t i = 0; i < kFiles.size(); ++i) texts[i] = folder.read(kFiles[i]);
    return texts;
  }();
  static const render::MessageModel model = test::sample_message();
  const auto which = static_cast<unsigned char>(bytes[0]) % kFiles.size();
  folder.write(kFiles[which], bytes.substr(1));
  config::LoadOptions options;
  options.reads_secrets = false;  // a name of a file is the input's to choose
  options.check_template = render::check_template;
  const auto loaded = folder.load(options);
  folder.write(kFiles[which], right[which]);
  bool has_error{false};
  for (const auto &issue : loaded.issues) {
    require(!issue.at.file.empty() && !issue.message.empty());
    has_error = has_error || issue.severity == config::Severity::error;
  }
  require(has_error == (loaded.configuration == nullptr));
  if (!loaded.configuration) return;
  render::Renderer renderer;
  for (const auto &made : loaded.configuration->templates) {
    const auto message = renderer.render(made, model);
    require(message.has_value());
    require(message->subject.find_first_of("\r\n") == std::string::npos);
  }
}

}  // namespace
}  // namespace relance

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
  if (size > 0) relance::load_with({reinterpret_cast<const char *>(data), size});
  return 0;
}
