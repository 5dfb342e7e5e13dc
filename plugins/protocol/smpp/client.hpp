// The SMPP client that a plugin holds: a thread, one or more links to a message centre, and messages of one
// or more parts of which each ends with exactly one verdict. What it is careful about: a part that may have
// reached the message centre without an answer is never written again, on this link or another; what
// arrived is acknowledged only when it is said to be stored.
#pragma once

#include "plugins/protocol/smpp/status.hpp"
#include "plugins/protocol/wire/tls.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace relance::smpp {

enum class Mode : std::uint8_t {
  transceiver,
  pair,  ///< a transmitter and a receiver for each link
};

struct Timeouts {
  using Milliseconds = std::chrono::milliseconds;
  Milliseconds connect{10'000};  ///< with TLS
  Milliseconds bind{10'000};
  Milliseconds response{30'000};  ///< of a message: then it is in doubt
  Milliseconds enquire{30'000};   ///< a link that is silent so long is asked whether it lives
  Milliseconds enquired{10'000};  ///< and must have said something by then
  Milliseconds unbind{1'000};
  Milliseconds throttle_first{500}, throttle_most{30'000};  ///< a pause, doubled while it lasts
  Milliseconds backoff_first{500}, backoff_most{30'000};    ///< after a link that broke
  /// After a login that was refused: trying quickly locks accounts.
  Milliseconds refused_first{5'000}, refused_most{120'000};
};

struct Options {
  std::string host{};
  std::uint16_t port{2775};
  bool has_tls{false};
  wire::TlsOptions tls{};
  std::string system_id{}, password{}, system_type{}, address_range{};
  Mode mode{Mode::transceiver};
  std::size_t links{1};
  std::size_t window{16};  ///< PDUs without an answer, of each link
  Timeouts timeouts{};
  /// What this message centre means by numbers of its own, or otherwise than the standard.
  std::map<std::uint32_t, Verdict> verdicts{};

  [[nodiscard]] Verdict verdict_of(std::uint32_t status) const {
    const auto own = verdicts.find(status);
    return own == verdicts.end() ? meaning_of(status).verdict : own->second;
  }
};

struct Submission {
  std::uint64_t id{0};
  std::vector<std::string> parts{};  ///< bodies of submit_sm
  std::chrono::steady_clock::time_point not_after{};
};

struct Outcome {
  enum class Kind : std::uint8_t { accepted, refused, not_sent, unknown };
  Kind kind{Kind::unknown};
  Verdict verdict{Verdict::ok};  ///< of refused and not_sent
  std::uint32_t status{0};       ///< of the message centre; 0: it said nothing
  std::string code{}, text{};
  std::vector<std::string> message_ids{};  ///< by part, of those that were taken
  std::chrono::milliseconds retry_after{0};
  bool whole_client{false};
};
struct Completion {
  std::uint64_t id{0};
  Outcome outcome{};
};

/// A deliver_sm or data_sm: its token is this client's own name for it.
struct Arrival {
  std::uint64_t token{0};
  std::string pdu{};  ///< whole, its sequence number made 0, so that a repeat has the same bytes
};

struct Health {
  enum class Level : std::uint8_t { up, degraded, down };
  Level level{Level::down};
  std::string code{}, text{};
  std::chrono::milliseconds retry_in{0};
  bool operator==(const Health &) const = default;
};

struct Answer {
  bool is_answered{false};  ///< false: no link, or none that lived until the answer
  std::uint32_t status{0};
  std::string body{};
};

/// All are called on the client's thread and must not block.
struct Events {
  std::function<void(std::span<Completion>)> ended;
  /// How many were taken, from the front; the rest is offered again after room().
  std::function<std::size_t(std::span<const Arrival>)> arrived;
  std::function<void(const Health &)> health;
  std::function<void(bool)> open;  ///< whether messages may be handed over
};

class Client {
 public:
  Client(Options options, Events events);
  /// Ends what is open at once and joins the thread.
  ~Client();
  Client(const Client &) = delete;
  Client &operator=(const Client &) = delete;

  /// Empty, or why it cannot work with these options.
  std::string start();
  // [any thread] None of these waits.
  void submit(std::vector<Submission> submissions);
  void stored(std::vector<std::uint64_t> tokens);
  void room();
  /// query_sm, cancel_sm: anything that is asked once and answered once.
  void ask(std::uint32_t command, std::string body, std::function<void(const Answer &)> then);
  /// Nothing new; what waits ends as not sent, what was written has so long for its answer.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace relance::smpp
