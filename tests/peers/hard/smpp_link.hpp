// One TCP link to a message centre: opened, bound, read, written and closed by one thread; woken by any.
#pragma once

#include "tests/peers/hard/smpp_pdu.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace hard::smpp {

class Link {
 public:
  using Duration = std::chrono::steady_clock::duration;
  Link() : news_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Link() {
    close();
    ::close(news_);
  }
  Link(const Link &) = delete;
  Link &operator=(const Link &) = delete;

  void wake() { static_cast<void>(::eventfd_write(news_, 1)); }

  void open(const std::string &host, std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{5, 0};  // for connect() and for a write into a full window
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &to.sin_addr) != 1)
      throw std::runtime_error("not an IPv4 address: " + host);
    if (::connect(socket_, reinterpret_cast<const sockaddr *>(&to), sizeof to) != 0)
      throw std::runtime_error(std::string("could not connect: ") + std::strerror(errno));
    read_.clear();
    kept_.clear();
    is_closed_ = false;
  }
  /// The server's status; 0 is bound.
  std::uint32_t bind(const std::string &system_id, const std::string &password, Duration within) {
    std::string body;
    put_text(body, system_id), put_text(body, password), put_text(body, {});
    put(body, 0x34, 1), put(body, 0, 1), put(body, 0, 1), put_text(body, {});
    send(kBindTransceiver, body);
    return answer_of(kBindTransceiver, within);
  }
  void unbind() {
    send(kUnbind, {});
    answer_of(kUnbind, std::chrono::seconds{1});
  }
  /// True when it was open.
  bool close() {
    if (socket_ < 0) return false;
    ::close(socket_);
    socket_ = -1;
    return true;
  }
  [[nodiscard]] bool is_closed() const { return is_closed_; }
  std::uint32_t next_sequence() { return sequence_ = sequence_ % 0x7fffffff + 1; }
  void send(std::uint32_t command, const std::string &body) { send(command, body, next_sequence()); }
  void send(std::uint32_t command, const std::string &body, std::uint32_t sequence) {
    write(to_bytes({command, 0, sequence, body}));
  }
  void answer(const Pdu &asked, const std::string &body = {}) {
    if (socket_ >= 0) write(to_bytes({asked.command | kResponse, 0, asked.sequence, body}));
  }
  /// Until news or that time; bytes are left alone.
  void wait(Duration within) {
    pollfd one{news_, POLLIN, 0};
    poll_one(&one, 1, within);
  }
  /// What came within that time, or nothing at the first news.
  std::vector<Pdu> read(bool may_read, Duration within) {
    if (!kept_.empty() && may_read) return std::exchange(kept_, {});
    pollfd both[]{{news_, POLLIN, 0}, {socket_, static_cast<short>(may_read ? POLLIN : 0), 0}};
    poll_one(both, 2, within);
    if ((both[1].revents & (POLLIN | POLLHUP | POLLERR)) == 0) return {};
    char bytes[16 * 1024];
    const auto count = ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count == 0) is_closed_ = true;
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      throw std::runtime_error(std::string("the link broke: ") + std::strerror(errno));
    if (count > 0) read_.append(bytes, static_cast<std::size_t>(count));
    std::vector<Pdu> found;
    while (auto pdu = take_pdu(read_)) found.push_back(std::move(*pdu));
    return found;
  }

 private:
  void poll_one(pollfd *which, nfds_t count, Duration within) const {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(within).count();
    ::poll(which, count, static_cast<int>(std::max<std::int64_t>(ms, 0)));
    std::uint64_t told{0};
    if (which[0].revents != 0) static_cast<void>(::eventfd_read(news_, &told));
  }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw std::runtime_error(std::string("the link broke: ") + std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  std::uint32_t answer_of(std::uint32_t command, Duration within) {
    const auto until = std::chrono::steady_clock::now() + within;
    std::vector<Pdu> others;  // what comes with the answer is nobody's to drop
    while (std::chrono::steady_clock::now() < until && !is_closed_) {
      auto pdus = read(true, std::chrono::milliseconds{100});
      others.insert(others.end(), std::make_move_iterator(pdus.begin()), std::make_move_iterator(pdus.end()));
      const auto answer = std::find_if(others.begin(), others.end(),
                                       [&](const Pdu &pdu) { return pdu.command == (command | kResponse); });
      if (answer == others.end()) continue;
      const auto status = answer->status;
      others.erase(answer);
      kept_ = std::move(others);
      return status;
    }
    throw std::runtime_error("the server does not answer");
  }

  const int news_;
  int socket_{-1};
  std::uint32_t sequence_{0};
  std::string read_;
  std::vector<Pdu> kept_;
  bool is_closed_{false};
};

}  // namespace hard::smpp
