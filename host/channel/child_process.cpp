#include "host/channel/child_process.hpp"

#include "host/channel/child_role.hpp"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace relance::channel {
namespace {

constexpr int kAboveChildDescriptors{
    10};  ///< so that no dup2 of the child's start hits what another still needs
constexpr int kSocketBufferBytes{1 << 20};  ///< a few batches; the kernel may cut it to its own bound

Error start_failed(const std::string &what) {
  return unavailable("cannot " + what + ": " + std::strerror(errno));
}

Result<Descriptor> take_lock(const std::string &path) {
  Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.is_open()) return start_failed("open the lock file '" + path + "'");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return start_failed("lock '" + path + "'");
  char holder[32]{};
  const auto length = ::pread(lock.get(), holder, sizeof holder - 1, 0);
  return conflict("a child of an earlier daemon still lives and may still be sending: it holds '" + path +
                  "', process " +
                  (length > 0 ? std::string(holder, strcspn(holder, " \n")) : std::string("unknown")));
}

/// Only for the operator's eyes: the lock itself is what counts. One write of a fixed length, so that nobody
/// ever reads an empty file or half a number.
void write_holder(int lock, pid_t pid) {
  char text[16];
  std::snprintf(text, sizeof text, "%-14d\n", static_cast<int>(pid));
  static_cast<void>(!::pwrite(lock, text, sizeof text - 1, 0));
}

/// The child's descriptors and signals as they shall be, whatever the daemon's are.
struct SpawnPlan {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnPlan(int socket, int lock, int errors) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, socket, kChildSocket);
    if (lock >= 0) posix_spawn_file_actions_adddup2(&actions, lock, kChildLock);
    posix_spawn_file_actions_addclosefrom_np(&actions, lock >= 0 ? kChildLock + 1 : kChildLock);
    posix_spawnattr_init(&attributes);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  SpawnPlan(const SpawnPlan &) = delete;
  SpawnPlan &operator=(const SpawnPlan &) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
};

Descriptor move_up(Descriptor low) {
  return Descriptor(::fcntl(low.get(), F_DUPFD_CLOEXEC, kAboveChildDescriptors));
}

}  // namespace

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  kill();
  static_cast<void>(reap());
}

Result<void> ChildProcess::spawn(const std::string &program, const std::string &id,
                                 const std::string &lock_path) {
  Descriptor lock;
  if (!lock_path.empty()) {
    auto taken = take_lock(lock_path);
    if (!taken) return taken.error();
    lock = move_up(std::move(*taken));
  }
  int ends[2]{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return start_failed("make a pair of sockets");
  Descriptor ours(ends[0]);
  const auto theirs = move_up(Descriptor(ends[1]));
  for (const int fd : {ours.get(), theirs.get()})
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSocketBufferBytes, sizeof kSocketBufferBytes);

  int pipe_ends[2]{-1, -1};
  if (::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) return start_failed("make a pipe");
  Descriptor errors(pipe_ends[0]);
  const auto their_errors = move_up(Descriptor(pipe_ends[1]));

  const SpawnPlan plan(theirs.get(), lock.get(), their_errors.get());
  std::string argv0("relanced"), argv1(kChildArgument), argv2(id);
  char *const argv[]{argv0.data(), argv1.data(), argv2.data(), nullptr};
  char *const environment[]{nullptr};
  pid_t pid{-1};
  const int error{::posix_spawn(&pid, program.c_str(), &plan.actions, &plan.attributes, argv, environment)};
  if (error != 0)
    return unavailable("cannot start '" + program + "' as a channel child: " + std::strerror(error));
  if (lock.is_open()) write_holder(lock.get(), pid);
  pid_ = pid;
  socket_ = std::move(ours);
  errors_ = std::move(errors);
  return {};
}

void ChildProcess::kill() {
  if (pid_ > 1) ::kill(pid_, SIGKILL);  // 0, 1 and -1 would mean others
}

void ChildProcess::close_writing() {
  if (socket_.is_open()) ::shutdown(socket_.get(), SHUT_WR);
}

std::string ChildProcess::reap() {
  if (pid_ < 0) return "was not running";
  socket_.close();
  int status{0};
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    const int signal{WTERMSIG(status)};
    const char *name{::sigabbrev_np(signal)};
    return "was killed by signal " + std::to_string(signal) +
           (name != nullptr ? " (SIG" + std::string(name) + ")" : "");
  }
  const int code{WEXITSTATUS(status)};
  return "ended with status " + std::to_string(code) +
         (code == kExitBadFrame        ? " (what the daemon sent it was no frame)"
          : code == kExitNoDescriptors ? " (the plugin had used up its descriptors)"
                                       : "");
}

}  // namespace relance::channel
