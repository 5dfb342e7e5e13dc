// Landlock, spoken without a library: three system calls. What is not handled by an older kernel is left out
// and said only where the settings depend on it (ports); every kernel that has Landlock keeps files away.
//
// @see https://docs.kernel.org/userspace-api/landlock.html (the ABI number and what each one added)
#include "host/channel/descriptor.hpp"
#include "host/channel/sandbox.hpp"

#include <climits>

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace relance::channel {
namespace {

// Of linux/landlock.h; Debian 12's header ends with ABI 2.
constexpr std::uint64_t kExecute{1u << 0}, kWriteFile{1u << 1}, kReadFile{1u << 2}, kReadFolder{1u << 3},
    kRemoveFolder{1u << 4}, kRemoveFile{1u << 5}, kMakeFolder{1u << 7}, kMakeFile{1u << 8},
    kMakeFifo{1u << 10}, kMakeLink{1u << 12}, kRefer{1u << 13}, kTruncate{1u << 14}, kDeviceControl{1u << 15};
constexpr std::uint64_t kAllOfAbi1{(1u << 13) - 1};
constexpr std::uint64_t kBindTcp{1u << 0}, kConnectTcp{1u << 1};
constexpr std::uint64_t kScopeAbstractSockets{1u << 0}, kScopeSignals{1u << 1};
constexpr int kRulePathBeneath{1}, kRuleNetPort{2};
constexpr unsigned kAskVersion{1u << 0};
constexpr int kAbiOfRefer{2}, kAbiOfTruncate{3}, kAbiOfTcp{4}, kAbiOfDeviceControl{5}, kAbiOfScopes{6};

struct RulesetAttributes {
  std::uint64_t handled_files, handled_net, scoped;
};
struct [[gnu::packed]] PathRule {
  std::uint64_t allowed;
  std::int32_t parent;
};
struct PortRule {
  std::uint64_t allowed, port;
};

constexpr std::uint64_t kRead{kReadFile | kReadFolder};
constexpr std::uint64_t kWrite{kRead | kWriteFile | kTruncate | kRemoveFolder | kRemoveFile | kMakeFolder |
                               kMakeFile | kMakeFifo | kMakeLink | kRefer};
constexpr std::uint64_t kOfFiles{kExecute | kWriteFile | kReadFile | kTruncate | kDeviceControl};

/// What every plugin may read. Nothing here is secret or of the daemon; /etc/ssl/private is not in it.
constexpr const char *kReadable[]{
    // shared libraries, their cache, and what they load by themselves (NSS, gconv, engines)
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
    // authorities
    "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls", "/etc/pki/ca-trust", "/etc/ca-certificates",
    "/etc/crypto-policies", "/etc/gnutls", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
    // names of hosts and services
    "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
    "/etc/services", "/etc/protocols", "/run/systemd/resolve",
    // time zones, languages, media types
    "/etc/localtime", "/etc/timezone", "/etc/locale.alias", "/etc/mime.types", "/usr/share/zoneinfo",
    "/usr/share/locale", "/usr/share/i18n", "/usr/share/icu", "/usr/share/mime",
    // the machine
    "/dev/urandom", "/dev/random", "/dev/zero", "/sys/devices/system/cpu/online"};
constexpr const char *kNull{"/dev/null"};
constexpr std::uint16_t kDnsPort{53};  ///< of the resolver, when an answer is too long for a datagram

class Ruleset {
 public:
  explicit Ruleset(RulesetAttributes attributes)
      : attributes_(attributes),
        fd_(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0))) {}
  [[nodiscard]] bool is_made() const { return fd_.is_open(); }

  /// A regular file, for reading. What is not there, or is something else, needs no rule.
  bool allow_file(const char *path) {
    struct stat status{};
    return ::stat(path, &status) != 0 || !S_ISREG(status.st_mode) || allow(path, kReadFile);
  }
  /// False: errno says why. What is not there needs no rule.
  bool allow(const char *path, std::uint64_t access, bool must_exist = false) {
    const Descriptor place(::open(path, O_PATH | O_CLOEXEC));
    if (!place.is_open()) return !must_exist;
    struct stat status{};
    if (::fstat(place.get(), &status) != 0) return false;
    if (!S_ISDIR(status.st_mode)) access &= kOfFiles;
    const PathRule rule{access & attributes_.handled_files, place.get()};
    return ::syscall(SYS_landlock_add_rule, fd_.get(), kRulePathBeneath, &rule, 0) == 0;
  }
  bool allow_port(std::uint16_t port) {
    const PortRule rule{kConnectTcp, port};
    return ::syscall(SYS_landlock_add_rule, fd_.get(), kRuleNetPort, &rule, 0) == 0;
  }
  [[nodiscard]] bool enforce() const { return ::syscall(SYS_landlock_restrict_self, fd_.get(), 0) == 0; }

 private:
  const RulesetAttributes attributes_;
  Descriptor fd_;
};

