// The order matters: files are opened for Landlock's rules while that is still allowed, privileges go before
// the wall that forbids to change them, and system calls are last, as all the others need some.
#include "host/channel/sandbox.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace relance::channel {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RELANCE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RELANCE_SANITIZED 1
#endif
#endif
#ifdef RELANCE_SANITIZED
constexpr bool kLimitsMemory{false};  ///< the sanitizers reserve terabytes that they never use
#else
constexpr bool kLimitsMemory{true};
#endif

/// Beyond a plugin's data: libraries (ICU alone has 30 MB), reserved heaps, stacks that are hardly used. Also
/// bounds what RLIMIT_DATA does not count, shared memory.
constexpr rlim_t kAddressesBeyondData{1u << 30};
/// Of all that the user has, not of the child alone, so there is little use in being strict. The kernel does
/// not hold root to it; there the memory of their stacks bounds the threads.
constexpr rlim_t kThreadsOfUserMax{4096};

Error limit_failed(const char *what) {
  return unavailable(std::string("the sandbox cannot ") + what + ": " + std::strerror(errno));
}

/// Lowers a limit; one that is lower already stays.
Result<void> limit(int resource, rlim_t most, const char *what) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) return limit_failed(what);
  const auto bound = std::min(most, now.rlim_max);
  const rlimit wanted{bound, bound};
  if (::setrlimit(static_cast<__rlimit_resource>(resource), &wanted) != 0) return limit_failed(what);
  return {};
}

Result<void> set_limits(const SandboxSettings &settings) {
  constexpr rlim_t kMiB{1u << 20};
  const rlim_t data{settings.memory_mib * kMiB};
  struct {
    int resource;
    rlim_t most;
    const char *what;
  } const limits[]{{RLIMIT_CORE, 0, "forbid core dumps"},
                   {RLIMIT_NOFILE, settings.descriptors, "limit descriptors"},
                   {RLIMIT_FSIZE, settings.file_mib * kMiB, "limit the size of files"},
                   {RLIMIT_NPROC, kThreadsOfUserMax, "limit threads"},
                   {RLIMIT_DATA, kLimitsMemory ? data : RLIM_INFINITY, "limit memory"},
                   {RLIMIT_AS, kLimitsMemory ? data + kAddressesBeyondData : RLIM_INFINITY, "limit memory"}};
  for (const auto &[resource, most, what] : limits)
    if (auto done = limit(resource, most, what); !done) return done;
  // A write beyond it fails instead of ending the process: the log of the daemon, which is its standard
  // error, may be larger already.
  ::signal(SIGXFSZ, SIG_IGN);
  return {};
}

/// When the machine runs out of memory the kernel ends a child, not the daemon.
void go_first_when_memory_ends() {
  constexpr char kFirst[]{"1000"};
  const int fd{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
  if (fd < 0) return;  // no /proc: then it stays as likely as the others
  static_cast<void>(!::write(fd, kFirst, sizeof kFirst - 1));
  ::close(fd);
}

/// Root without capabilities is only the owner of root's files, which Landlock keeps away.
Result<void> drop_capabilities() {
  for (unsigned long capability{0}; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
    // Without CAP_SETPCAP it cannot shrink; then it holds nothing that could be gained, as nothing is
    // executed.
    static_cast<void>(::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0));
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capset, &header, none) != 0) return limit_failed("drop capabilities");
  return {};
}

}  // namespace

Result<Confinement> confine(const SandboxSettings &settings, const std::string &plugin_path) {
  if (!settings.is_enabled) return Confinement{"off"};
  go_first_when_memory_ends();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return limit_failed("renounce privileges");
  const auto files = confine_files(settings, plugin_path);
  if (!files) return files.error();
  if (auto dropped = drop_capabilities(); !dropped) return dropped.error();
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return limit_failed("become non-dumpable");
  if (auto limited = set_limits(settings); !limited) return limited.error();
  const auto calls = confine_calls(settings);
  if (!calls) return calls.error();
  std::string lacks(*files);
  if (!calls->empty()) lacks += (lacks.empty() ? "" : ", ") + *calls;
  if (lacks.empty()) return Confinement{"full"};
  if (!settings.is_required) return Confinement{"reduced: " + lacks};
  return unavailable(
      "the plugin cannot be confined: " + lacks +
      "; with required = false in [sandbox] of relanced.toml it runs all the same, and may then "
      "read and do what the daemon's user can");
}

}  // namespace relance::channel
