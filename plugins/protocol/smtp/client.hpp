// The SMTP client that a plugin holds: takes messages from any thread, ends each with exactly one verdict.
#pragma once

#include "plugins/protocol/smtp/envelope.hpp"
#include "plugins/protocol/smtp/options.hpp"
#include "plugins/protocol/smtp/outcome.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace relance::smtp {

class Client {
 public:
  /// Called on the client's thread with one or more completions; must not block. They may be moved from.
  using Sink = std::function<void(std::span<Completion>)>;

  Client(Options options, Sink sink);
  /// Ends what is open at once (not sent or unknown, as it stands) and joins the thread.
  ~Client();
  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  /// Empty, or why it cannot work with these options. Connections are opened only when there is mail.
  std::string start();
  /// [any thread] Never waits. What is not fit to be sent ends as rejected at Stage::local.
  void submit(std::vector<Submission> submissions);
  /// [any thread] A wish: what still waits here ends as not sent.
  void cancel(std::vector<std::uint64_t> ids);
  /// [any thread] Nothing new; what waits ends as not sent, what is under way has so long to end. Returns at
  /// once.
  void stop(std::chrono::milliseconds grace);
  /// After stop(): until every message has ended and the thread has returned.
  void join();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace relance::smtp
