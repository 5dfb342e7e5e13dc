// A real OpenSSH server on loopback that serves nothing but SFTP in a folder of the test's.
#pragma once

#include "tests/postal/peer_process.hpp"

#include <memory>
#include <string>

namespace relance::test {

class SshServer {
 public:
  /// Empty: it can run here; else why not.
  static std::string missing();
  SshServer();
  void start();
  void kill() { process_->kill(); }
  [[nodiscard]] std::filesystem::path folder() const { return home_.path() / "drop"; }
  [[nodiscard]] std::filesystem::path home() const { return home_.path(); }
  [[nodiscard]] const std::string &host_key() const { return host_key_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Of a user that it lets in.
  [[nodiscard]] std::string private_key() const { return text_of(home_.path() / "user_key"); }
  [[nodiscard]] std::string other_key() const { return text_of(home_.path() / "other_key"); }
  [[nodiscard]] static std::string user();

 private:
  PeerFolder home_;
  std::uint16_t port_{free_port()};
  std::string host_key_;
  std::unique_ptr<PeerProcess> process_;
};

}  // namespace relance::test
