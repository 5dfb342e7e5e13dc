// A plugin that tries to get out: the address of a message names an attempt ("read@x", "fork@x"), its subject
// what to try it on, and the outcome's code says how it went: "ok", or the name of the error.
#include <openssl/sha.h>
#include <relance/channel.hpp>

#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <functional>
#include <linux/capability.h>
#include <map>
#include <netdb.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace relance::sdk;

std::string result(bool is_done) {
  return is_done ? "ok" : ::strerrorname_np(errno);
}

/// Closes what it opened; says whether that worked.
std::string opened(int fd) {
  const auto text = result(fd >= 0);
  if (fd >= 0) ::close(fd);
  return text;
}

std::string read_file(const std::string &path) {
  return opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

/// Runs when the library is loaded, before the host calls anything of it.
const std::string kAtLoad{read_file("/etc/shadow")};

std::string list(const std::string &path) {
  DIR *folder{::opendir(path.c_str())};
  const auto text = result(folder != nullptr);
  if (folder != nullptr) ::closedir(folder);
  return text;
}

std::string write_file(const std::string &path) {
  return opened(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/// "PATH BYTES"
std::string write_much(const std::string &argument) {
  const auto space = argument.find(' ');
  const int fd{::open(argument.substr(0, space).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  if (fd < 0) return result(false);
  const bool is_written{::pwrite(fd, "x", 1, std::stoll(argument.substr(space)) - 1) == 1};
  const auto text = result(is_written);
  ::close(fd);
  return text;
}

std::string connect_port(const std::string &port) {
  const int fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (fd < 0) return result(false);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto text = result(::connect(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to) == 0);
  ::close(fd);
  return text;
}

/// "PORT PROTOCOL": other ways to the same place than connect() on a socket of TCP.
std::string connect_by_protocol(const std::string &argument) {
  const auto space = argument.find(' ');
  const int fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, std::stoi(argument.substr(space)))};
  if (fd < 0) return result(false);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(argument.substr(0, space))));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto text = result(::connect(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to) == 0);
  ::close(fd);
  return text;
}

/// The first bytes with the SYN: no call to connect().
std::string send_fast(const std::string &port) {
  const int fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (fd < 0) return result(false);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(port)));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto text = result(::sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
                                    reinterpret_cast<const sockaddr *>(&to), sizeof to) == 1);
  ::close(fd);
  return text;
}

/// A signal that the kernel sends in our place: when a socket has bytes, to whom its owner is said to be.
std::string kill_by_socket(const std::string &pid) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return result(false);
  const bool is_done{::fcntl(ends[0], F_SETOWN, std::stoi(pid)) == 0 &&
                     ::fcntl(ends[0], F_SETSIG, SIGKILL) == 0 &&
                     ::fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0 && ::write(ends[1], "x", 1) == 1};
  const auto text = result(is_done);
  for (const int fd : ends) ::close(fd);
  return text;
}

std::string connect_unix(const std::string &path) {
  const int fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (fd < 0) return result(false);
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::strncpy(to.sun_path, path.c_str(), sizeof to.sun_path - 1);
  const auto text = result(::connect(fd, reinterpret_cast<const sockaddr *>(&to), sizeof to) == 0);
  ::close(fd);
  return text;
}

std::string resolve(const std::string &name) {
  addrinfo *found{nullptr};
  const int error{::getaddrinfo(name.c_str(), "smtp", nullptr, &found)};
  if (error != 0) return ::gai_strerror(error);
  ::freeaddrinfo(found);
  return "ok";
}

std::string fork_one(const std::string &) {
  const pid_t child{::fork()};
  if (child == 0) ::_exit(0);
  const auto text = result(child > 0);
  if (child > 0) ::waitpid(child, nullptr, 0);
  return text;
}

/// "ok" when the program ran: /bin/true ends with 0.
std::string run_program(const std::string &path) {
  errno = 0;
  const int status{std::system(path.c_str())};
  return status == 0 ? "ok" : errno != 0 ? result(false) : "status " + std::to_string(status);
}

/// In this very process: only ever called where it is refused.
std::string become_program(const std::string &path) {
  std::string name(path);
  char *const arguments[]{name.data(), nullptr};
  ::execve(path.c_str(), arguments, nullptr);
  return result(false);
}

std::string start_thread(const std::string &) {
  int ran{0};
  std::thread([&] { ran = 1; }).join();
  return ran == 1 ? "ok" : "did not run";
}

std::string trace(const std::string &pid) {
  return result(::ptrace(PTRACE_SEIZE, std::stoi(pid), nullptr, nullptr) == 0);
}

std::string kill_process(const std::string &pid) {
  return result(::kill(std::stoi(pid), SIGKILL) == 0);
}

std::string peek(const std::string &pid) {
  std::array<char, 8> bytes{};
  iovec here{bytes.data(), bytes.size()}, there{bytes.data(), bytes.size()};
  // Nothing need be mapped there: EFAULT would mean that looking was allowed.
  const bool is_done{::process_vm_readv(std::stoi(pid), &here, 1, &there, 1, 0) >= 0 || errno == EFAULT};
  return result(is_done);
}

std::string change_limit(const std::string &) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return result(false);
  // Down and up again, within what anyone may.
  limit.rlim_cur = limit.rlim_max - 1;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return result(false);
  limit.rlim_cur = limit.rlim_max;
  return result(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

std::string gain_capability(const std::string &) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3]{};
  if (::syscall(SYS_capget, &header, sets) != 0) return result(false);
  if (sets[0].effective != 0) return "ok";
  sets[0].effective = sets[0].permitted = sets[0].inheritable = ~0u;
  return result(::syscall(SYS_capset, &header, sets) == 0);
}

