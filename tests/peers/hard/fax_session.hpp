// One control connection to hfaxd, HylaFAX's server: commands with their replies, and documents through a
// passive data connection. Blocking, with a time limit on every step; ended from outside by shutdown(). A
// session forgets, when it ends, every job that it has made and not submitted. @see hfaxd(8), RFC 959 §4.2
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace hard {

class Socket {
 public:
  Socket() = default;
  Socket(const std::string &host, std::uint16_t port, int patience_s)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{patience_s, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &to.sin_addr) != 1 ||
        ::connect(fd_, reinterpret_cast<const sockaddr *>(&to), sizeof to) != 0) {
      const std::string why{std::strerror(errno)};
      ::close(fd_.exchange(-1));
      throw std::runtime_error("could not connect: " + why);
    }
  }
  Socket(Socket &&other) noexcept : fd_(other.fd_.exchange(-1)) {}
  Socket &operator=(Socket &&other) noexcept {
    const int old{fd_.exchange(other.fd_.exchange(-1))};
    if (old >= 0) ::close(old);
    return *this;
  }
  Socket(const Socket &) = delete;
  Socket &operator=(const Socket &) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void shutdown() { ::shutdown(fd_, SHUT_RDWR); }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) throw std::runtime_error(std::string("the connection broke: ") + std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  /// Empty at the end of the stream.
  std::string read() {
    char bytes[8192];
    const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
    if (count < 0) throw std::runtime_error(std::string("no answer: ") + std::strerror(errno));
    return {bytes, static_cast<std::size_t>(count)};
  }

 private:
  std::atomic<int> fd_{-1};
};

struct FaxReply {
  int code{0};
  std::string text{};  ///< of the last line, without its code
};

class FaxSession {
 public:
  static constexpr int kPatience_s{10};
  static constexpr std::size_t kLineMax{8192};

  void open(const std::string &host, std::uint16_t port, const std::string &user) {
    host_ = host;
    control_ = Socket(host, port, kPatience_s);
    read_.clear();
    if (reply().code != 220) throw std::runtime_error("no fax server answers");
    expect("USER " + user, 230);
    for (const char *word : {"TYPE I", "FORM PS", "TZONE GMT"}) expect(word, 200);
  }
  [[nodiscard]] bool is_open() const { return control_.is_open(); }
  void close() { control_ = Socket(); }
  /// From another thread: whoever waits gets an error.
  void interrupt() { control_.shutdown(); }

  FaxReply command(const std::string &line) {
    control_.write(line + "\r\n");
    return reply();
  }
  /// Throws on another code, with what the server said.
  std::string expect(const std::string &line, int code) {
    const auto said = command(line);
    if (said.code != code)
      throw std::runtime_error(line.substr(0, line.find(' ')) + ": " + std::to_string(said.code) + " " +
                               said.text);
    return said.text;
  }
  /// A job's parameter as it is now; the job must have been set by command("JOB …") just before.
  std::string parameter(const std::string &name) {
    const auto said = command("JPARM " + name);
    return said.code == 213 ? said.text : std::string{};
  }
  /// Returns the server's name of the document, which lives as long as this session or its job.
  std::string upload(std::string_view bytes) {
    auto data = passive();
    const auto begun = expect("STOT", 150);
    const auto from = begun.find("FILE: ");
    if (from == std::string::npos) throw std::runtime_error("the server names no document");
    data.write(bytes);
    data = Socket();
    if (reply().code != 226) throw std::runtime_error("the document was not taken");
    return begun.substr(from + 6, begun.find(' ', from + 6) - from - 6);
  }

 private:
  Socket passive() {
    const auto said = expect("PASV", 227);
    unsigned n[6]{};
    const auto at = said.find('(');
    if (at == std::string::npos ||
        std::sscanf(said.c_str() + at, "(%u,%u,%u,%u,%u,%u", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) != 6)
      throw std::runtime_error("no passive port: " + said);
    return {host_, static_cast<std::uint16_t>(n[4] << 8 | n[5]),
            kPatience_s};  // the same host, whatever address it names
  }
  std::string line() {
    for (;;) {
      if (const auto end = read_.find('\n'); end != std::string::npos) {
        auto found = read_.substr(0, end);
        read_.erase(0, end + 1);
        if (!found.empty() && found.back() == '\r') found.pop_back();
        return found;
      }
      if (read_.size() > kLineMax) throw std::runtime_error("a line without end");
      const auto some = control_.read();
      if (some.empty()) throw std::runtime_error("the server closed the connection");
      read_ += some;
    }
  }
  FaxReply reply() {
    for (;;) {
      const auto said = line();
      const bool is_last{said.size() >= 3 && said.find_first_not_of("0123456789") >= 3 &&
                         (said.size() == 3 || said[3] == ' ')};
      if (is_last) return {std::stoi(said.substr(0, 3)), said.size() > 4 ? said.substr(4) : std::string{}};
    }
  }

  std::string host_, read_;
  Socket control_;
};

}  // namespace hard
