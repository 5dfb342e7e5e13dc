// seccomp by libseccomp: what is not on the list is refused (EPERM), and what a library can do without does
// not exist (ENOSYS).
//
// Kept out on purpose: processes (fork, exec), other processes (ptrace, signals, their memory), sockets of
// the machine's own services (AF_UNIX: the daemon's control socket is one, and Landlock does not hold
// connect()), namespaces, keys, performance counters, io_uring (its work escapes this filter), shared memory
// of System V.
#include "host/channel/sandbox.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <memory>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace relance::channel {
namespace {

/// Names that this machine or this libseccomp does not know are passed over.
constexpr const char *kAllowed[]{
    // bytes
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2",
    "lseek", "_llseek", "close", "close_range", "dup", "dup2", "dup3", "pipe", "pipe2", "sendfile",
    "sendfile64", "splice", "tee", "copy_file_range", "eventfd", "eventfd2", "readahead", "fadvise64",
    // files, within what Landlock leaves
    "open", "openat", "openat2", "creat", "stat", "stat64", "fstat", "fstat64", "lstat", "lstat64",
    "fstatat64", "newfstatat", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64", "access", "faccessat",
    "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "mkdir",
    "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
    "symlinkat", "ftruncate", "ftruncate64", "fallocate", "fsync", "fdatasync", "sync_file_range", "flock",
    "umask", "fchmod", "getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr",
    "inotify_init", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
    // memory
    "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "msync", "mincore", "mlock", "mlock2",
    "munlock", "membarrier", "pkey_alloc", "pkey_free", "pkey_mprotect",
    // threads of its own
    "futex", "futex_time64", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
    "gettid", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "arch_prctl", "exit", "exit_group", "restart_syscall",
    "getcpu",
    // signals to itself
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "sigaltstack", "sigreturn", "pause", "signalfd", "signalfd4",
    // waiting and time
    "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64", "epoll_create",
    "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "nanosleep", "clock_nanosleep",
    "clock_nanosleep_time64", "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
    "gettimeofday", "time", "times", "timer_create", "timer_settime", "timer_gettime", "timer_delete",
    "timer_getoverrun", "timerfd_create", "timerfd_settime", "timerfd_settime64", "timerfd_gettime",
    "timerfd_gettime64", "getitimer", "setitimer", "alarm",
    // who and where am I
    "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups",
    "getpgrp", "getpgid", "getsid", "uname", "sysinfo", "getrusage", "getrlimit", "ugetrlimit", "getrandom",
    "getpriority", "capget",
    // the socket to the daemon, and where sockets can be made, those
    "recvfrom", "recvmsg", "recvmmsg", "recvmmsg_time64", "recv", "send", "shutdown", "getsockopt",
    "setsockopt", "getsockname", "getpeername",
    // narrower walls of the plugin's own
    "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "seccomp"};

constexpr const char *kAllowedWithNetwork[]{"connect", "bind", "listen", "accept", "accept4"};

/// A library that meets ENOSYS takes its older way, which is on the list; EPERM would be the end of it.
constexpr const char *kAbsent[]{"clone3", "memfd_secret", "io_uring_setup", "process_madvise",
                                "epoll_ctl_old"};
/// Calls that came after this libseccomp are named by number, the same on every machine since Linux 5.1.
constexpr int kNewCallsFrom{451}, kNewCallsTo{511};
constexpr int kAllowedNewCalls[]{454 /*futex_wake*/, 455 /*futex_wait*/, 456 /*futex_requeue*/};

/// Names and states of this process and its threads; never whether it is dumpable or who traces it.
constexpr int kProcessControls[]{PR_SET_NAME,        PR_GET_NAME,         PR_GET_DUMPABLE,
                                 PR_GET_SECCOMP,     PR_GET_TIMING,       PR_GET_NO_NEW_PRIVS,
                                 PR_GET_KEEPCAPS,    PR_CAPBSET_READ,     PR_GET_TSC,
                                 PR_GET_THP_DISABLE, PR_SET_NO_NEW_PRIVS, 0x53564d41 /*PR_SET_VMA*/};
constexpr unsigned kDeviceControls[]{FIONBIO,     FIONREAD,       FIOASYNC,    FIOCLEX,      FIONCLEX,
                                     TIOCOUTQ,    SIOCGIFCONF,    SIOCGIFADDR, SIOCGIFFLAGS, SIOCGIFINDEX,
                                     SIOCGIFNAME, SIOCGIFNETMASK, SIOCGIFMTU};
/// Never who owns a descriptor and by which signal it is told: the kernel would send that in our place, and
/// Landlock holds it only since Linux 6.12.
constexpr int kDescriptorControls[]{
    F_DUPFD,      F_DUPFD_CLOEXEC, F_GETFD,     F_SETFD,     F_GETFL,     F_SETFL,
    F_GETLK,      F_SETLK,         F_SETLKW,    F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW,
    F_SETPIPE_SZ, F_GETPIPE_SZ,    F_GET_SEALS, F_ADD_SEALS, 1027 /*F_DUPFD_QUERY*/};
/// Anything that clone() makes is a thread, and in no namespace of its own.
constexpr std::uint64_t kCloneBits{CLONE_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                   CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE};
constexpr std::uint64_t kInt{0xffffffff};      ///< the kernel reads these arguments as int
constexpr std::uint64_t kSocketTypeBits{0xf};  ///< without SOCK_CLOEXEC, SOCK_NONBLOCK

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ERRNO(EPERM)), &::seccomp_release) {}

  void set(std::uint32_t attribute, std::uint32_t value) {
    note(context_ ? ::seccomp_attr_set(context_.get(), static_cast<scmp_filter_attr>(attribute), value)
                  : -ENOMEM);
  }
  template <class... Compare>
  void rule(std::uint32_t action, const char *name, Compare... compare) {
    // Negative: of another machine, or unknown here.
    if (const int call{::seccomp_syscall_resolve_name(name)}; call >= 0) rule(action, call, compare...);
  }
  template <class... Compare>
  void rule(std::uint32_t action, int call, Compare... compare) {
    if (!context_) return;
    note(::seccomp_rule_add(context_.get(), action, call, sizeof...(compare), compare...));
  }
  template <class... Compare>
  void allow(const char *name, Compare... compare) {
    rule(SCMP_ACT_ALLOW, name, compare...);
  }
  /// 0, or the first error.
  int load() {
    if (error_ == 0) note(::seccomp_load(context_.get()));
    return error_;
  }

 private:
  void note(int result) {
    if (result < 0 && error_ == 0) error_ = -result;
  }
  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int error_{0};
};

