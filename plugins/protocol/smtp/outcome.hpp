// What became of one message. The difference between not_sent and unknown is what everything above relies on.
#pragma once

#include "plugins/protocol/smtp/envelope.hpp"
#include "plugins/protocol/smtp/reply.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relance::smtp {

enum class Verdict : std::uint8_t {
  accepted,  ///< the server took it for at least one recipient
  rejected,  ///< refused for good
  not_sent,  ///< the server certainly does not have it: trying again is safe
  unknown,   ///< the terminating dot may have reached the server, and its answer never came
};

enum class Stage : std::uint8_t {
  local,  ///< before any byte: refused by our own checks
  queue,  ///< waited here
  connect,
  tls,
  greeting,
  ehlo,
  auth,
  mail,
  rcpt,
  data,         ///< the command, up to 354
  content,      ///< the message itself, up to its dot
  end_of_data,  ///< from the dot on
};
std::string_view name_of(Verdict verdict);
std::string_view name_of(Stage stage);

struct Outcome {
  Verdict verdict{Verdict::unknown};
  Stage stage{Stage::local};
  Reply reply{};                   ///< the one that decided, if one did
  std::string detail{};            ///< our own words when no reply decided; never a secret
  std::string queue_id{};          ///< accepted only, where the server's wording is known
  std::int64_t retry_after_ms{0};  ///< 0: not said
  bool whole_server{false};        ///< the pause holds for every message of this client
  std::vector<Reply>
      recipients{};  ///< one a recipient, in order, as far as they came; empty for a single recipient
};

struct Completion {
  std::uint64_t id{0};
  Outcome outcome{};
  Submission submission{};  ///< not sent: the message, so that another server can be given it
};

}  // namespace relance::smtp