std::string set_host_name(const std::string &) {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return result(false);
  return result(::sethostname(name.data(), std::strlen(name.data())) == 0);
}

std::string allocate(const std::string &mib, int flags) {
  const auto bytes = std::stoull(mib) << 20;
  void *const memory{::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0)};
  const bool is_done{memory != MAP_FAILED};
  const auto text = result(is_done);
  if (is_done) ::munmap(memory, bytes);
  return text;
}

/// Touches what it takes and keeps it, until there is no more.
std::string leak(const std::string &mib) {
  static std::vector<char *> kept;
  for (auto left = std::stoull(mib); left != 0; --left) {
    auto *const memory = static_cast<char *>(std::malloc(1u << 20));
    if (memory == nullptr) return result(false);
    std::memset(memory, 1, 1u << 20);
    kept.push_back(memory);
  }
  return "ok";
}

std::string open_many(const std::string &count) {
  std::vector<int> all;
  std::string text{"ok"};
  for (auto left = std::stoul(count); left != 0; --left) {
    const int fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    if (fd < 0) {
      text = result(false);
      break;
    }
    all.push_back(fd);
  }
  for (const int fd : all) ::close(fd);
  return text;
}

std::string call_number(const std::string &number) {
  return result(::syscall(std::stol(number), 0, 0, 0, 0, 0, 0) >= 0 || errno == EFAULT || errno == EINVAL);
}

/// Of the last part, as it arrived here, in hexadecimal; and whether the host had said the same.
std::string digest(const relance_message &message) {
  const auto &part = *message.parts[message.part_count - 1];
  std::array<unsigned char, SHA256_DIGEST_LENGTH> sum{};
  SHA256(reinterpret_cast<const unsigned char *>(part.bytes.data), part.bytes.len, sum.data());
  std::string text;
  for (const auto byte : sum) {
    constexpr char kDigits[]{"0123456789abcdef"};
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text + (std::memcmp(sum.data(), part.sha256, sum.size()) == 0 ? " as said" : " other than said");
}

using Attempt = std::function<std::string(const std::string &)>;

const std::map<std::string, Attempt, std::less<>> &attempts() {
  static const std::map<std::string, Attempt, std::less<>> all{
      {"constructor", [](const std::string &) { return kAtLoad; }},
      {"read", read_file},
      {"list", list},
      {"write", write_file},
      {"write_much", write_much},
      {"unlink", [](const std::string &path) { return result(::unlink(path.c_str()) == 0); }},
      {"connect", connect_port},
      {"connect_by", connect_by_protocol},
      {"send_fast", send_fast},
      {"kill_by_socket", kill_by_socket},
      {"chmod", [](const std::string &path) { return result(::chmod(path.c_str(), 0666) == 0); }},
      {"truncate", [](const std::string &path) { return result(::truncate(path.c_str(), 0) == 0); }},
      {"touch",
       [](const std::string &path) { return result(::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0); }},
      {"unix", connect_unix},
      {"resolve", resolve},
      {"fork", fork_one},
      {"program", run_program},
      {"become", become_program},
      {"thread", start_thread},
      {"trace", trace},
      {"kill", kill_process},
      {"peek", peek},
      {"change_limit", change_limit},
      {"capability", gain_capability},
      {"host_name", set_host_name},
      {"namespace", [](const std::string &) { return result(::unshare(CLONE_NEWUTS) == 0); }},
      {"dumpable", [](const std::string &) { return result(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0); }},
      {"is_dumpable",
       [](const std::string &) { return std::to_string(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)); }},
      {"private", [](const std::string &mib) { return allocate(mib, MAP_PRIVATE); }},
      {"shared", [](const std::string &mib) { return allocate(mib, MAP_SHARED); }},
      {"leak", leak},
      {"descriptors", open_many},
      {"call", call_number},
  };
  return all;
}

class Prisoner {
 public:
  static constexpr Description kDescription{.id = "org.relance.test.prisoner",
                                            .driver = "prisoner",
                                            .name = "Prisoner",
                                            .version = "1.0",
                                            .vendor = "Relance",
                                            .channel = "email",
                                            .settings_schema = R"({"type": "object"})"};

  Prisoner(Host host, std::string_view, std::string_view, Issues &) : host_(host) {}
  ~Prisoner() { stop(); }

  void stop() {
    is_stopping_ = true;
    if (shouting_.joinable()) shouting_.join();
  }

  void submit(std::vector<Pending> batch) {
    for (auto &pending : batch) {
      const relance_message &message = *pending;
      const auto address = to_view(message.addressee->address);
      if (address.starts_with("shout@") && !shouting_.joinable())
        shouting_ = std::thread([this] {
          while (!is_stopping_) {
            host_.log(LogLevel::info, "one of very many lines");
            host_.add("shouts");
            host_.health(HealthLevel::degraded, "loud", "never ends");
          }
        });
      if (address.starts_with("digest@")) {
        pending.end({.kind = OutcomeKind::accepted, .code = digest(message)});
        continue;
      }
      const auto attempt = attempts().find(address.substr(0, address.find('@')));
      Outcome outcome{.kind = OutcomeKind::accepted};
      outcome.code = attempt == attempts().end() ? "no such attempt"
                                                 : attempt->second(std::string(to_view(message.subject)));
      pending.end(outcome);
    }
  }

 private:
  Host host_;
  std::thread shouting_;
  std::atomic<bool> is_stopping_{false};
};

}  // namespace

RELANCE_EXPORT_DRIVERS(Prisoner)