scmp_arg_cmp is(unsigned argument, std::uint64_t value, std::uint64_t mask = kInt) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value & mask};
}

void add_own_process(Filter &filter) {
  const auto own = static_cast<std::uint64_t>(::getpid());
  filter.allow("clone", is(0, CLONE_THREAD, kCloneBits));
  filter.allow("kill", is(0, own));
  filter.allow("tgkill", is(0, own));
  // Reading limits; the new ones are a pointer, null in both halves.
  for (const auto pid : {std::uint64_t{0}, own})
    filter.allow("prlimit64", is(0, pid), scmp_arg_cmp{2, SCMP_CMP_EQ, 0, 0});
  for (const int option : kProcessControls) filter.allow("prctl", is(0, static_cast<std::uint64_t>(option)));
}

/// Modes and dates only of what is open: Landlock does not hold them, and by its name the store is as near as
/// a plugin's own file. Landlock holds truncate() since Linux 6.2.
void add_files(Filter &filter) {
  filter.allow("utimensat", scmp_arg_cmp{1, SCMP_CMP_EQ, 0, 0});
  filter.allow("utimensat_time64", scmp_arg_cmp{1, SCMP_CMP_EQ, 0, 0});
}

void add_descriptors(Filter &filter) {
  for (const auto *name : {"fcntl", "fcntl64"})
    for (const int command : kDescriptorControls)
      filter.allow(name, is(1, static_cast<std::uint64_t>(command)));
}

/// Landlock's ports hold connect() of TCP: not the SYN of a send with MSG_FASTOPEN, and not the protocols
/// that are TCP to the peer and another one here (IPPROTO_MPTCP).
void add_sockets(Filter &filter, Network network) {
  // Pairs within the process: libcurl's own wake-ups. Not datagrams: one of those can be turned to another
  // address.
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET})
    filter.allow("socketpair", is(0, AF_UNIX), is(1, static_cast<std::uint64_t>(type), kSocketTypeBits));
  filter.allow("sendto", is(3, 0, MSG_FASTOPEN));
  filter.allow("sendmsg", is(2, 0, MSG_FASTOPEN));
  filter.allow("sendmmsg", is(3, 0, MSG_FASTOPEN));
  if (network == Network::none) return;
  for (const auto *name : kAllowedWithNetwork) filter.allow(name);
  for (const int family : {AF_INET, AF_INET6})
    for (const auto &[type, protocol] : {std::pair{SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, IPPROTO_UDP}})
      for (const int asked : {0, static_cast<int>(protocol)})
        filter.allow("socket", is(0, static_cast<std::uint64_t>(family)),
                     is(1, static_cast<std::uint64_t>(type), kSocketTypeBits),
                     is(2, static_cast<std::uint64_t>(asked)));
  // Which addresses this machine has: getaddrinfo() sorts by them.
  filter.allow("socket", is(0, AF_NETLINK), is(2, NETLINK_ROUTE));
}

void add_absences(Filter &filter) {
  for (const auto *name : kAbsent) filter.rule(SCMP_ACT_ERRNO(ENOSYS), name);
  for (int call{kNewCallsFrom}; call <= kNewCallsTo; ++call) {
    const bool is_allowed{std::ranges::find(kAllowedNewCalls, call) != std::end(kAllowedNewCalls)};
    filter.rule(is_allowed ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS), call);
  }
}

}  // namespace

Result<std::string> confine_calls(const SandboxSettings &settings) {
  Filter filter;
  filter.set(SCMP_FLTATR_CTL_NNP, 0);       // has been said already
  filter.set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree, not a list of 300 comparisons
  filter.set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
  filter.set(SCMP_FLTATR_API_SYSRAWRC, 1);  // the kernel's own word when it refuses
  for (const auto *name : kAllowed) filter.allow(name);
  add_own_process(filter);
  add_files(filter);
  add_descriptors(filter);
  add_sockets(filter, settings.network);
  add_absences(filter);
  for (const auto request : kDeviceControls) filter.allow("ioctl", is(1, request));
  const int error{filter.load()};
  if (error == 0) return std::string{};
  // EPERM: forbidden by a filter around the daemon, such as an old systemd unit's SystemCallFilter.
  if (error == EINVAL || error == ENOSYS || error == EPERM)
    return std::string("seccomp filters are not available here (") + std::strerror(error) + ")";
  return unavailable(std::string("the sandbox cannot limit system calls: ") + std::strerror(error));
}

}  // namespace relance::channel
