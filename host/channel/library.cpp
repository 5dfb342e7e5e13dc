// The file is read with our own eyes first (the ELF header), then with Boost.DLL's library_info (the
// symbols), and only then given to the dynamic loader.
#include "host/channel/library.hpp"

#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>

#include <elf.h>
#include <fstream>
#include <set>
#include <sys/stat.h>

namespace relance::channel {
namespace {

constexpr const char *kEntry{RELANCE_ENTRY_SYMBOL};
constexpr std::uint32_t kDriversMax{64};  ///< an entry function that never ends its list is broken
#if defined(__x86_64__)
constexpr std::uint16_t kMachine{EM_X86_64};
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine{EM_AARCH64};
#elif defined(__riscv)
constexpr std::uint16_t kMachine{EM_RISCV};
#else
#error "say which ELF machine this host is"
#endif

Error refuse(const std::string &path, const std::string &found, const std::string &expected) {
  return invalid("plugin '" + path + "' " + found + "; expected " + expected);
}

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "x86 (32-bit)";
    case EM_ARM:
      return "ARM (32-bit)";
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "AArch64";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_S390:
      return "S/390";
    default:
      return "machine number " + std::to_string(machine);
  }
}

std::string type_name(std::uint16_t type) {
  switch (type) {
    case ET_REL:
      return "an object file that was not linked";
    case ET_EXEC:
      return "a program";
    case ET_CORE:
      return "a core dump";
    default:
      return "of ELF type " + std::to_string(type);
  }
}

Result<void> check_elf_header(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return refuse(path, "cannot be opened: " + std::string(std::strerror(errno)),
                  "a file that the daemon may read");
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char *>(&header), sizeof header);
  const auto got = static_cast<std::size_t>(file.gcount());
  if (got < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return refuse(path, got == 0 ? "is empty" : "is not ELF", "an ELF shared object");
  if (got < sizeof header) return refuse(path, "is cut off within its ELF header", "an ELF shared object");
  if (header.e_ident[EI_CLASS] != ELFCLASS64)
    return refuse(path, "is a 32-bit object", "a 64-bit one for " + machine_name(kMachine));
  if (header.e_ident[EI_DATA] != ELFDATA2LSB)
    return refuse(path, "is big-endian", "a little-endian object for " + machine_name(kMachine));
  if (header.e_machine != kMachine)
    return refuse(path, "is built for " + machine_name(header.e_machine), machine_name(kMachine));
  if (header.e_type != ET_DYN) return refuse(path, "is " + type_name(header.e_type), "an ELF shared object");
  return {};
}

Result<void> check_symbols(const std::string &path) {
  std::vector<std::string> symbols;
  try {
    symbols = boost::dll::library_info(path).symbols();
  } catch (const std::exception &e) {
    return refuse(path, std::string("has tables that cannot be read (") + e.what() + ")",
                  "an ELF shared object");
  }
  std::string other;
  for (const auto &symbol : symbols) {
    if (symbol == kEntry) return {};
    if (symbol.starts_with("relance_plugin_v")) other = symbol;
  }
  if (!other.empty())
    return invalid("plugin '" + path + "' was built for another version of the interface: found " + other +
                   ", and this host wants " + kEntry + "; build it with the SDK of this host");
  return refuse(path, "has no entry symbol among the " + std::to_string(symbols.size()) + " that it exports",
                kEntry);
}

bool is_empty(const char *text) {
  return text == nullptr || *text == '\0';
}

/// What a plugin's tables have at least: their sizes in release 1.0, whatever they have grown to since. A
/// field that came later is read through RELANCE_HAS only.
constexpr std::uint32_t kDescriptorBytesFirst{72}, kPluginBytesFirst{160};
static_assert(sizeof(relance_descriptor) >= kDescriptorBytesFirst &&
              sizeof(relance_plugin) >= kPluginBytesFirst);

struct Need {
  std::uint32_t capability;
  const char *name;
  bool is_met;
  const char *functions;
};

Result<void> check_functions(const std::string &path, const relance_plugin &p) {
  const auto who = std::string("driver '") + p.descriptor->driver + "' ";
  if (!p.create || !p.traits || !p.start || !p.submit || !p.stop || !p.destroy)
    return refuse(path, who + "lacks a function", "create, traits, start, submit, stop and destroy");
  const bool takes_in{p.stored && p.room && p.parse};
  const Need needs[]{
      {RELANCE_CAP_QUERY_BY_REF, "QUERY_BY_REF", p.query != nullptr, "query"},
      {RELANCE_CAP_QUERY_BY_KEY, "QUERY_BY_KEY", p.query != nullptr, "query"},
      {RELANCE_CAP_RECALL, "RECALL", p.recall != nullptr, "recall"},
      {RELANCE_CAP_TWO_PHASE, "TWO_PHASE", p.commit && p.discard, "commit and discard"},
      {RELANCE_CAP_RECEIVE, "RECEIVE", takes_in, "stored, room and parse"},
      {RELANCE_CAP_WEBHOOK, "WEBHOOK", p.authenticate && p.parse, "authenticate and parse"},
      {RELANCE_CAP_POLL, "POLL", p.poll && takes_in, "poll, stored, room and parse"},
      {RELANCE_CAP_QUOTE, "QUOTE", p.quote != nullptr, "quote"},
  };
  for (const auto &need : needs)
    if ((p.descriptor->capabilities & need.capability) != 0 && !need.is_met)
      return refuse(path, who + "states the capability " + need.name + " without its functions",
                    need.functions);
  return {};
}

