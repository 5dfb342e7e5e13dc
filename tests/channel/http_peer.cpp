#include "tests/channel/http_peer.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <charconv>
#include <memory>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::channel::test {
namespace {

constexpr auto kPeerPatience = std::chrono::seconds(60);

struct Key {
  explicit Key(const std::string &file) : key(EVP_EC_gen("P-256")) {
    FILE *out{std::fopen(file.c_str(), "w")};
    BOOST_REQUIRE(out != nullptr &&
                  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    std::fclose(out);
  }
  Key(const Key &) = delete;
  Key &operator=(const Key &) = delete;
  ~Key() { EVP_PKEY_free(key); }
  EVP_PKEY *key;
};

void add_extension(X509 *certificate, X509 *issuer, int nid, const std::string &value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION *extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
  BOOST_REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

struct Signed {
  std::string name, alternatives;
  long from_s, until_s;  // from now
  bool is_authority;
};

X509 *sign(const Signed &what, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const std::string &file) {
  static long serial{1000};
  X509 *certificate{X509_new()};
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), what.from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), what.until_s);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char *>(what.name.c_str()), -1, -1, 0);
  auto *by = issuer == nullptr ? certificate : issuer;
  X509_set_issuer_name(certificate, X509_get_subject_name(by));
  add_extension(certificate, by, NID_basic_constraints, what.is_authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!what.alternatives.empty()) add_extension(certificate, by, NID_subject_alt_name, what.alternatives);
  BOOST_REQUIRE(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
  FILE *out{std::fopen(file.c_str(), "w")};
  BOOST_REQUIRE(out != nullptr && PEM_write_X509(out, certificate) == 1);
  std::fclose(out);
  return certificate;
}

}  // namespace

TlsFiles make_certificate(const std::string &folder, Certificate kind) {
  constexpr long kDay{86'400};
  const TlsFiles files{folder + "/server.pem", folder + "/server.key", folder + "/authority.pem"};
  const Key authority_key(folder + "/authority.key"), server_key(files.key);
  auto *authority = sign({"Test authority", "", -kDay, kDay, true}, authority_key.key, nullptr,
                         authority_key.key, files.authority);
  Signed server{"localhost", "DNS:localhost,IP:127.0.0.1", -kDay, kDay, false};
  if (kind == Certificate::of_another_host) server.alternatives = "DNS:elsewhere.example";
  if (kind == Certificate::expired) server.until_s = -3600;
  const bool is_alone{kind == Certificate::self_signed};
  X509_free(sign(server, server_key.key, is_alone ? nullptr : authority,
                 is_alone ? server_key.key : authority_key.key, files.certificate));
  X509_free(authority);
  return files;
}

// ---------------------------------------------------------------------------------------------------------------------

HttpPeer::Connection::~Connection() {
  if (tls_ != nullptr) {
    SSL_shutdown(tls_);
    SSL_free(tls_);
  }
}

bool HttpPeer::Connection::start_tls(SSL_CTX *context) {
  tls_ = SSL_new(context);
  SSL_set_fd(tls_, fd_);
  return SSL_accept(tls_) == 1;
}

bool HttpPeer::Connection::more() {
  char bytes[65536];
  const auto n = tls_ != nullptr ? SSL_read(tls_, bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
  if (n <= 0) return false;
  unread_.append(bytes, static_cast<std::size_t>(n));
  return true;
}

bool HttpPeer::Connection::read(std::size_t bytes) {
  while (unread_.size() < bytes)
    if (!more()) return false;
  return true;
}

std::optional<std::string> HttpPeer::Connection::request() {
  std::size_t end{0};
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
    if (!more()) return std::nullopt;
  std::size_t body{0};
  constexpr std::string_view kLength{"\r\nContent-Length: "};
  if (const auto at = unread_.find(kLength); at < end) {
    const char *digits{unread_.data() + at + kLength.size()};
    std::from_chars(digits, unread_.data() + end, body);
  }
  if (!read(end + 4 + body)) return std::nullopt;
  auto whole = unread_.substr(0, end + 4 + body);
  unread_.erase(0, whole.size());
  peer_.note(whole);
  return whole;
}

bool HttpPeer::Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                   : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool HttpPeer::Connection::reply(int status, std::string_view body, std::string_view headers) {
  return send("HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" + std::string(body));
}

void HttpPeer::Connection::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void HttpPeer::Connection::wait_end() {
  while (more()) {
  }
}

HttpPeer::HttpPeer(Handler handler, std::optional<TlsFiles> tls) : handler_(std::move(handler)) {
  if (tls) {
    tls_ = SSL_CTX_new(TLS_server_method());
    BOOST_REQUIRE(SSL_CTX_use_certificate_file(tls_, tls->certificate.c_str(), SSL_FILETYPE_PEM) == 1);
    BOOST_REQUIRE(SSL_CTX_use_PrivateKey_file(tls_, tls->key.c_str(), SSL_FILETYPE_PEM) == 1);
  }
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto *const any = reinterpret_cast<sockaddr *>(&address);
  socklen_t length{sizeof address};
  BOOST_REQUIRE(::bind(listener_, any, length) == 0 && ::listen(listener_, 512) == 0);
  BOOST_REQUIRE(::getsockname(listener_, any, &length) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpPeer::~HttpPeer() {
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (auto &thread : threads_) thread.join();
  ::close(listener_);
  if (tls_ != nullptr) SSL_CTX_free(tls_);
}

void HttpPeer::accept_all() {
  sigset_t pipe;  // OpenSSL writes without MSG_NOSIGNAL; inherited by the connections' threads
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  for (;;) {
    const int fd{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)};
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number = ++accepted_] {
      {
        Connection connection(*this, fd, number);
        if (tls_ == nullptr || connection.start_tls(tls_)) handler_(connection);
      }
      const std::lock_guard closing(mutex_);
      std::erase(open_, fd);
      ::close(fd);
      ++closed_;
      changed_.notify_all();
    });
  }
}

void HttpPeer::note(std::string request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
  changed_.notify_all();
}

std::string HttpPeer::url(std::string_view path, std::string_view host) const {
  return std::string(tls_ != nullptr ? "https://" : "http://") + std::string(host) + ":" +
         std::to_string(port_) + std::string(path);
}

std::vector<std::string> HttpPeer::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::size_t HttpPeer::count_of(std::string_view method) {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(requests_.begin(), requests_.end(), [&](const auto &r) {
    return r.starts_with(std::string(method) + " ");
  }));
}

std::size_t HttpPeer::connection_count() {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

void HttpPeer::wait_requests(std::size_t count) {
  std::unique_lock lock(mutex_);
  BOOST_REQUIRE(changed_.wait_for(lock, kPeerPatience, [&] { return requests_.size() >= count; }));
}

void HttpPeer::wait_closed(std::size_t count) {
  std::unique_lock lock(mutex_);
  BOOST_REQUIRE(changed_.wait_for(lock, kPeerPatience, [&] { return closed_ >= count; }));
}

HttpPeer::Handler always(int status, std::string body, std::string headers) {
  return [=](HttpPeer::Connection &c) {
    while (c.request())
      if (!c.reply(status, body, headers)) return;
  };
}

}  // namespace relance::channel::test
