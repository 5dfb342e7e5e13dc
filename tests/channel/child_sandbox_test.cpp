// A plugin that tries to get out of its process's sandbox: what it is refused, that the same attempts work
// without the sandbox, and that what a plugin needs goes on working inside.
#include "tests/channel/child_bench.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace relance::channel {
using test::ChildBench;
namespace {

/// A process that may be killed or traced.
struct Victim {
  Victim() : pid(::fork()) {
    if (pid == 0)
      for (;;) ::pause();
  }
  Victim(const Victim &) = delete;
  Victim &operator=(const Victim &) = delete;
  ~Victim() {
    if (pid > 1) ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  const pid_t pid;
};

/// Listens; whoever connects has got out.
class Door {
 public:
  explicit Door(const std::string &path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::strncpy(name.sun_path, path.c_str(), sizeof name.sun_path - 1);
    open(reinterpret_cast<const sockaddr *>(&name), sizeof name);
  }
  Door() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open(reinterpret_cast<const sockaddr *>(&name), sizeof name);
    socklen_t length{sizeof name};
    ::getsockname(fd_, reinterpret_cast<sockaddr *>(&name), &length);
    port_ = ntohs(name.sin_port);
  }
  Door(const Door &) = delete;
  Door &operator=(const Door &) = delete;
  ~Door() { ::close(fd_); }
  std::string port() const { return std::to_string(port_); }

 private:
  void open(const sockaddr *name, socklen_t length) {
    BOOST_REQUIRE(::bind(fd_, name, length) == 0);
    BOOST_REQUIRE(::listen(fd_, 8) == 0);
  }
  const int fd_;
  int port_{0};
};

struct Prison : ChildBench {
  Prison() : ChildBench("prisoner") {
    for (const auto *name : {"data", "read", "elsewhere"}) std::filesystem::create_directory(at(name));
    for (const auto *name : {"relance.db", "read/file", "elsewhere/file", "named.pem"})
      std::ofstream(at(name)) << "bytes";
    settings.sandbox.data_folders = {{at("data"), true}, {at("read"), false}};
    settings.sandbox.files = {at("named.pem")};
  }
  std::string at(const std::string &name) const { return folder.path + "/" + name; }
  std::string attempt(const std::string &what, const std::string &argument = {}) {
    auto message = message_to(what + "@example.com");
    message.subject = argument;
    provider->submit({message});
    const auto outcome = events.wait_outcome_of(message.token);
    return outcome.kind == OutcomeKind::accepted ? outcome.code : "the child: " + outcome.text;
  }
  /// In front of it an attempt's name, behind it what stood in the outcome.
  void expect(const std::string &what, const std::string &argument, const std::string &wanted) {
    BOOST_TEST_CONTEXT(what << " " << argument) BOOST_TEST(attempt(what, argument) == wanted);
  }
};

std::string own_plugin_folder() {
  return test::plugin_folder();
}

}  // namespace
BOOST_AUTO_TEST_SUITE(child_sandbox_test)

BOOST_AUTO_TEST_CASE(files_of_the_machine_and_of_the_daemon_are_out_of_reach) {
  Prison prison;
  const Door control(prison.at("control.sock"));
  prison.start();
  BOOST_TEST(prison.provider->traits().sandbox == "full");
  prison.expect("constructor", "", "EACCES");  // no code of the plugin ran before
  for (const auto &path : {std::string("/etc/shadow"), std::string("/etc/passwd"), prison.at("relance.db"),
                           prison.at("p1.lock"), prison.at("elsewhere/file"), std::string("/proc/self/maps"),
                           "/proc/" + std::to_string(::getpid()) + "/environ"})
    prison.expect("read", path, "EACCES");
  for (const auto &path : {std::string("/"), std::string("/etc"), std::string("/root"), prison.folder.path,
                           std::string("/etc/ssl/private"), std::string("/proc"), own_plugin_folder()})
    prison.expect("list", path, std::filesystem::exists(path) ? "EACCES" : "ENOENT");
  prison.expect("write", own_plugin_folder() + "/intruder.so", "EACCES");
  prison.expect("write", prison.at("elsewhere/new"), "EACCES");
  prison.expect("write", prison.at("read/new"), "EACCES");
  prison.expect("write", prison.at("named.pem"), "EACCES");
  prison.expect("unlink", prison.at("relance.db"), "EACCES");
  prison.expect("unlink", prison.at("read/file"), "EACCES");
  prison.expect("unix", prison.at("control.sock"), "EPERM");
}

