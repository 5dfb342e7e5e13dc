// Certificates of a test's own, made by the openssl program: an authority, a creditor that signs, a
// time-stamping authority whose replies the same program makes.
#pragma once

#include "host/evidence/signer.hpp"
#include "host/evidence/time_stamp.hpp"

#include <filesystem>
#include <string>

namespace relance::evidence::test {

/// A folder that is removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;
  [[nodiscard]] const std::filesystem::path &path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class Pki {
 public:
  Pki();

  /// Runs a shell line in the folder; its output, and a failed test when it ends with anything but 0.
  std::string run(const std::string &line) const;
  [[nodiscard]] bool fails(const std::string &line) const;
  [[nodiscard]] std::string read(const std::string &name) const;
  void write(const std::string &name, std::string_view bytes) const;

  /// NAME.pem and NAME.key from the authority. kind: "signer", "tsa" or "other"; dates as 20200101000000Z.
  void issue(const std::string &name, const std::string &kind, const std::string &from = {},
             const std::string &until = {});
  void revoke(const std::string &name);
  /// crl.pem, as of now.
  void list_revoked();

  [[nodiscard]] Signer signer(const std::string &name = "creditor") const;
  /// The reply to this request of the time-stamping authority with that certificate.
  [[nodiscard]] std::string reply_to(const std::string &request, const std::string &authority = "tsa") const;
  [[nodiscard]] Trust trust() const { return {read("ca.pem"), {}}; }
  /// A checked token, as an export asks for it.
  [[nodiscard]] Result<std::string> stamp(const Sha256 &imprint, const std::string &authority = "tsa") const;

  const TemporaryFolder folder;
};

}  // namespace relance::evidence::test