Result<void> check_driver(const std::string &path, const relance_plugin *plugin, std::uint32_t index) {
  const auto who = "driver " + std::to_string(index) + " ";
  if (plugin->size < offsetof(relance_plugin, create))
    return refuse(path, who + "has a table of " + std::to_string(plugin->size) + " bytes",
                  "at least " + std::to_string(kPluginBytesFirst));
  const auto *d = plugin->descriptor;
  if (d == nullptr) return refuse(path, who + "has no descriptor", "one");
  if (d->size < kDescriptorBytesFirst)
    return refuse(path, who + "has a descriptor of " + std::to_string(d->size) + " bytes",
                  "at least " + std::to_string(kDescriptorBytesFirst));
  // Before anything else is judged: a newer plugin may have good reasons to look strange.
  if (d->min_host_minor > RELANCE_ABI_MINOR)
    return refuse(
        path, who + "wants a host of ABI 1." + std::to_string(d->min_host_minor) + " or newer",
        "at most 1." + std::to_string(RELANCE_ABI_MINOR) + ", which this host offers: update the host");
  if (plugin->size < kPluginBytesFirst)
    return refuse(path, who + "has a table of " + std::to_string(plugin->size) + " bytes",
                  "at least " + std::to_string(kPluginBytesFirst));
  if (is_empty(d->id))
    return refuse(path, who + "has a descriptor without an id", "one such as com.example.sms");
  if (is_empty(d->driver))
    return refuse(path, who + "has a descriptor without a driver name", "one such as smpp");
  if (is_empty(d->version))
    return refuse(path, who + "has a descriptor without a version", "one such as 1.0.3");
  if (is_empty(d->channel))
    return refuse(path, who + "has a descriptor without a channel", "one such as sms");
  return check_functions(path, *plugin);
}

/// The loaded libraries, which are deliberately never destroyed.
struct Loaded {
  std::mutex mutex;
  std::map<std::string, boost::dll::shared_library> by_path;
};
Loaded &loaded() {
  static auto *const all = new Loaded;
  return *all;
}

using Entry = const relance_plugin *(std::uint32_t);

Result<Entry *> load_entry(const std::string &path) {
  auto &all = loaded();
  const std::lock_guard lock(all.mutex);
  try {
    auto &library = all.by_path[path];
    if (!library.is_loaded())
      library.load(path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    return &library.get<Entry>(kEntry);
  } catch (const std::exception &e) {
    all.by_path.erase(path);
    return refuse(path, std::string("cannot be loaded: ") + e.what(),
                  "a shared object whose libraries are all there");
  }
}

}  // namespace

std::string plugin_path(const std::string &name_or_path, const std::string &directory) {
  if (name_or_path.find('/') != std::string::npos) return name_or_path;
  return directory + "/" + name_or_path + ".so";
}

Result<void> check_plugin_file(const std::string &path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0)
    return refuse(
        path, errno == ENOENT ? "does not exist" : std::string("cannot be reached: ") + std::strerror(errno),
        "an ELF shared object");
  if (S_ISDIR(status.st_mode)) return refuse(path, "is a directory", "an ELF shared object");
  if (!S_ISREG(status.st_mode)) return refuse(path, "is not a regular file", "an ELF shared object");
  if (auto header = check_elf_header(path); !header) return header;
  return check_symbols(path);
}

Result<std::vector<const relance_plugin *>> load_plugin(const std::string &path) {
  if (auto file = check_plugin_file(path); !file) return file.error();
  const auto entry = load_entry(path);
  if (!entry) return entry.error();
  std::vector<const relance_plugin *> drivers;
  std::set<std::string> names;
  for (std::uint32_t index{0};; ++index) {
    const relance_plugin *plugin{nullptr};
    try {
      plugin = (*entry)(index);
    } catch (...) {
      return refuse(path, "throws an exception from its entry function", "a function that does no work");
    }
    if (plugin == nullptr) break;
    if (index == kDriversMax)
      return refuse(path, "offers more than " + std::to_string(kDriversMax) + " drivers",
                    "a list that ends with NULL");
    if (auto good = check_driver(path, plugin, index); !good) return good.error();
    if (!names.insert(plugin->descriptor->driver).second)
      return refuse(path, std::string("offers the driver '") + plugin->descriptor->driver + "' twice",
                    "unique names");
    drivers.push_back(plugin);
    if (std::string_view(plugin->descriptor->id) != drivers.front()->descriptor->id)
      return refuse(path,
                    std::string("has drivers of two plugins, '") + drivers.front()->descriptor->id +
                        "' and '" + plugin->descriptor->id + "'",
                    "one id for all drivers of a file");
  }
  if (drivers.empty()) return refuse(path, "offers no driver", "at least one");
  return drivers;
}

Result<const relance_plugin *> load_driver(const std::string &path, const std::string &driver) {
  const auto drivers = load_plugin(path);
  if (!drivers) return drivers.error();
  if (driver.empty() && drivers->size() == 1) return drivers->front();
  std::string names;
  for (const auto *plugin : *drivers) {
    if (driver == plugin->descriptor->driver) return plugin;
    names += (names.empty() ? "" : ", ") + std::string(plugin->descriptor->driver);
  }
  return refuse(
      path,
      driver.empty() ? "offers several drivers and none was chosen" : "offers no driver '" + driver + "'",
      "one of: " + names);
}

}  // namespace relance::channel
