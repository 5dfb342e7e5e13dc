// The provider, played: a TCP server that answers as told, breaks off at each stage of a conversation, and
// writes down every byte it was sent. HTTP with or without TLS, the few commands of SMTP that take one
// mail, or the few of SMPP that take one text.
#ifndef RELANCE_CHECK_SIMULATOR_HPP
#define RELANCE_CHECK_SIMULATOR_HPP
#include "sdk/check/profile.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace relance::check {

/// Where a conversation breaks off. Only requests that carry a message are broken; the others get their
/// answer.
enum class Stage {
  answer,               ///< as told
  refuse,               ///< nobody listens
  reset_at_accept,      ///< closed before a byte was read
  reset_in_request,     ///< part of the message was read
  reset_after_request,  ///< all of it, then RST
  close_after_request,  ///< all of it, then FIN
  cut_in_head,          ///< the answer breaks off in its status line
  cut_in_body,          ///< … or in its body
  garbage,              ///< an answer that is none
  silent,               ///< none at all
  drip,                 ///< the right one, a byte at a time
};
[[nodiscard]] const char *name_of(Stage stage);

struct Request {
  std::string method, target, head,
      body;  ///< of SMTP: "MAIL", the envelope, empty, the mail; of SMPP: "SUBMIT", empty, header, body
  bool is_whole{false};  ///< its last byte was read
  bool carries_message{false};
  std::chrono::steady_clock::time_point at;
};

class Simulator {
 public:
  Simulator(const Profile &profile, bool with_tls);
  ~Simulator();
  Simulator(const Simulator &) = delete;
  Simulator &operator=(const Simulator &) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// From now on. What requests without a message are answered with stays as it was told last.
  void behave(Stage stage, Answer answer);
  void answer_others(Answer answer);
  void breaks_every_request(bool is_wanted);  ///< also those without a message
  void hang_up();                             ///< on everybody who is connected
  void forget();                              ///< what was written down

  [[nodiscard]] std::vector<Request> requests() const;
  [[nodiscard]] std::vector<Request> messages() const;  ///< only those that carry one
  [[nodiscard]] std::size_t bytes_received() const;     ///< of application data
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace relance::check
#endif
