// From the connection to a session that may carry mail: greeting, EHLO, STARTTLS, EHLO again, AUTH.
#include "plugins/protocol/smtp/connection.hpp"
#include "plugins/protocol/smtp/transaction.hpp"

#include <openssl/evp.h>

#include <unistd.h>

namespace relance::smtp {
namespace {

std::string base64(std::string_view bytes) {
  std::string encoded((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length{EVP_EncodeBlock(reinterpret_cast<unsigned char *>(encoded.data()),
                                   reinterpret_cast<const unsigned char *>(bytes.data()),
                                   static_cast<int>(bytes.size()))};
  encoded.resize(static_cast<std::size_t>(length));
  return encoded;
}

/// RFC 5321 §4.1.1.1: our name, or where we have none our address.
std::string hello_name(const Options &options, const std::string &local_address) {
  if (!options.ehlo_name.empty()) return options.ehlo_name;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) {
    const std::string host{name.data()};
    if (host.find('.') != std::string::npos &&
        host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789-.") == std::string::npos) {
      return host;
    }
  }
  return local_address;
}

}  // namespace

void Connection::session_reply(Expect expect, const Reply &reply) {
  switch (expect) {
    case Expect::greeting:
      if (reply.code != 220) return setup_failed(Stage::greeting, "the server does not greet", &reply);
      return say_hello();
    case Expect::ehlo:
      if (reply.code == 250) {
        server_ = read_capabilities(reply.text);
        return after_hello();
      }
      // RFC 5321 §4.1.4: a server without extensions; where TLS or AUTH is asked for, after_hello() says so.
      if (reply.is_permanent()) return command("HELO " + hello_name(options_, local_address_), Expect::helo);
      return setup_failed(Stage::ehlo, "EHLO refused", &reply);
    case Expect::helo:
      if (!reply.is_positive()) return setup_failed(Stage::ehlo, "HELO refused", &reply);
      server_ = {};
      return after_hello();
    case Expect::starttls:
      if (reply.code != 220) {
        if (options_.tls == TlsMode::required) return setup_failed(Stage::tls, "STARTTLS refused", &reply);
        server_.starttls = false;
        return after_hello();
      }
      // What follows the 220 in clear text was put there by somebody else (CVE-2011-0411 and its kin).
      if (parser_.has_rest()) return setup_failed(Stage::tls, "clear text behind the answer to STARTTLS");
      return begin_tls();
    default:
      return authentication_reply(expect, reply);
  }
}

void Connection::say_hello() {
  setup_stage_ = Stage::ehlo;
  command("EHLO " + hello_name(options_, local_address_), Expect::ehlo);
}

void Connection::after_hello() {
  const bool wants_tls{options_.tls == TlsMode::starttls || options_.tls == TlsMode::required};
  if (wants_tls && !wire_.is_encrypted()) {
    if (server_.starttls) {
      setup_stage_ = Stage::tls;
      return command("STARTTLS", Expect::starttls);
    }
    if (options_.tls == TlsMode::required)
      return setup_failed(Stage::tls, "the server does not offer STARTTLS");
  }
  if (options_.auth == AuthMechanism::none) return become_ready();
  authenticate();
}

void Connection::begin_tls() {
  phase_ = Phase::tls;
  setup_stage_ = Stage::tls;
  wire_.start_tls(pool_.tls(), options_.tls_options());
  wire_.handshake();
}

void Connection::tls_open() {
  phase_ = Phase::session;
  has_progress_ = true;
  if (options_.tls == TlsMode::implicit) {
    setup_stage_ = Stage::greeting;
    return;
  }
  // RFC 3207 §4.2: whatever was said before counts no more.
  server_ = {};
  say_hello();
}

void Connection::authenticate() {
  setup_stage_ = Stage::auth;
  if (!wire_.is_encrypted() && !options_.allow_plaintext_auth) {
    return setup_failed(Stage::auth, "no credentials over a connection without TLS");
  }
  auto mechanism = options_.auth;
  if (mechanism == AuthMechanism::automatic) {
    mechanism = server_.auth_plain ? AuthMechanism::plain
                                   : (server_.auth_login ? AuthMechanism::login : AuthMechanism::none);
  }
  const bool is_offered{(mechanism == AuthMechanism::plain && server_.auth_plain) ||
                        (mechanism == AuthMechanism::login && server_.auth_login) ||
                        (mechanism == AuthMechanism::xoauth2 && server_.auth_xoauth2)};
  if (!is_offered) return setup_failed(Stage::auth, "the server does not offer the AUTH mechanism");
  using namespace std::string_literals;
  if (mechanism == AuthMechanism::plain) {
    command("AUTH PLAIN " + base64("\0"s + options_.user + "\0"s + options_.secret), Expect::auth);
  } else if (mechanism == AuthMechanism::login) {
    command("AUTH LOGIN", Expect::auth_user);
  } else {
    command("AUTH XOAUTH2 " + base64("user=" + options_.user + "\1auth=Bearer " + options_.secret + "\1\1"),
            Expect::auth);
  }
}

void Connection::authentication_reply(Expect expect, const Reply &reply) {
  if (expect == Expect::auth && reply.code == 235) return become_ready();
  if (reply.code == 334 && expect == Expect::auth_user)
    return command(base64(options_.user), Expect::auth_secret);
  if (reply.code == 334 && expect == Expect::auth_secret)
    return command(base64(options_.secret), Expect::auth);
  // XOAUTH2 explains a failure in a challenge and wants an empty answer before it refuses.
  if (reply.code == 334 && expect == Expect::auth) return command("", Expect::auth_cancel);
  // Only the codes: a server may repeat what it was sent.
  Reply codes{reply.code, reply.status, {}};
  setup_failed(Stage::auth, "AUTH refused", &codes);
}

void Connection::become_ready() {
  phase_ = Phase::ready;
  pool_.ready();
  if (is_leaving_) return quit();
  pump();
}

/// The session never came to carry mail: nothing of any message has left.
void Connection::setup_failed(Stage at, std::string detail, const Reply *reply) {
  Outcome failure;
  failure.verdict = Verdict::not_sent;
  failure.stage = at;
  failure.detail = std::move(detail);
  if (reply != nullptr) failure.reply = *reply;
  close(&failure);
}

}  // namespace relance::smtp
