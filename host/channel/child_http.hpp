// relance.http/1 in a child: what a plugin calls becomes frames to the daemon's client, so that a child needs
// no socket of its own. The daemon holds every call to the same rules again.
#pragma once

#include "host/channel/child_outbox.hpp"
#include "host/channel/wire_http.hpp"

#include <mutex>
#include <vector>

namespace relance::channel {

class ChildHttp {
 public:
  explicit ChildHttp(ChildOutbox &outbox) : outbox_(outbox) {}

  // The main thread
  void begin(std::vector<HttpHost> hosts) { hosts_ = HttpHosts(std::move(hosts)); }
  /// A frame with a reply or a piece of one. False: it is none.
  bool take(const Frame &frame);
  /// Those that are whole; their tokens are free again.
  std::vector<HttpReply> replies();

  // Any thread of the plugin
  /// With a refusal its reason is in `because`.
  relance_status send(const HttpCall &call, std::string &because);
  void cancel(Token token);

 private:
  ChildOutbox &outbox_;
  HttpAssembly<HttpReply> assembly_;
  std::vector<HttpReply> whole_;
  std::mutex mutex_;
  HttpHosts hosts_;  ///< set before the plugin exists
  HttpRoom room_;
};

}  // namespace relance::channel
