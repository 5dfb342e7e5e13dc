#include "plugins/protocol/hylafax/socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace relance::hylafax {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kReadMax{16'384};
/// How soon a stop is seen by who waits, and how long an answer that is due may still take then: without it,
/// what was asked would be in doubt.
constexpr auto kGlance = 200ms, kStopPatience = 1500ms;

std::string words_of(int error) {
  char buffer[128]{};
  return ::strerror_r(error, buffer, sizeof buffer);
}

struct AddressesEnd {
  void operator()(addrinfo *list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesEnd>;

Addresses addresses_of(const std::string &host, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo *list{nullptr};
  const int fault{::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &list)};
  if (fault != 0) throw Fault("the fax server's name: " + std::string{::gai_strerror(fault)});
  return Addresses{list};
}

}  // namespace

Socket::Socket(const std::string &host, std::uint16_t port, std::chrono::milliseconds patience,
               const std::atomic<bool> &is_stopping)
    : patience_(patience), is_stopping_(&is_stopping) {
  const auto addresses = addresses_of(host, port);
  std::string why{"it has no address"};
  bool is_closed{false};
  for (const auto *to = addresses.get(); to != nullptr; to = to->ai_next) {
    Socket next;
    next.patience_ = patience, next.is_stopping_ = &is_stopping;
    next.fd_ = ::socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (next.fd_ < 0) {
      why = words_of(errno);
      continue;
    }
    const int one{1};  // a command is a line: nothing is gained by waiting for more
    ::setsockopt(next.fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    int error{::connect(next.fd_, to->ai_addr, to->ai_addrlen) == 0 ? 0 : errno};
    if (error == EINPROGRESS) try {
        next.await(POLLOUT);
        socklen_t size{sizeof error};
        ::getsockopt(next.fd_, SOL_SOCKET, SO_ERROR, &error, &size);
      } catch (const Fault &fault) {  // silent: another address may answer
        why = fault.what();
        continue;
      }
    if (error == 0) {
      *this = std::move(next);
      return;
    }
    why = words_of(error);
    is_closed = error == ECONNREFUSED;
  }
  if (is_closed) throw PortClosed("the fax server is not reached: " + why);
  throw Fault("the fax server is not reached: " + why);
}
Socket::Socket(Socket &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), patience_(other.patience_), is_stopping_(other.is_stopping_) {}
Socket &Socket::operator=(Socket &&other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(patience_, other.patience_);
  std::swap(is_stopping_, other.is_stopping_);
  return *this;
}
Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

void Socket::await(short events) const {
  auto end = Clock::now() + patience_;
  for (bool is_stop_seen{false};;) {
    if (!is_stop_seen && *is_stopping_)
      end = std::min(end, Clock::now() + kStopPatience), is_stop_seen = true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    if (left <= 0ms)
      throw Fault(is_stop_seen ? "the provider is being stopped" : "the fax server did not answer in time");
    pollfd item{fd_, events, 0};
    const int ready{
        ::poll(&item, 1, static_cast<int>(std::min<std::int64_t>(left.count(), kGlance.count())))};
    if (ready > 0) return;
    if (ready < 0 && errno != EINTR) throw Fault("waiting for the fax server: " + words_of(errno));
  }
}

void Socket::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      await(POLLOUT);
    } else if (errno != EINTR) {
      throw Fault("the connection to the fax server broke: " + words_of(errno));
    }
  }
}

std::string Socket::read() {
  std::string bytes(kReadMax, '\0');
  for (;;) {
    const auto count = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (count >= 0) {
      bytes.resize(static_cast<std::size_t>(count));
      return bytes;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      await(POLLIN);
    else if (errno != EINTR)
      throw Fault("the connection to the fax server broke: " + words_of(errno));
  }
}

bool Socket::is_quiet() const {
  char one{0};
  const auto count = ::recv(fd_, &one, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string Socket::peer() const {
  sockaddr_storage address{};
  socklen_t size{sizeof address};
  char name[NI_MAXHOST]{};
  if (::getpeername(fd_, reinterpret_cast<sockaddr *>(&address), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<const sockaddr *>(&address), size, name, sizeof name, nullptr, 0,
                    NI_NUMERICHOST) != 0)
    throw Fault("the connection to the fax server broke");
  return name;
}
bool Socket::is_ipv6() const {
  return peer().find(':') != std::string::npos;
}

}  // namespace relance::hylafax
