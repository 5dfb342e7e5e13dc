#include "tests/postal/peer_process.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace relance::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);
constexpr auto kLook = std::chrono::milliseconds(10);

pid_t begin(const std::vector<std::string> &command, const std::filesystem::path &log,
            const std::vector<std::string> &environment) {
  std::vector<char *> words;
  for (const auto &word : command) words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  const pid_t pid{::fork()};
  if (pid != 0) return pid;
  ::setpgid(0, 0);
  const int out{::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)};
  ::dup2(out, 1);
  ::dup2(out, 2);
  for (const auto &entry : environment) ::putenv(const_cast<char *>(entry.c_str()));
  ::execv(words[0], words.data());
  ::_exit(127);
}

/// Those of its children that live now, and theirs.
std::vector<pid_t> descendants_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto &entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    const auto stat = text_of(entry.path() / "stat");
    const auto after = stat.rfind(") ");  // "pid (name) state parent …"
    if (after == stat.npos || std::atoi(stat.c_str() + after + 4) != parent) continue;
    found.push_back(std::atoi(name.c_str()));
    for (const auto more : descendants_of(found.back())) found.push_back(more);
  }
  return found;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

PeerFolder::PeerFolder() {
  std::string pattern{(std::filesystem::temp_directory_path() / "relance-postal-XXXXXX").string()};
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}
PeerFolder::~PeerFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

PeerProcess::PeerProcess(const std::vector<std::string> &command, const std::filesystem::path &log,
                         const std::vector<std::string> &environment)
    : pid_(begin(command, log, environment)) {
  if (pid_ < 0) throw std::runtime_error("could not start " + command[0]);
}
PeerProcess::~PeerProcess() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGTERM);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (is_running() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(kLook);
  kill();
}
bool PeerProcess::is_running() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
    ::kill(-pid_, SIGKILL);
    pid_ = -1;
  }
  return pid_ > 0;
}
void PeerProcess::kill() {
  if (pid_ <= 0) return;
  const auto others = descendants_of(pid_);  // a server's sessions leave its group
  ::kill(-pid_, SIGKILL);
  for (const auto other : others) ::kill(other, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void run(const std::vector<std::string> &command, const std::filesystem::path &log) {
  const auto pid = begin(command, log, {});
  int status{0};
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw std::runtime_error(command[0] + " failed: " + text_of(log));
}

std::string found_program(const std::string &name) {
  for (const char *folder : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/bin/"})
    if (::access((folder + name).c_str(), X_OK) == 0) return folder + name;
  return {};
}

std::uint16_t free_port() {
  const int fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto address = loopback(0);
  socklen_t length{sizeof address};
  if (::bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length) != 0)
    throw std::runtime_error("no free port");
  ::close(fd);
  return ntohs(address.sin_port);
}

void await_port(std::uint16_t port, PeerProcess &process, const std::filesystem::path &log) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  const auto address = loopback(port);
  while (std::chrono::steady_clock::now() < end && process.is_running()) {
    const int fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const bool is_there{::connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0};
    ::close(fd);
    if (is_there) return;
    std::this_thread::sleep_for(kLook);
  }
  throw std::runtime_error("nobody listens at " + std::to_string(port) + ": " + text_of(log));
}

std::string text_of(const std::filesystem::path &file) {
  std::ostringstream text;
  text << std::ifstream{file}.rdbuf();
  return text.str();
}

}  // namespace relance::test
