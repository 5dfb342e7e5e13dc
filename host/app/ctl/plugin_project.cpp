// See the header. A path of the template: dot-x becomes .x, TARGET the plugin's file name.
#include "host/app/ctl/plugin_project.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

namespace relance::ctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNameMax{40};

struct Sample {  // what a message of this channel looks like in the project's unit test
  std::string_view channel, address, part, media_type, content;
};
constexpr Sample kSamples[]{
    {"email", "camille@example.com", "text", "text/plain; charset=utf-8", "Bonjour"},
    {"sms", "+33612345678", "text", "text/plain; charset=utf-8", "Bonjour"},
    {"fax", "+33123456789", "letter", "application/pdf", "%PDF-1.7"},
    {"lre", "camille@example.com", "letter", "application/pdf", "%PDF-1.7"},
    {"postal", "", "letter", "application/pdf", "%PDF-1.7"},
};

// How the C template puts a part into JSON.
constexpr const char *kCopyInC{R"(static char *encode(relance_str bytes) {
  char *text = malloc(bytes.len + 1);
  if (text == NULL) return NULL;
  if (bytes.len != 0) memcpy(text, bytes.data, bytes.len);
  text[bytes.len] = 0;
  return text;
}
)"};
constexpr const char *kBase64InC{R"(static char *encode(relance_str bytes) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = malloc(bytes.len / 3 * 4 + 5), *at = text;
  size_t i, k;
  if (text == NULL) return NULL;
  for (i = 0; i < bytes.len; i += 3) {
    const size_t left = bytes.len - i;
    unsigned long group = 0;
    for (k = 0; k < 3; ++k) group = (group << 8) | (k < left ? (unsigned char)bytes.data[i + k] : 0u);
    for (k = 0; k < 4; ++k) *at++ = k <= left ? letters[(group >> (18 - 6 * k)) & 63] : '=';
  }
  *at = 0;
  return text;
}
)"};

bool is_name(std::string_view name) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= kNameMax && is_small(name.front()) && name.back() != '-' &&
         name.find("--") == name.npos && std::all_of(name.begin(), name.end(), [&](char c) {
           return is_small(c) || (c >= '0' && c <= '9') || c == '-';
         });
}

/// "acme-sms" → "AcmeSms"
std::string class_name(std::string_view name) {
  std::string out;
  bool begins{true};
  for (const char c : name) {
    if (c != '-') out += begins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    begins = c == '-';
  }
  return out;
}

std::string filled(std::string text, const std::map<std::string, std::string> &values) {
  for (const auto &[key, value] : values) {
    const auto marked = "@" + key + "@";
    for (auto at = text.find(marked); at != text.npos; at = text.find(marked, at + value.size()))
      text.replace(at, marked.size(), value);
  }
  return text;
}

std::string name_in_project(const fs::path &relative, const std::string &target) {
  auto name = relative.generic_string();
  for (auto at = name.find("dot-"); at != name.npos; at = name.find("dot-", at + 1))
    if (at == 0 || name[at - 1] == '/') name.replace(at, 4, ".");
  if (const auto at = name.find("TARGET"); at != name.npos) name.replace(at, 6, target);
  return name;
}

std::optional<std::string> read_whole(const fs::path &path) {
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  return file ? std::optional{std::move(text)} : std::nullopt;
}

/// Template files of one folder, in the order of their names.
std::vector<fs::path> files_below(const fs::path &folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const auto &entry : fs::recursive_directory_iterator(folder, ignored))
    if (entry.is_regular_file(ignored)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::map<std::string, std::string>> template_values(const PluginWish &wish,
                                                           std::string_view sdk_version) {
  if (!is_name(wish.name))
    return invalid("'" + wish.name + "' is no name for a plugin: at most " + std::to_string(kNameMax) +
                   " lower-case letters, digits and single '-', beginning with a letter, such as acme-sms");
  const auto *sample = std::find_if(std::begin(kSamples), std::end(kSamples),
                                    [&](const Sample &s) { return s.channel == wish.channel; });
  if (sample == std::end(kSamples))
    return invalid("there is no channel '" + wish.channel + "': email, sms, fax, lre or postal");
  if (wish.is_c && wish.is_blocking)
    return invalid("in C there is only the asynchronous style: the workers that may wait are the C++ face's");
  auto target = wish.name;
  std::replace(target.begin(), target.end(), '-', '_');
  const bool is_text{sample->part == "text"};
  const std::string by_hand{
      wish.is_c ? "cc -std=c99 $(pkg-config --cflags relance-sdk) … $(pkg-config --libs relance-sdk)"
                : "c++ -std=c++20 $(pkg-config --cflags relance-sdk) … $(pkg-config --libs relance-sdk)"};
  return std::map<std::string, std::string>{
      {"name", wish.name},
      {"target", target},
      {"class", class_name(wish.name)},
      {"channel", wish.channel},
      {"sdk_version", std::string{sdk_version.substr(0, sdk_version.rfind('.'))}},
      {"sources", wish.is_c ? "src/" + target + ".c src/sms_json.c" : "src/" + target + ".cpp"},
      {"address", std::string{sample->address}},
      {"expected_to", std::string{sample->address.empty() ? "Camille Martin" : sample->address}},
      {"part", std::string{sample->part}},
      {"media_type", std::string{sample->media_type}},
      {"sample", std::string{sample->content}},
      {"encode", is_text ? "std::string_view" : "to_base64"},
      {"c_encode", is_text ? kCopyInC : kBase64InC},
      {"by_hand", by_hand},
  };
}

Result<fs::path> find_template() {
  std::error_code ignored;
  const auto prefix = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
  auto folder = prefix / "share" / "relance" / "template";
  if (!fs::is_directory(folder, ignored))
    return unavailable("the template of a plugin is not installed: there is no " + folder.string());
  return folder;
}

Result<std::vector<std::string>> write_project(const PluginWish &wish, const fs::path &from,
                                               const std::map<std::string, std::string> &values) {
  const auto project = wish.directory / wish.name;
  const std::string kind{wish.is_c          ? "c-asynchronous"
                         : wish.is_blocking ? "cpp-blocking"
                                            : "cpp-asynchronous"};
  std::map<std::string, std::string> texts;
  for (const auto &folder : {from / "common", from / kind})
    for (const auto &file : files_below(folder)) {
      const auto text = read_whole(file);
      if (!text) return unavailable("the template's " + file.string() + " cannot be read");
      texts[name_in_project(file.lexically_relative(folder), values.at("target"))] = filled(*text, values);
    }
  if (texts.empty()) return unavailable("the template is empty: " + from.string());
  std::error_code fault;
  fs::create_directories(wish.directory, fault);
  if (fault || !fs::create_directory(project, fault)) {
    if (!fault)
      return Error{ErrorKind::conflict, project.string() + " exists already; nothing was written", {}};
    return unavailable(project.string() + " cannot be made: " + fault.message());
  }
  std::vector<std::string> written;
  for (const auto &[name, text] : texts) {
    fs::create_directories((project / name).parent_path(), fault);
    std::ofstream file{project / name, std::ios::binary};
    file << text;
    file.close();
    if (!file) {
      fs::remove_all(project, fault);  // all of it was made just now
      return unavailable((project / name).string() + " cannot be written");
    }
    written.push_back(name);
  }
  return written;
}

}  // namespace relance::ctl
