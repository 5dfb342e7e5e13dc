// One accepted connection, plain or under TLS, read by what it is to end with. The certificate of TlsServer
// is its own and signed by nobody: whoever goes on talking after it did not look.
#ifndef RELANCE_CHECK_LINE_SOCKET_HPP
#define RELANCE_CHECK_LINE_SOCKET_HPP
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace relance::check {

class TlsServer {
 public:
  TlsServer();
  ~TlsServer();
  TlsServer(const TlsServer &) = delete;
  TlsServer &operator=(const TlsServer &) = delete;
  [[nodiscard]] ssl_ctx_st *context() const { return context_; }

 private:
  ssl_ctx_st *context_;
};

class LineSocket {
 public:
  LineSocket(int fd, TlsServer *tls);
  ~LineSocket();
  LineSocket(const LineSocket &) = delete;
  LineSocket &operator=(const LineSocket &) = delete;

  [[nodiscard]] bool is_ready() const { return is_ready_; }  ///< false: no TLS came about
  [[nodiscard]] int fd() const { return fd_; }
  void count_into(std::atomic<std::size_t> &bytes) { bytes_ = &bytes; }

  /// Up to and with the mark. False: the peer went, or it was too much; `into` has what came.
  bool read_until(std::string_view mark, std::string &into, std::size_t most);
  bool read_exactly(std::size_t size, std::string &into);
  bool read_some(std::string &into, std::size_t least);
  bool write(std::string_view bytes);

 private:
  bool fill();

  int fd_;
  ssl_st *ssl_{nullptr};
  bool is_ready_{true};
  std::string buffer_;
  std::atomic<std::size_t> *bytes_{nullptr};
};

}  // namespace relance::check
#endif
