// What an operator says about a submission server, and how long each stage may take.
#pragma once

#include "plugins/protocol/wire/tls.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace relance::smtp {

using wire::TlsContext;
using wire::TlsFilter;

enum class TlsMode : std::uint8_t {
  none,
  starttls,  ///< when offered; a certificate that does not verify still ends the connection
  required,  ///< STARTTLS, or no mail
  implicit,  ///< TLS from the first byte (RFC 8314, port 465)
};

enum class AuthMechanism : std::uint8_t { none, automatic, plain, login, xoauth2 };

/// @see RFC 5321 §4.5.3.2 for those that it names; a time-out bounds a whole reply, however slowly it drips.
struct Timeouts {
  using Milliseconds = std::chrono::milliseconds;
  Milliseconds connect{30'000};
  Milliseconds tls{60'000};
  Milliseconds greeting{300'000};
  Milliseconds command{300'000};  // EHLO, AUTH, MAIL, RCPT, RSET
  Milliseconds data{120'000};
  Milliseconds content_block{180'000};
  Milliseconds end_of_data{600'000};
  Milliseconds quit{5'000};
  Milliseconds idle{20'000};  // an open connection without work is given back
};

struct Options {
  std::string host{};
  std::uint16_t port{25};
  std::size_t connections{4};
  std::size_t messages_per_connection{1000};
  TlsMode tls{TlsMode::starttls};
  std::string ca_file{};  ///< PEM; empty: the system's
  bool verify_certificate{true};
  std::string server_name{};  ///< for SNI and the certificate's name; empty: host
  AuthMechanism auth{AuthMechanism::none};
  std::string user{};
  std::string secret{};  ///< password or OAuth 2 access token
  bool allow_plaintext_auth{false};
  std::string ehlo_name{};  ///< empty: this machine's name if it has a dot, else its address
  bool dsn{true};
  bool pipelining{true};
  std::size_t window{10'000};  ///< messages taken and not yet ended; more are refused as not sent
  Timeouts timeouts{};
  /// After a connection failed and none is left: doubles from the first to the second.
  std::chrono::milliseconds backoff_first{1'000};
  std::chrono::milliseconds backoff_most{60'000};

  [[nodiscard]] wire::TlsOptions tls_options() const {
    return {host, server_name, ca_file, verify_certificate};
  }
};

}  // namespace relance::smtp
