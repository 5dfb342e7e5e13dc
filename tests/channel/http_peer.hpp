// An HTTP server whose every byte the test decides: what it reads, when it answers, how it ends a connection.
// Each connection is the test's own function on a thread of its own; each request read is kept, as what
// counts is how often the peer has seen it.
#pragma once

#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace relance::channel::test {

/// Where a server's certificate and key lie, and the authority that signed it.
struct TlsFiles {
  std::string certificate, key, authority;
};
enum class Certificate : std::uint8_t { good, of_another_host, expired, self_signed };
/// Made in `folder`; good for "localhost" and 127.0.0.1.
TlsFiles make_certificate(const std::string &folder, Certificate kind);

class HttpPeer {
 public:
  class Connection {
   public:
    Connection(HttpPeer &peer, int fd, std::size_t number) : peer_(peer), fd_(fd), number_(number) {}
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;
    ~Connection();
    /// A whole request, head and body, is noted and given; nothing: the other side ended.
    std::optional<std::string> request();
    /// So many bytes at least.
    bool read(std::size_t bytes);
    bool send(std::string_view bytes);
    bool reply(int status, std::string_view body, std::string_view headers = "");
    /// The connection ends with a reset, as when the process behind it dies.
    void reset();
    /// Until the other side has closed.
    void wait_end();
    [[nodiscard]] std::size_t number() const { return number_; }  ///< from 1
    bool start_tls(SSL_CTX *context);

   private:
    friend class HttpPeer;
    bool more();
    HttpPeer &peer_;
    const int fd_;
    const std::size_t number_;
    SSL *tls_{nullptr};
    std::string unread_;
  };
  using Handler = std::function<void(Connection &)>;

  explicit HttpPeer(Handler handler, std::optional<TlsFiles> tls = std::nullopt);
  HttpPeer(const HttpPeer &) = delete;
  HttpPeer &operator=(const HttpPeer &) = delete;
  ~HttpPeer();

  [[nodiscard]] std::string url(std::string_view path = "/", std::string_view host = "127.0.0.1") const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  std::vector<std::string> requests();
  std::size_t count_of(std::string_view method);
  std::size_t connection_count();
  /// Waits for it.
  void wait_requests(std::size_t count);
  void wait_closed(std::size_t count);  ///< so many connections, by this side

 private:
  void accept_all();
  void note(std::string request);

  const Handler handler_;
  SSL_CTX *tls_{nullptr};
  int listener_{-1};
  std::uint16_t port_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::size_t accepted_{0}, closed_{0};
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

/// Answers every request of every connection with this.
HttpPeer::Handler always(int status, std::string body, std::string headers = "");

}  // namespace relance::channel::test