RulesetAttributes attributes_of(int abi, const SandboxSettings &settings) {
  RulesetAttributes handled{kAllOfAbi1, 0, 0};
  if (abi >= kAbiOfRefer) handled.handled_files |= kRefer;
  if (abi >= kAbiOfTruncate) handled.handled_files |= kTruncate;
  if (abi >= kAbiOfDeviceControl) handled.handled_files |= kDeviceControl;
  if (abi >= kAbiOfTcp && (settings.network == Network::none || !settings.connect_ports.empty()))
    handled.handled_net = kBindTcp | kConnectTcp;
  if (abi >= kAbiOfScopes) handled.scoped = kScopeAbstractSockets | kScopeSignals;
  return handled;
}

/// Where /etc/resolv.conf leads to, when a program keeps it elsewhere and writes it anew.
std::string resolver_folder() {
  char real[PATH_MAX]{};
  if (::realpath("/etc/resolv.conf", real) == nullptr) return {};
  const std::string path(real);
  const auto folder = path.substr(0, path.rfind('/'));
  return folder.starts_with("/run/") || folder.starts_with("/var/run/") ? folder : std::string{};
}

Error ruleset_failed(const std::string &what) {
  return unavailable("the sandbox cannot " + what + ": " + std::strerror(errno));
}

Result<void> add_rules(Ruleset &rules, const SandboxSettings &settings, const std::string &plugin_path) {
  for (const auto *path : kReadable)
    if (!rules.allow(path, kRead | kExecute)) return ruleset_failed(std::string("grant ") + path);
  if (!rules.allow(kNull, kReadFile | kWriteFile)) return ruleset_failed(std::string("grant ") + kNull);
  if (const auto folder = resolver_folder(); !folder.empty() && !rules.allow(folder.c_str(), kRead))
    return ruleset_failed("grant " + folder);
  if (!rules.allow(plugin_path.c_str(), kReadFile | kExecute, true))
    return ruleset_failed("grant " + plugin_path);
  for (const auto &file : settings.files)
    if (!rules.allow_file(file.c_str())) return ruleset_failed("grant " + file);
  for (const auto &folder : settings.data_folders)
    if (!rules.allow(folder.path.c_str(), folder.is_writable ? kWrite : kRead, true))
      return invalid("the data folder '" + folder.path + "' of [sandbox] cannot be granted: " +
                     std::strerror(errno) + "; make it, or take it out of data_folders");
  return {};
}

}  // namespace

Result<std::string> confine_files(const SandboxSettings &settings, const std::string &plugin_path) {
  const auto abi = static_cast<int>(::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion));
  if (abi < 1) return std::string("Landlock is not available here (") + std::strerror(errno) + ")";
  Ruleset rules(attributes_of(abi, settings));
  if (!rules.is_made()) return ruleset_failed("make Landlock's rules");
  if (auto added = add_rules(rules, settings, plugin_path); !added) return added.error();
  const bool has_ports{!settings.connect_ports.empty() && settings.network == Network::full};
  if (has_ports && abi >= kAbiOfTcp) {
    for (const auto port : settings.connect_ports)
      if (!rules.allow_port(port)) return ruleset_failed("grant port " + std::to_string(port));
    if (!rules.allow_port(kDnsPort)) return ruleset_failed("grant the resolver's port");
  }
  if (!rules.enforce()) return ruleset_failed("enforce Landlock's rules");
  if (has_ports && abi < kAbiOfTcp)
    return std::string("this kernel's Landlock cannot limit ports (connect_ports; Linux 6.7 can)");
  return std::string{};
}

}  // namespace relance::channel