/// What Landlock does not hold, or only on newer kernels: seccomp does, wherever the file is.
BOOST_AUTO_TEST_CASE(files_out_of_reach_cannot_be_opened_to_others_dated_or_emptied_by_their_names) {
  for (const auto *program : {"channel_child", "channel_child_without_landlock"})
    BOOST_TEST_CONTEXT(program) {
      Prison prison;
      prison.settings.program = (relance::test::build_dir() / "bin" / program).string();
      prison.settings.sandbox.is_required = false;
      prison.start();
      const auto database = prison.at("relance.db");
      const auto before = std::filesystem::status(database).permissions();
      for (const auto *what : {"chmod", "truncate", "touch"}) prison.expect(what, database, "EPERM");
      BOOST_TEST((std::filesystem::status(database).permissions() == before));
      BOOST_TEST(std::filesystem::file_size(database) == 5u);
    }
}

BOOST_AUTO_TEST_CASE(other_processes_are_out_of_reach) {
  Prison prison;
  const Victim victim;
  prison.start();
  const auto daemon = std::to_string(::getpid()), other = std::to_string(victim.pid);
  for (const auto &pid : {daemon, other}) {
    prison.expect("kill", pid, "EPERM");
    prison.expect("kill_by_socket", pid, "EPERM");
    prison.expect("trace", pid, "EPERM");
    prison.expect("peek", pid, "EPERM");
  }
  prison.expect("fork", "", "EPERM");
  prison.expect("program", "true", "EPERM");
  prison.expect("become", "/bin/true", "EPERM");
  prison.expect("thread", "", "ok");
}

BOOST_AUTO_TEST_CASE(privileges_cannot_be_gained) {
  Prison prison;
  prison.start();
  prison.expect("capability", "", "EPERM");
  prison.expect("host_name", "", "EPERM");
  prison.expect("namespace", "", "EPERM");
  prison.expect("change_limit", "", "EPERM");
  prison.expect("dumpable", "", "EPERM");
  prison.expect("is_dumpable", "", "0");
  for (const long call : {SYS_mount, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_keyctl, SYS_setns,
                          SYS_open_by_handle_at, SYS_kexec_load, SYS_init_module, SYS_pidfd_open, SYS_setuid,
                          SYS_personality, SYS_shmget, SYS_memfd_create})
    prison.expect("call", std::to_string(call), "EPERM");
  for (const long call : {SYS_io_uring_setup, SYS_clone3})
    prison.expect("call", std::to_string(call), "ENOSYS");
}

BOOST_AUTO_TEST_CASE(without_the_sandbox_the_same_attempts_succeed) {
  if (::geteuid() != 0) {
    BOOST_TEST_MESSAGE("only root's plugin could do all of this");
    return;
  }
  const Victim traced, killed, signalled;  // outlive the one who traces, who would be told of their end first
  Prison prison;
  prison.settings.sandbox.is_enabled = false;
  const Door control(prison.at("control.sock")), port;
  prison.start();
  BOOST_TEST(prison.provider->traits().sandbox == "off");
  prison.expect("constructor", "", "ok");
  for (const auto &path :
       {std::string("/etc/shadow"), prison.at("relance.db"), prison.at("elsewhere/file"),
        std::string("/proc/self/maps"), "/proc/" + std::to_string(::getpid()) + "/environ"})
    prison.expect("read", path, "ok");
  prison.expect("list", "/", "ok");
  prison.expect("write", prison.at("elsewhere/new"), "ok");
  prison.expect("unlink", prison.at("relance.db"), "ok");
  prison.expect("unix", prison.at("control.sock"), "ok");
  prison.expect("connect", port.port(), "ok");
  prison.expect("trace", std::to_string(traced.pid), "ok");
  prison.expect("peek", std::to_string(traced.pid), "ok");
  prison.expect("kill", std::to_string(killed.pid), "ok");
  prison.expect("kill_by_socket", std::to_string(signalled.pid), "ok");
  prison.expect("send_fast", port.port(), "ok");
  for (const auto *what : {"chmod", "truncate", "touch"}) prison.expect(what, prison.at("named.pem"), "ok");
  for (const auto *what : {"fork", "thread", "capability", "host_name", "change_limit", "dumpable"})
    prison.expect(what, "", "ok");
  prison.expect("program", "true", "ok");
  prison.expect("private", "2000", "ok");
  prison.expect("shared", "3000", "ok");
  prison.expect("descriptors", "300", "ok");
  for (const long call : {SYS_userfaultfd, SYS_memfd_create})
    prison.expect("call", std::to_string(call), "ok");
  prison.expect("namespace", "", "ok");
}

