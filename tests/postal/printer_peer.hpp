// A real IPP Everywhere printer (CUPS's ippeveprinter) on loopback, whose "printing" is a script of the
// test's.
#pragma once

#include "tests/postal/peer_process.hpp"

#include <memory>
#include <string>
#include <vector>

namespace relance::test {

class PrinterPeer {
 public:
  /// Empty: it can run here; else why not.
  static std::string missing();
  explicit PrinterPeer(const std::string &format = "application/pdf");
  [[nodiscard]] std::string url() const { return "ipp://localhost:" + std::to_string(port_) + "/ipp/print"; }
  /// A job that prints waits until it is let go.
  void hold() const;
  void let_go() const;
  /// How the next jobs end: 0 completed, else aborted.
  void end_with(int status) const;
  /// The jobs printed, each by its name.
  [[nodiscard]] std::vector<std::string> printed() const;
  [[nodiscard]] std::string document(const std::string &job_name) const;
  void kill() { printer_->kill(); }

 private:
  PeerFolder folder_;
  std::uint16_t port_{free_port()};
  std::unique_ptr<PeerProcess> bus_, printer_;
};

}  // namespace relance::test
