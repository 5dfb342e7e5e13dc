#include "tests/protocol/scripted_smtp.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <filesystem>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::smtp::test {

Certificate::Certificate(const std::string &dns_name, long valid_for_s) {
  static std::atomic<int> count{0};
  file = (std::filesystem::temp_directory_path() /
          ("scripted_smtp." + std::to_string(::getpid()) + "." + std::to_string(++count) + ".pem"))
             .string();
  auto *key = EVP_EC_gen("P-256");
  auto *certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), count);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), valid_for_s);
  X509_set_pubkey(certificate, key);
  auto *name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char *>("test"), -1,
                             -1, 0);
  X509_set_issuer_name(certificate, name);
  const auto alternative = "DNS:" + dns_name;
  auto *extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternative.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  auto *out = std::fopen(file.c_str(), "w");
  PEM_write_X509(out, certificate);
  std::fclose(out);
  context = {SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
  SSL_CTX_use_certificate(context.get(), certificate);
  SSL_CTX_use_PrivateKey(context.get(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
}

Certificate::~Certificate() {
  std::filesystem::remove(file);
}

Peer::~Peer() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ::close(socket_);
}

void Peer::send(std::string_view text) {
  if (ssl_ != nullptr) {
    if (SSL_write(ssl_, text.data(), static_cast<int>(text.size())) <= 0) throw Gone{};
    return;
  }
  while (!text.empty()) {
    const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw Gone{};
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Peer::fill() {
  if (received_.size() >= budget_) throw Gone{};
  std::array<char, 4096> chunk{};
  const auto wanted = std::min(chunk.size(), budget_ - received_.size());
  const auto count = ssl_ != nullptr ? SSL_read(ssl_, chunk.data(), static_cast<int>(wanted))
                                     : static_cast<int>(::recv(socket_, chunk.data(), wanted, 0));
  if (count <= 0) throw Gone{};
  buffer_.append(chunk.data(), static_cast<std::size_t>(count));
  received_.append(chunk.data(), static_cast<std::size_t>(count));
}

std::string Peer::line() {
  for (;;) {
    const auto end = buffer_.find("\r\n");
    if (end != std::string::npos) {
      auto text = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      return text;
    }
    fill();
  }
}

std::string Peer::content() {
  for (;;) {
    if (buffer_.starts_with(".\r\n")) {
      buffer_.erase(0, 3);
      return {};
    }
    const auto end = buffer_.find("\r\n.\r\n");
    if (end != std::string::npos) {
      auto text = buffer_.substr(0, end + 2);
      buffer_.erase(0, end + 5);
      return text;
    }
    fill();
  }
}

void Peer::start_tls(const Certificate &certificate) {
  ssl_ = SSL_new(certificate.context.get());
  SSL_set_fd(ssl_, socket_);
  if (SSL_accept(ssl_) != 1) throw Gone{};
}

void Peer::reset() {
  const linger now{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  throw Gone{};
}

void Peer::await_end() {
  for (;;) fill();
}

ScriptedServer::ScriptedServer(Script script)
    : script_{std::move(script)}, listener_{::socket(AF_INET, SOCK_STREAM, 0)} {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size{sizeof address};
  BOOST_REQUIRE_EQUAL(::bind(listener_, reinterpret_cast<sockaddr *>(&address), size), 0);
  ::getsockname(listener_, reinterpret_cast<sockaddr *>(&address), &size);
  port_ = ntohs(address.sin_port);
  BOOST_REQUIRE_EQUAL(::listen(listener_, 64), 0);
  acceptor_ = std::thread{[this] { accept_all(); }};
}

ScriptedServer::~ScriptedServer() {
  stop();
}

void ScriptedServer::stop() {
  if (!acceptor_.joinable()) return;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto &thread : threads_) thread.join();
  ::close(listener_);
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int socket{::accept(listener_, nullptr, nullptr)};
    if (socket < 0) return;
    const std::scoped_lock lock{mutex_};
    const auto number = connections_++;
    const int one{1};
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    threads_.emplace_back([this, socket, number] {
      // OpenSSL writes without MSG_NOSIGNAL; the client under test has no such excuse and keeps the default.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      Peer peer{socket, number};
      try {
        script_(*this, peer);
      } catch (const Gone &) {  // as the script wanted, or the client left
      }
    });
  }
}

void ScriptedServer::keep(std::string content) {
  const std::scoped_lock lock{mutex_};
  kept_.push_back(std::move(content));
}
std::vector<std::string> ScriptedServer::kept() {
  const std::scoped_lock lock{mutex_};
  return kept_;
}
void ScriptedServer::note(std::string line) {
  const std::scoped_lock lock{mutex_};
  notes_.push_back(std::move(line));
}
std::vector<std::string> ScriptedServer::notes() {
  const std::scoped_lock lock{mutex_};
  return notes_;
}
std::size_t ScriptedServer::connections() {
  const std::scoped_lock lock{mutex_};
  return connections_;
}

void converse(ScriptedServer &server, Peer &peer, const Behaviour &behaviour) {
  const auto answer = [&](const std::string &verb, const std::string &usual) {
    const auto found = behaviour.answers.find(verb);
    const auto text = found == behaviour.answers.end() ? usual : found->second;
    if (text.empty()) throw Gone{};
    peer.send(text + "\r\n");
    return text;
  };
  for (;;) {
    const auto line = peer.line();
    server.note(line);
    const auto verb = line.substr(0, 4);
    if (verb == "EHLO") {
      std::string text;
      std::string rest{behaviour.extensions};
      for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
        text += "250-" + rest.substr(0, end) + "\r\n";
        rest.erase(0, end + 1);
      }
      answer("EHLO", "250-server.example\r\n" + text + "250 " + rest);
    } else if (verb == "DATA") {
      if (!answer("DATA", "354 go on").starts_with("354")) continue;
      server.keep(peer.content());
      answer(".", "250 2.0.0 Ok: queued as ABC123");
    } else if (verb == "QUIT") {
      answer("QUIT", "221 bye");
      return;
    } else {
      answer(verb, "250 2.1.0 Ok");
    }
  }
}

Harness::Harness(Options options) {
  client_ = std::make_unique<Client>(std::move(options), [this](std::span<Completion> completions) {
    const std::scoped_lock lock{mutex_};
    for (auto &completion : completions) {
      ++ends_;
      // Not BOOST_TEST: this is the client's thread.
      if (!outcomes_.emplace(completion.id, std::move(completion.outcome)).second)
        doubled_.push_back(completion.id);
    }
    changed_.notify_all();
  });
  BOOST_REQUIRE_EQUAL(client_->start(), "");
}

void Harness::submit(std::uint64_t id, std::string content, Envelope envelope,
                     std::chrono::steady_clock::time_point not_after) {
  std::vector<Submission> batch;
  batch.push_back({id, std::move(envelope), content.empty() ? message(id) : std::move(content), not_after});
  client_->submit(std::move(batch));
}

std::map<std::uint64_t, Outcome> Harness::await(std::size_t count) {
  std::unique_lock lock{mutex_};
  const bool is_complete{changed_.wait_for(lock, std::chrono::seconds{60}, [&] { return ends_ >= count; })};
  BOOST_REQUIRE_MESSAGE(is_complete, "only " << ends_ << " of " << count << " messages ended");
  for (const auto id : doubled_) BOOST_ERROR("message " << id << " ended more than once");
  return outcomes_;
}

Options options_for(const ScriptedServer &server) {
  Options options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.connections = 1;
  options.tls = TlsMode::none;
  options.ehlo_name = "client.example";
  options.backoff_first = std::chrono::milliseconds{20};
  options.backoff_most = std::chrono::milliseconds{50};
  return options;
}

std::string message(std::uint64_t id) {
  return "Subject: " + std::to_string(id) + "\r\n\r\n.dot\r\ntext of " + std::to_string(id) + "\r\n";
}

}  // namespace relance::smtp::test
