#include "tests/plugins-bad/exchange.hpp"

#include "tests/plugins-bad/faults.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cstdlib>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

std::string header_of(const std::string &head, const std::string &name) {
  auto all = head;
  std::transform(all.begin(), all.end(), all.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto at = all.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 4;
  return head.substr(from, head.find("\r\n", from) - from);
}

namespace {

/// Plain or under TLS, the same two functions.
class Line {
 public:
  explicit Line(int fd) : fd_(fd) {}
  ~Line() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    if (!is_bad(Fault::leaks_descriptors)) ::close(fd_);
  }
  Line(const Line &) = delete;
  Line &operator=(const Line &) = delete;

  bool secure(const std::string &host) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_default_verify_paths(context_);
    SSL_CTX_set_verify(context_, is_bad(Fault::believes_any_certificate) ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
                       nullptr);
    ssl_ = SSL_new(context_);
    SSL_set1_host(ssl_, host.c_str());
    SSL_set_fd(ssl_, fd_);
    return SSL_connect(ssl_) == 1;
  }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ssl_ != nullptr
                             ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                             : static_cast<int>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  bool read(std::string &into) {
    char block[4'096];
    const auto count = ssl_ != nullptr ? SSL_read(ssl_, block, sizeof block)
                                       : static_cast<int>(::recv(fd_, block, sizeof block, 0));
    if (count > 0) into.append(block, static_cast<std::size_t>(count));
    return count > 0;
  }

 private:
  int fd_;
  SSL_CTX *context_{nullptr};
  SSL *ssl_{nullptr};
};

/// The answer as far as it came.
void take_apart(const std::string &bytes, Answered &answered) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string::npos || bytes.compare(0, 5, "HTTP/") != 0) {
    if (is_bad(Fault::accepts_half_an_answer) && bytes.compare(0, 10, "HTTP/1.1 2") == 0) {
      answered.status = 200;
      answered.is_whole = true;
      answered.body = "\"id\": \"half-" + std::to_string(bytes.size()) + "\"";
    }
    return;
  }
  answered.head = bytes.substr(0, end + 2);
  answered.status = std::atoi(bytes.c_str() + 9);
  answered.body = bytes.substr(end + 4);
  const auto length = header_of(answered.head, "content-length");
  answered.is_whole = !length.empty() && answered.body.size() >= std::strtoul(length.c_str(), nullptr, 10);
}

}  // namespace

Answered Provider::talk(const std::string &request) {
  Answered answered;
  const bool is_secure{url_.compare(0, 8, "https://") == 0};
  const auto from = url_.find("://") == std::string::npos ? 0 : url_.find("://") + 3;
  const auto colon = url_.find(':', from);
  if (colon == std::string::npos) return answered;
  const auto host = url_.substr(from, colon - from);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(url_.c_str() + colon + 1)));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return answered;
  const int fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (fd < 0) return answered;
  Line line(fd);
  {
    const std::lock_guard lock(mutex_);
    if (is_given_up_) return answered;
    open_.insert(fd);
  }
  if (::connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0 &&
      (!is_secure || line.secure(host))) {
    answered.was_sent = true;
    std::string bytes;
    if (line.write(request)) {
      while (!answered.is_whole && line.read(bytes)) {
        take_apart(bytes, answered);
        if (is_bad(Fault::impatient) && !answered.is_whole) {
          answered.was_sent = false;
          break;
        }
      }
    }
    if (is_bad(Fault::garbage_is_success) && !bytes.empty() && answered.status == 0) {
      answered.is_whole = true;
      answered.status = 200;
      answered.body = "\"id\": \"garbage-" + std::to_string(request.size()) + "\"";
    }
  }
  const std::lock_guard lock(mutex_);
  open_.erase(fd);
  return answered;
}

Answered Provider::ask(const std::string &method, const std::string &target, const std::string &headers,
                       const std::string &body) {
  const auto request = method + " " + target + " HTTP/1.1\r\nhost: provider\r\nconnection: close\r\n" +
                       headers + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  auto answered = talk(request);
  if (is_bad(Fault::sends_again) && answered.was_sent && !answered.is_whole) answered = talk(request);
  return answered;
}

void Provider::give_up() {
  const std::lock_guard lock(mutex_);
  is_given_up_ = true;
  for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
}
