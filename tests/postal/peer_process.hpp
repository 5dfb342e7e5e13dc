// Programs that a test starts and ends by their pid, in a folder of their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace relance::test {

/// Removed with all that is in it.
class PeerFolder {
 public:
  PeerFolder();
  PeerFolder(const PeerFolder &) = delete;
  PeerFolder &operator=(const PeerFolder &) = delete;
  ~PeerFolder();
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Ended with SIGTERM, and SIGKILL where that does not help, together with its own children.
class PeerProcess {
 public:
  /// Its words go to `log`.
  PeerProcess(const std::vector<std::string> &command, const std::filesystem::path &log,
              const std::vector<std::string> &environment = {});
  PeerProcess(const PeerProcess &) = delete;
  PeerProcess &operator=(const PeerProcess &) = delete;
  ~PeerProcess();
  [[nodiscard]] bool is_running();
  void kill();

 private:
  pid_t pid_{-1};
};

/// Runs to its end; throws when that is not 0.
void run(const std::vector<std::string> &command, const std::filesystem::path &log);
[[nodiscard]] std::string found_program(const std::string &name);
[[nodiscard]] std::uint16_t free_port();
/// Throws when nobody listens there within 20 s, or the process ends.
void await_port(std::uint16_t port, PeerProcess &process, const std::filesystem::path &log);
[[nodiscard]] std::string text_of(const std::filesystem::path &file);

}  // namespace relance::test
