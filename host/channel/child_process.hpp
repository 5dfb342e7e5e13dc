// A channel child as a process: started from the daemon's own program with an empty environment and three
// descriptors (a pipe as its standard error, its socket, its lock), and ended.
//
// The lock is an flock on <id>.lock that the child inherits and holds by its life. Whoever cannot take it
// knows that a child of an earlier daemon still lives, which may still be sending.
#pragma once

#include "host/base/result.hpp"
#include "host/channel/descriptor.hpp"

#include <chrono>
#include <string>
#include <sys/types.h>

namespace relance::channel {

inline constexpr int kChildSocket{3}, kChildLock{4};  ///< the descriptors that a child is born with
inline constexpr const char *kChildArgument{"--channel-child"};

class ChildProcess {
 public:
  ChildProcess() = default;
  ChildProcess(const ChildProcess &) = delete;
  ChildProcess &operator=(const ChildProcess &) = delete;
  ~ChildProcess();  ///< kills what still lives

  /// `lock_path` empty: none is taken (a mere check of settings). A lock that is held is ErrorKind::conflict
  /// and names the process that holds it.
  Result<void> spawn(const std::string &program, const std::string &id, const std::string &lock_path);
  [[nodiscard]] int socket() const { return socket_.get(); }
  /// What it writes to its standard error; never blocks, and what finds no room is lost.
  [[nodiscard]] int errors() const { return errors_.get(); }
  void close_errors() { errors_.close(); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void kill();
  /// Nothing more is written to it: it ends what it has and exits.
  void close_writing();
  /// Waits for its end (after its socket has closed or it was killed that is at once), then says how it
  /// ended.
  std::string reap();

 private:
  Descriptor socket_, errors_;
  pid_t pid_{-1};
};

}  // namespace relance::channel
