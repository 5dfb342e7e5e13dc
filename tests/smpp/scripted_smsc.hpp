// A message centre in this process that does as a test tells it: a thread for each link, blocking, so that
// each step stands where it happens.
#pragma once

#include "plugins/protocol/smpp/body.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace relance::smpp::test {

struct Seen {
  std::size_t link{0};
  std::uint32_t command{0}, status{0}, sequence{0};
  std::string body{};
};

class ScriptedSmsc {
 public:
  class Peer {
   public:
    Peer(int socket, std::size_t number) : socket_{socket}, number_{number} {}
    void send(std::uint32_t command, std::uint32_t status, std::uint32_t sequence,
              std::string_view body = {});
    void send_raw(std::string_view octets);
    void answer(const Seen &asked, std::uint32_t status = 0, std::string_view body = {}) {
      send(asked.command | kResponse, status, asked.sequence, body);
    }
    void close();
    [[nodiscard]] std::size_t number() const { return number_; }

   private:
    friend class ScriptedSmsc;
    const int socket_;
    const std::size_t number_;
    std::mutex mutex_;
  };
  using Handler = std::function<void(Peer &, const Seen &)>;

  /// Commands that are not in it: binds, enquire_link and unbind are answered, submit_sm is taken as "m-1" …
  explicit ScriptedSmsc(std::map<std::uint32_t, Handler> handlers = {});
  ~ScriptedSmsc();
  ScriptedSmsc(const ScriptedSmsc &) = delete;
  ScriptedSmsc &operator=(const ScriptedSmsc &) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::vector<Seen> seen(std::uint32_t command);
  /// Waits until so many have come; throws when they do not.
  std::vector<Seen> await(std::uint32_t command, std::size_t count = 1);
  /// The latest link that is open; throws when there is none.
  Peer &peer();
  /// A deliver_sm to the latest link.
  void deliver(const ShortMessage &message, std::uint32_t sequence);
  void usual(Peer &peer, const Seen &seen);

 private:
  void accept_all();
  void serve(Peer &peer);

  std::map<std::uint32_t, Handler> handlers_;
  int listener_{-1};
  std::uint16_t port_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Seen> seen_;
  std::list<Peer> peers_;
  std::vector<Peer *> open_;
  std::size_t last_id_{0};
  bool is_ending_{false};
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace relance::smpp::test
