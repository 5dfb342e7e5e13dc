// Reads the daemon's file, then the folders beside it, then checks the whole.
#include "host/base/sha256.hpp"
#include "host/config/draft.hpp"

#include <algorithm>

namespace relance::config {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax{10'000};  // a folder

using ReadFile = void (*)(Draft &, const Document &, std::string_view);

constexpr std::array<std::pair<fs::path Folders::*, ReadFile>, 4> kReaders{
    {{&Folders::regions, read_region},
     {&Folders::providers, read_provider},
     {&Folders::templates, read_template},
     {&Folders::scenarios, read_scenario}}};

/// *.toml in the order of their names; editors' left-overs (hidden files) are passed over.
std::vector<fs::path> toml_files(const fs::path &folder, Issues &issues) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it{folder, error}, end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".toml" || it->path().filename().native().starts_with('.')) continue;
    if (files.size() == kFilesMax) {
      issues.error({folder.string()}, "has more than 10000 files");
      break;
    }
    files.push_back(it->path());
  }
  if (error) issues.error({folder.string()}, "cannot be read: " + error.message());
  std::ranges::sort(files);
  return files;
}

/// The version of the whole is the hash of all versions: a change anywhere is seen, in whatever order files
/// were read.
void add_version(std::string &versions, const Document &document) {
  versions += document.version;
}

void read_files(Draft &draft, std::string &versions) {
  for (const auto &[member, read] : kReaders) {
    const auto folder = draft.configuration.folders.*member;
    std::error_code error;
    if (!fs::exists(folder, error)) continue;  // what is missing is missed by the check of the whole
    for (const auto &path : toml_files(folder, draft.issues)) {
      const auto document = read_document(path, draft.issues);
      if (!document) continue;
      add_version(versions, *document);
      read(draft, *document, path.stem().native());
    }
  }
}

}  // namespace

bool define(Draft &draft, std::map<std::string, Position> &defined, std::string_view kind,
            const std::string &name, const Position &at) {
  const auto [entry, is_new] = defined.emplace(name, at);
  if (!is_new)
    draft.issues.error(
        at, "a second " + std::string{kind} + " \"" + name + "\"; the first is in " + entry->second.text());
  return is_new;
}

Loaded load(const fs::path &file, const LoadOptions &options) {
  Draft draft;
  draft.options = options;
  draft.configuration.file = file;
  std::string versions;
  if (const auto document = read_document(file, draft.issues)) {
    add_version(versions, *document);
    read_daemon(draft, *document);
    read_files(draft, versions);
    check_whole(draft);
  }
  draft.configuration.version = to_hex(sha256(versions));
  draft.issues.sort();
  Loaded loaded;
  if (!draft.issues.has_errors())
    loaded.configuration = std::make_shared<const Configuration>(std::move(draft.configuration));
  loaded.issues = draft.issues.all();
  return loaded;
}

}  // namespace relance::config
