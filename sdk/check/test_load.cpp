// The file before any of it runs, then loading it: what it exports, asks of the linker, and does by merely
// being loaded.
#include "sdk/check/elf_file.hpp"
#include "sdk/check/test.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <stdexcept>
#include <thread>

namespace relance::check {
namespace {

constexpr std::uint32_t kDriversMax{64};  ///< of one plugin
constexpr const char *kFlags{"build it with relance_add_plugin(), or link with "};

ElfFile read(const Bench &bench) {
  try {
    return read_elf(bench.assignment.plugin_file);
  } catch (const std::runtime_error &e) {
    abandon(bench.assignment.plugin_file + " " + e.what(), "give the shared object that the compiler made",
            "elf");
  }
}

using Entry = const relance_plugin *(*)(std::uint32_t);

Entry open_library(const Bench &bench) {
  step("dlopen");
  ::dlerror();
  void *library{::dlopen(bench.assignment.plugin_file.c_str(), RTLD_NOW | RTLD_LOCAL)};
  if (library == nullptr)
    abandon(std::string("it does not load: ") + ::dlerror(),
            "a plugin finds nothing in the host: link it to every library that it uses, with -z defs, so "
            "that the linker tells "
            "what is missing",
            "elf");
  auto *const entry = reinterpret_cast<Entry>(::dlsym(library, RELANCE_ENTRY_SYMBOL));
  if (entry == nullptr)
    abandon("it has no function " RELANCE_ENTRY_SYMBOL,
            "define it with RELANCE_EXPORT, or use RELANCE_EXPORT_DRIVERS", "relance_plugin_v1");
  return entry;
}

std::array<void (*)(int), 65> handlers() {
  std::array<void (*)(int), 65> all{};
  for (int signal{1}; signal <= 64; ++signal) {
    struct sigaction now{};
    if (::sigaction(signal, nullptr, &now) == 0) all[static_cast<std::size_t>(signal)] = now.sa_handler;
  }
  return all;
}

}  // namespace

void elf_exports(Bench &bench) {
  const auto file = read(bench);
  std::string others;
  bool has_entry{false};
  std::size_t count{0};
  for (const auto &name : file.exported) {
    if (name == RELANCE_ENTRY_SYMBOL) {
      has_entry = true;
    } else if (++count <= 5) {
      others += (others.empty() ? "" : ", ") + name;
    }
  }
  if (!has_entry)
    finding("the symbol " RELANCE_ENTRY_SYMBOL " is not exported",
            "mark the function RELANCE_EXPORT; in C++ also extern \"C\"", "relance_plugin_v1");
  if (count != 0)
    finding(
        "it exports " + std::to_string(count) + " more symbols: " + others,
        std::string(kFlags) +
            "-fvisibility=hidden and the version script plugin.map of the SDK: two plugins that export the "
            "same name run into each other",
        "relance_plugin_v1");
}

void elf_nodelete(Bench &bench) {
  if (!read(bench).is_nodelete)
    finding("DF_1_NODELETE is not set",
            std::string(kFlags) +
                "-z nodelete: no library is ever unloaded, and threads of yours may "
                "still be in its code",
            "R2");
}

void elf_hardening(Bench &bench) {
  const auto file = read(bench);
  if (file.has_executable_stack)
    finding("it asks for an executable stack",
            "an assembly file without .note.GNU-stack, or a nested function of C, does that; "
            "link with -z noexecstack",
            "elf");
  if (file.has_text_relocations)
    finding("it has relocations in its code (TEXTREL)",
            "compile everything that goes into it, static libraries too, with -fPIC", "elf");
  if (file.has_writable_code)
    finding("a segment is both writable and executable", "drop -N, --omagic, or the linker script", "elf");
}

void elf_rpath(Bench &bench) {
  for (const auto &folder : read(bench).search)
    if (!folder.starts_with("$ORIGIN") && !folder.starts_with("/usr/") && !folder.starts_with("/opt/") &&
        folder != "/usr/lib")
      finding("libraries are looked for in \"" + folder + "\" (RPATH or RUNPATH)",
              "that folder is not there on another machine, or belongs to somebody who may put a library "
              "there: build with "
              "CMAKE_SKIP_RPATH, or use $ORIGIN",
              "elf");
}

void load_symbols(Bench &bench) {
  static_cast<void>(open_library(bench));
}

void load_quiet(Bench &bench) {
  // What the libraries that it needs do at load is theirs: they are loaded first, without it.
  for (const auto &name : read(bench).needed) ::dlopen(name.c_str(), RTLD_NOW | RTLD_GLOBAL);
  const auto folder = bench.folder();
  ::setenv("HOME", folder.c_str(), 1);
  const auto before = census();
  const auto handlers_before = handlers();
  auto *const entry = open_library(bench);
  step(RELANCE_ENTRY_SYMBOL "(0)");
  static_cast<void>(entry(0));
  if (const auto opened = opened_since(before, census()); !opened.empty())
    finding("loading it and asking its entry opened " + opened,
            "no constructor of a global, and not the entry either, does any work: start() is the place for "
            "threads and "
            "connections",
            "relance_plugin_v1");
  if (const auto files = files_below(folder); !files.empty())
    finding("loading it wrote " + files.front(), "constructors of globals write no files",
            "relance_plugin_v1");
  const auto handlers_after = handlers();
  for (std::size_t signal{1}; signal <= 64; ++signal)
    if (handlers_before[signal] != handlers_after[signal])
      finding("loading it changed what signal " + std::to_string(signal) + " does",
              "signals belong to the host: leave their handlers alone (MSG_NOSIGNAL keeps SIGPIPE away)",
              "R5");
}

void load_entry(Bench &bench) {
  auto *const entry = open_library(bench);
  step(RELANCE_ENTRY_SYMBOL "(0), (1), …");
  std::vector<const relance_plugin *> tables;
  while (tables.size() < kDriversMax) {
    const auto *table = entry(static_cast<std::uint32_t>(tables.size()));
    if (table == nullptr) break;
    tables.push_back(table);
  }
  if (tables.empty())
    finding("the entry returns no driver for index 0", "return the table of the first driver",
            "relance_plugin_v1");
  if (tables.size() == kDriversMax)
    finding("the entry never returns NULL", "return NULL for each index behind the last driver",
            "relance_plugin_v1");
  const auto has_changed = [&] {
    for (std::uint32_t i{0}; i < tables.size(); ++i)
      if (entry(i) != tables[i]) return true;
    return false;
  };
  bool has_changed_elsewhere{false};
  std::thread([&] { has_changed_elsewhere = has_changed(); }).join();
  if (has_changed() || has_changed_elsewhere)
    finding("the entry returns another table each time", "make the table static const: it lives for ever",
            "R2");
  if (entry(UINT32_MAX) != nullptr || entry(static_cast<std::uint32_t>(tables.size()) + 1000) != nullptr)
    finding("the entry returns a table for an index far behind the last driver",
            "compare the index with the number of drivers", "relance_plugin_v1");
  for (std::size_t i{0}; i < tables.size(); ++i)
    for (std::size_t k{i + 1}; k < tables.size(); ++k)
      if (tables.size() < kDriversMax && tables[i] == tables[k])
        finding("drivers " + std::to_string(i) + " and " + std::to_string(k) + " are the same table",
                "one table a driver", "relance_plugin_v1");
}

}  // namespace relance::check
