#include "tests/smpp/scripted_smsc.hpp"

#include <algorithm>
#include <chrono>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::smpp::test {
namespace {
constexpr std::chrono::seconds kPatience{60};
}

void ScriptedSmsc::Peer::send(std::uint32_t command, std::uint32_t status, std::uint32_t sequence,
                              std::string_view body) {
  std::string octets;
  append_pdu(octets, command, status, sequence, body);
  send_raw(octets);
}

void ScriptedSmsc::Peer::send_raw(std::string_view octets) {
  const std::lock_guard lock{mutex_};
  while (!octets.empty()) {
    const auto count = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ScriptedSmsc::Peer::close() {
  ::shutdown(socket_, SHUT_RDWR);
}

ScriptedSmsc::ScriptedSmsc(std::map<std::uint32_t, Handler> handlers) : handlers_{std::move(handlers)} {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size{sizeof address};
  if (::bind(listener_, reinterpret_cast<sockaddr *>(&address), size) != 0 || ::listen(listener_, 16) != 0)
    throw std::runtime_error("no port on 127.0.0.1");
  ::getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread{[this] { accept_all(); }};
}

ScriptedSmsc::~ScriptedSmsc() {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
    for (auto *peer : open_) peer->close();
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (auto &thread : threads_) thread.join();
  for (auto &peer : peers_) ::close(peer.socket_);
}

void ScriptedSmsc::accept_all() {
  for (;;) {
    const int socket{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)};
    if (socket < 0) return;
    const std::lock_guard lock{mutex_};
    auto &peer = peers_.emplace_back(socket, peers_.size() + 1);
    open_.push_back(&peer);
    if (is_ending_) peer.close();
    threads_.emplace_back([this, &peer] { serve(peer); });
  }
}

void ScriptedSmsc::serve(Peer &peer) {
  std::string read;
  char octets[16 * 1024];
  for (;;) {
    const auto count = ::recv(peer.socket_, octets, sizeof octets, 0);
    if (count <= 0) break;
    read.append(octets, static_cast<std::size_t>(count));
    for (auto frame = read_frame(read); frame.state == Frame::State::whole; frame = read_frame(read)) {
      const Seen seen{peer.number(), frame.pdu.command, frame.pdu.status, frame.pdu.sequence,
                      std::string{frame.pdu.body}};
      read.erase(0, frame.pdu.whole.size());
      {
        const std::lock_guard lock{mutex_};
        seen_.push_back(seen);
        changed_.notify_all();
      }
      const auto handler = handlers_.find(seen.command);
      if (handler != handlers_.end())
        handler->second(peer, seen);
      else
        usual(peer, seen);
    }
  }
  peer.close();
  const std::lock_guard lock{mutex_};
  std::erase(open_, &peer);
  changed_.notify_all();
}

void ScriptedSmsc::usual(Peer &peer, const Seen &seen) {
  if ((seen.command & kResponse) != 0) return;
  if (seen.command != kSubmitSm) return peer.answer(seen, 0, std::string_view{"peer\0", 5});
  std::string id;
  {
    const std::lock_guard lock{mutex_};
    id = "m-" + std::to_string(++last_id_);
  }
  peer.answer(seen, 0, id + '\0');
}

std::vector<Seen> ScriptedSmsc::seen(std::uint32_t command) {
  const std::lock_guard lock{mutex_};
  std::vector<Seen> found;
  std::copy_if(seen_.begin(), seen_.end(), std::back_inserter(found),
               [&](const Seen &one) { return one.command == command; });
  return found;
}

std::vector<Seen> ScriptedSmsc::await(std::uint32_t command, std::size_t count) {
  std::unique_lock lock{mutex_};
  const bool has_come{changed_.wait_for(lock, kPatience, [&] {
    return static_cast<std::size_t>(std::count_if(
               seen_.begin(), seen_.end(), [&](const Seen &one) { return one.command == command; })) >= count;
  })};
  lock.unlock();
  if (!has_come) throw std::runtime_error("did not come: PDU " + std::to_string(command));
  return seen(command);
}

ScriptedSmsc::Peer &ScriptedSmsc::peer() {
  const std::lock_guard lock{mutex_};
  if (open_.empty()) throw std::runtime_error("no link is open");
  return *open_.back();
}

void ScriptedSmsc::deliver(const ShortMessage &message, std::uint32_t sequence) {
  std::string body;
  append_body(body, message);
  peer().send(kDeliverSm, 0, sequence, body);
}

}  // namespace relance::smpp::test
