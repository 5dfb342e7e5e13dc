#include "tests/postal/ssh_server.hpp"

#include <fstream>
#include <pwd.h>
#include <stdexcept>
#include <unistd.h>

namespace relance::test {

std::string SshServer::missing() {
  for (const char *name : {"sshd", "ssh-keygen"})
    if (found_program(name).empty()) return std::string{name} + " is not installed";
  // Where it separates its privileges; made by the service's unit, which does not run here.
  if (::geteuid() == 0) std::filesystem::create_directories("/run/sshd");
  return {};
}

std::string SshServer::user() {
  const auto *entry = ::getpwuid(::geteuid());
  if (entry == nullptr) throw std::runtime_error("this user has no name");
  return entry->pw_name;
}

SshServer::SshServer() {
  const auto home = home_.path();
  for (const char *name : {"host_key", "user_key", "other_key"})
    run({found_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", (home / name).string()},
        home / "keygen.log");
  run({found_program("ssh-keygen"), "-lf", (home / "host_key.pub").string()}, home / "fingerprint");
  const auto words = text_of(home / "fingerprint");
  host_key_ = words.substr(words.find("SHA256:"), 50);
  std::filesystem::copy_file(home / "user_key.pub", home / "authorized_keys");
  std::filesystem::create_directories(folder());
  std::ofstream{home / "sshd_config"}
      << "ListenAddress 127.0.0.1\nPort " << port_ << "\nHostKey " << (home / "host_key").string()
      << "\nAuthorizedKeysFile " << (home / "authorized_keys").string()
      << "\nPidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication yes\n"
         "PermitRootLogin yes\nSubsystem sftp internal-sftp\nForceCommand internal-sftp\n"
         "MaxStartups 100\nLogLevel ERROR\n";
  start();
}

void SshServer::start() {
  const auto home = home_.path();
  process_ = std::make_unique<PeerProcess>(
      std::vector<std::string>{found_program("sshd"), "-D", "-e", "-f", (home / "sshd_config").string()},
      home / "sshd.log");
  await_port(port_, *process_, home / "sshd.log");
}

}  // namespace relance::test
