// One SFTP session on libssh2, with a deadline for every step: the host key is pinned, and what went wrong is
// said so that a caller knows whether anything can have changed at the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::postal::sftp {

struct Server {
  std::string host;
  std::uint16_t port{22};
  std::string user, password;
  std::string private_key, passphrase;  ///< the key itself, in PEM or OpenSSH's form
  std::string host_key;                 ///< "SHA256:…" as ssh-keygen -l prints it
  std::uint32_t timeout_ms{20'000};
};

enum class FaultKind : std::uint8_t {
  unreachable,     ///< no session: nothing was asked of the server
  wrong_host_key,  ///< the same; somebody else may be answering
  refused_login,
  lost,      ///< the session ended within a request: it may have been done
  missing,   ///< no such file or folder
  denied,    ///< no permission
  full,      ///< no space, or over a quota
  refused,   ///< any other refusal of the server's; also "there is one of that name"
  too_large  ///< a file beyond the caller's limit
};
struct Fault {
  FaultKind kind{FaultKind::lost};
  std::string text{};
};
/// Nothing: it worked.
using Failed = std::optional<Fault>;

struct Entry {
  std::string name{};
  std::uint64_t size{0};
  std::int64_t changed_s{0};
  bool is_file{false};
};

class Session {
 public:
  /// `stopping` ends whatever waits, within a tenth of a second after its patience.
  static std::unique_ptr<Session> open(const Server &server, const std::atomic<bool> &stopping, Fault &fault);
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;
  ~Session();

  /// The whole file, also over one of that name; on the server's disk when it returns, where the server can.
  [[nodiscard]] Failed upload(const std::string &path, std::string_view bytes);
  /// Refused where there is a file of the new name.
  [[nodiscard]] Failed rename(const std::string &from, const std::string &to);
  [[nodiscard]] Failed remove(const std::string &path);
  [[nodiscard]] Failed look_at(const std::string &path, Entry &entry);
  [[nodiscard]] Failed list(const std::string &folder, std::size_t entries_max, std::vector<Entry> &entries);
  [[nodiscard]] Failed read(const std::string &path, std::size_t bytes_max, std::string &bytes);
  /// A request was lost: of no more use.
  [[nodiscard]] bool is_lost() const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace relance::postal::sftp
