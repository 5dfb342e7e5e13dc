// A message centre that does nothing but answer, as fast as one core can: takes every text, and with
// --receipts delivers a receipt for each. Prints its port, then at each line of its standard input how many
// texts it took and how many receipts were acknowledged; ends with its standard input.
#include "plugins/protocol/smpp/body.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::smpp {
namespace {

struct Link {
  std::string in{}, out{};
};

class Sink {
 public:
  explicit Sink(bool sends_receipts) : sends_receipts_{sends_receipts} {}

  int run() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size{sizeof address};
    if (::bind(listener_, reinterpret_cast<sockaddr *>(&address), size) != 0 || ::listen(listener_, 64) != 0)
      return 2;
    ::getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &size);
    watch(listener_);
    watch(STDIN_FILENO);
    std::printf("%u\n", ntohs(address.sin_port));
    std::fflush(stdout);
    std::array<epoll_event, 64> events{};
    for (;;) {
      const int count{::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1)};
      for (int at{0}; at < count; ++at)
        if (!serve(events[static_cast<std::size_t>(at)].data.fd)) return 0;
    }
  }

 private:
  void watch(int fd) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  bool serve(int fd) {
    char octets[64 * 1024];
    if (fd == listener_) {
      const int link{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)};
      const int on{1};
      ::setsockopt(link, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      links_[link];
      watch(link);
      return true;
    }
    const auto count = ::read(fd, octets, sizeof octets);
    if (fd == STDIN_FILENO) {
      if (count <= 0) return false;
      std::printf("%zu %zu\n", taken_, acknowledged_);
      std::fflush(stdout);
      return true;
    }
    // Who writes without TCP_NODELAY waits for our acknowledgement: it must not be a delayed one.
    const int on{1};
    ::setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    auto &link = links_[fd];
    if (count <= 0) {
      ::close(fd);
      links_.erase(fd);
      return true;
    }
    link.in.append(octets, static_cast<std::size_t>(count));
    take_all(link);
    // Blocking: what does not fit waits for its reader, as everything here does.
    for (std::size_t sent{0}; sent < link.out.size();) {
      const auto some = ::send(fd, link.out.data() + sent, link.out.size() - sent, MSG_NOSIGNAL);
      if (some <= 0) break;
      sent += static_cast<std::size_t>(some);
    }
    link.out.clear();
    return true;
  }

  void take_all(Link &link) {
    std::string_view rest{link.in};
    for (auto frame = read_frame(rest); frame.state == Frame::State::whole; frame = read_frame(rest)) {
      take(link, frame.pdu);
      rest.remove_prefix(frame.pdu.whole.size());
    }
    link.in.erase(0, link.in.size() - rest.size());
  }

  void take(Link &link, const Pdu &pdu) {
    if (pdu.command == (kDeliverSm | kResponse)) ++acknowledged_;
    if ((pdu.command & kResponse) != 0) return;
    if (pdu.command != kSubmitSm)
      return append_pdu(link.out, pdu.command | kResponse, 0, pdu.sequence, std::string_view{"sink\0", 5});
    char id[24];
    const int length{std::snprintf(id, sizeof id, "%zu", ++taken_)};
    append_pdu(link.out, kSubmitSm | kResponse, 0, pdu.sequence, {id, static_cast<std::size_t>(length) + 1});
    if (sends_receipts_) report(link, pdu, {id, static_cast<std::size_t>(length) + 1});
  }

  void report(Link &link, const Pdu &pdu, std::string_view id) {
    const auto submitted = read_message(kSubmitSm, pdu.body);
    if (!submitted || submitted->registered_delivery == 0) return;
    const auto words =
        "id:" + std::string{id.substr(0, id.size() - 1)} +
        " sub:001 dlvrd:001 submit date:2603020800 done date:2603020801 stat:DELIVRD err:000 text:";
    ShortMessage receipt;
    receipt.source = submitted->destination;
    receipt.destination = submitted->source;
    receipt.esm_class = kTypeReceipt;
    receipt.text = words;
    receipt.options = {{kReceiptedMessageId, id}, {kMessageState, "\x02"}};
    std::string body;
    append_body(body, receipt);
    append_pdu(link.out, kDeliverSm, 0, ++sequence_, body);
  }

  const bool sends_receipts_;
  int epoll_{-1}, listener_{-1};
  std::map<int, Link> links_;
  std::size_t taken_{0}, acknowledged_{0};
  std::uint32_t sequence_{0};
};

}  // namespace
}  // namespace relance::smpp

int main(int argc, char **argv) {
  return relance::smpp::Sink{argc > 1 && std::strcmp(argv[1], "--receipts") == 0}.run();
}
