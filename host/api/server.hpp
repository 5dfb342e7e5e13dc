// HTTP/1.1 on a Unix socket. One thread reads and writes; handlers, which may wait for the engine, run on
// small pools of their own: one for questions and changes, one for what streams (imports, simulations, the
// test clock).
#pragma once

#include "host/api/router.hpp"
#include "host/base/time.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>

namespace relance::api {

struct ServerLimits {
  std::size_t connections_max{64};         ///< people and programs of one machine; more are told to come back
  std::size_t header_bytes_max{8 * 1024};  ///< request line and header together
  std::size_t body_bytes_max{1024 * 1024};     ///< of a request that is read whole
  std::uint64_t stream_bytes_max{1ull << 30};  ///< of a streamed import; a million rows are some 150 MB
  std::size_t workers{4}, streams{4};          ///< threads; each request holds one while it is worked on
  Milliseconds idle_timeout{60'000};           ///< between two requests of a connection, and for a header
  Milliseconds transfer_timeout{
      30'000};  ///< for a whole small body or answer; for each piece of a streamed one
};

class Server {
 public:
  /// Listens at `socket`, mode 0600. A socket that nobody answers on is replaced; one that answers is a
  /// conflict. The router outlives the server.
  static Result<std::unique_ptr<Server>> listen(const std::filesystem::path &socket, const Router &router,
                                                ServerLimits limits = {});
  ~Server();
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;

  /// Takes no new connection and no further request; what is being answered goes on. Any thread.
  void close_doors();
  /// Ends: answers that do not come to an end within a second are cut. Removes the socket. Any thread but its
  /// own.
  void stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace relance::api
