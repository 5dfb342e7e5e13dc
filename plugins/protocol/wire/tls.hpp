// TLS as a filter between two byte buffers: OpenSSL never touches the socket, so that nothing of it can raise
// SIGPIPE and every byte handed to the kernel is counted in one place.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace relance::wire {

/// Whom to speak to, and by whose word to believe that it is he.
struct TlsOptions {
  std::string host{};
  std::string server_name{};  ///< for SNI and the certificate's name; empty: host
  std::string ca_file{};      ///< PEM; empty: the system's
  bool verify_certificate{true};
};

/// The settings shared by all connections of a client.
class TlsContext {
 public:
  /// Null and `fault` set when the CA file cannot be used.
  static std::shared_ptr<TlsContext> make(const TlsOptions &options, std::string &fault);
  ~TlsContext();
  TlsContext(const TlsContext &) = delete;
  TlsContext &operator=(const TlsContext &) = delete;

 private:
  friend class TlsFilter;
  explicit TlsContext(ssl_ctx_st *context) : context_{context} {}
  ssl_ctx_st *context_;
};

class TlsFilter {
 public:
  TlsFilter(std::shared_ptr<TlsContext> context, const TlsOptions &options);
  ~TlsFilter();
  TlsFilter(const TlsFilter &) = delete;
  TlsFilter &operator=(const TlsFilter &) = delete;

  enum class State : std::uint8_t { open, handshaking, closed, failed };
  /// Goes on with the handshake; what must be sent is appended to `wire`.
  State handshake(std::string &wire);
  /// Takes bytes from the network, appends what they say to `plain` and what must be answered to `wire`.
  State read(std::string_view bytes, std::string &plain, std::string &wire);
  State write(std::string_view plain, std::string &wire);
  /// Why the state is failed: "certificate verify failed: hostname mismatch".
  [[nodiscard]] const std::string &fault() const { return fault_; }

 private:
  void take_output(std::string &wire);
  State fail();

  std::shared_ptr<TlsContext> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st *)> ssl_;
  std::string fault_;
};

}  // namespace relance::wire