BOOST_AUTO_TEST_CASE(what_a_plugin_needs_works_inside) {
  Prison prison;
  const Door port;
  prison.start();
  prison.expect("connect", port.port(), "ok");
  prison.expect("resolve", "localhost", "ok");
  prison.expect("read", "/etc/ssl/certs/ca-certificates.crt", "ok");
  prison.expect("read", "/usr/share/zoneinfo/Europe/Paris", "ok");
  prison.expect("read", prison.at("named.pem"), "ok");
  prison.expect("read", prison.at("read/file"), "ok");
  prison.expect("list", prison.at("read"), "ok");
  prison.expect("write", prison.at("data/new"), "ok");
  prison.expect("unlink", prison.at("data/new"), "ok");
}

BOOST_AUTO_TEST_CASE(without_network_there_is_no_socket) {
  Prison prison;
  prison.settings.sandbox.network = Network::none;
  const Door port, control(prison.at("control.sock"));
  prison.start();
  prison.expect("connect", port.port(), "EPERM");
  prison.expect("unix", prison.at("control.sock"), "EPERM");
  prison.expect("thread", "", "ok");
}

BOOST_AUTO_TEST_CASE(with_ports_named_only_those_can_be_reached) {
  Prison prison;
  const Door allowed, other;
  prison.settings.sandbox.connect_ports = {static_cast<std::uint16_t>(std::stoi(allowed.port()))};
  prison.start();
  prison.expect("connect", allowed.port(), "ok");
  prison.expect("connect", other.port(), "EACCES");
  // Landlock holds connect() of TCP, and these are neither.
  prison.expect("send_fast", other.port(), "EPERM");
  prison.expect("connect_by", other.port() + " " + std::to_string(IPPROTO_MPTCP), "EPERM");
  prison.expect("connect_by", other.port() + " " + std::to_string(IPPROTO_SCTP), "EPERM");
  prison.expect("connect_by", allowed.port() + " " + std::to_string(IPPROTO_TCP), "ok");
}

BOOST_AUTO_TEST_CASE(memory_descriptors_and_files_are_limited) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  BOOST_TEST_MESSAGE("no memory limit under sanitizers: they reserve terabytes");
  return;
#endif
#endif
  Prison prison;
  prison.settings.sandbox.memory_mib = 64;
  prison.settings.sandbox.descriptors = 32;
  prison.settings.sandbox.file_mib = 1;
  prison.start();
  prison.expect("private", "63", "ENOMEM");
  prison.expect("private", "32", "ok");
  prison.expect("shared", "1100", "ENOMEM");
  prison.expect("leak", "100", "ENOMEM");
  prison.expect("descriptors", "40", "EMFILE");
  prison.expect("write_much", prison.at("data/file") + " 1048576", "ok");
  prison.expect("write_much", prison.at("data/file") + " 1048577", "EFBIG");
}

struct Lack {
  const char *program, *said;
};
constexpr Lack kLacks[]{{"channel_child_without_landlock", "Landlock is not available here"},
                        {"channel_child_without_seccomp", "seccomp filters are not available here"}};

BOOST_AUTO_TEST_CASE(where_the_kernel_lacks_a_wall_the_provider_does_not_start_and_says_what_to_do) {
  for (const auto &[program, said] : kLacks) BOOST_TEST_CONTEXT(program) {
      Prison prison;
      prison.settings.program = (relance::test::build_dir() / "bin" / program).string();
      prison.make();
      const auto started = prison.provider->start(), checked = check_provider(prison.settings);
      BOOST_REQUIRE(!started);
      BOOST_REQUIRE(!checked);
      for (const auto &message : {started.error().message, checked.error().message}) {
        BOOST_TEST(message.find(said) != std::string::npos, message);
        BOOST_TEST(message.find("required = false") != std::string::npos, message);
      }
    }
}

BOOST_AUTO_TEST_CASE(allowed_to_it_runs_behind_the_walls_that_are_left_and_says_which_is_missing) {
  for (const auto &[program, said] : kLacks) BOOST_TEST_CONTEXT(program) {
      Prison prison;
      prison.settings.program = (relance::test::build_dir() / "bin" / program).string();
      prison.settings.sandbox.is_required = false;
      prison.start();
      const auto level = prison.provider->traits().sandbox;
      BOOST_TEST(level.starts_with("reduced: " + std::string(said)), level);
      const bool has_landlock{level.find("Landlock") == std::string::npos};
      prison.expect("read", prison.at("relance.db"), has_landlock ? "EACCES" : "ok");
      prison.expect("fork", "", has_landlock ? "ok" : "EPERM");
      prison.expect("capability", "", "EPERM");
    }
}

BOOST_AUTO_TEST_CASE(a_data_folder_that_is_not_there_is_named) {
  Prison prison;
  prison.settings.sandbox.data_folders.push_back({prison.at("nowhere"), false});
  prison.make();
  const auto started = prison.provider->start();
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().message.find(prison.at("nowhere")) != std::string::npos);
  BOOST_TEST(started.error().message.find("data_folders") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
