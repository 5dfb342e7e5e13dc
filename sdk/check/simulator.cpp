// One thread that accepts, one for each connection: few, short and blocking, so that each stage at which a
// provider may break off is one line in the order in which it happens.
#include "sdk/check/simulator.hpp"

#include "sdk/check/line_socket.hpp"
#include "sdk/check/verdict.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <condition_variable>
#include <fcntl.h>
#include <list>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace relance::check {
namespace {

constexpr std::size_t kRequestMax{64u << 20};  ///< bytes
constexpr int kBacklog{1'024};
constexpr std::chrono::seconds kLeavePatience{2};
constexpr std::chrono::milliseconds kDrip{15};
/// @see SMPP v3.4 §3.2, §5.1.2.1
constexpr std::size_t kSmppHeader{16};
constexpr std::uint32_t kSmppResponse{0x80000000}, kSubmitSm{0x04};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string header_of(const std::string &head, const std::string &name) {
  const auto all = lower(head);
  const auto at = all.find("\r\n" + name + ":");
  if (at == std::string::npos) return {};
  const auto from = head.find_first_not_of(' ', at + name.size() + 3);
  return head.substr(from, head.find("\r\n", from) - from);
}

}  // namespace

const char *name_of(Stage stage) {
  static const char *const names[]{"the provider answers",
                                   "the connection is refused",
                                   "the provider resets the connection at once",
                                   "the provider resets the connection in the middle of the request",
                                   "the provider reads the whole request and resets the connection",
                                   "the provider reads the whole request and closes the connection",
                                   "the answer breaks off in its status line",
                                   "the answer breaks off in its body",
                                   "the answer is garbage",
                                   "no answer comes",
                                   "the answer comes one byte at a time"};
  return names[static_cast<int>(stage)];
}

struct Simulator::Impl {
  std::string protocol, message_request;
  std::unique_ptr<TlsServer> tls;
  int listener{-1}, reserve{-1};
  std::uint16_t port{0};

  std::mutex mutex;
  std::condition_variable changed;
  Stage stage{Stage::answer};
  Answer answer, others;
  std::vector<Request> requests;
  std::atomic<std::size_t> bytes{0}, accepted{0}, number{0};
  std::atomic<bool> is_ending{false}, breaks_all{false};
  std::list<int> open;
  struct Worker {
    std::thread thread;
    std::atomic<bool> is_done{false};
  };
  std::list<Worker> workers;
  std::thread acceptor;

  int bound_socket() {
    const int fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int on{1};
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
      abandon("the simulator gets no port on 127.0.0.1", "let relance-check listen on the loopback",
              "relance-check");
    socklen_t size{sizeof address};
    ::getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size);
    port = ntohs(address.sin_port);
    return fd;
  }

  /// Under the mutex. Where nobody listens a connection is refused; the reserve keeps the port ours
  /// meanwhile.
  void listen(bool is_wanted) {
    if (reserve < 0) reserve = bound_socket();
    if (is_wanted == (listener >= 0)) return;
    if (is_wanted) {
      listener = bound_socket();
      ::fcntl(listener, F_SETFL, O_NONBLOCK);
      ::listen(listener, kBacklog);
    } else {
      ::shutdown(listener, SHUT_RDWR);  // at once, though the acceptor may still wait on it
      ::close(listener);
      listener = -1;
    }
  }

  void accept_all() {
    while (!is_ending) {
      int watched;
      {
        const std::lock_guard lock(mutex);
        watched = listener;
      }
      pollfd poll{watched, POLLIN, 0};
      if (::poll(&poll, 1, 5) <= 0 || (poll.revents & POLLIN) == 0) continue;
      const std::lock_guard lock(mutex);
      if (listener < 0 || listener != watched) continue;
      const int fd{::accept4(watched, nullptr, nullptr, SOCK_CLOEXEC)};
      if (fd < 0) continue;
      ++accepted;
      open.push_back(fd);
      // Those that are done are joined now: what the kit itself holds must not grow.
      workers.remove_if([](Worker &worker) {
        if (!worker.is_done) return false;
        worker.thread.join();
        return true;
      });
      auto &worker = workers.emplace_back();
      worker.thread = std::thread([this, fd, &worker] {
        serve(fd);
        const std::lock_guard guard(mutex);
        open.remove(fd);
        ::close(fd);
        worker.is_done = true;
        changed.notify_all();
      });
    }
  }

  /// A link that is read all the time is left by its plugin as soon as it has seen the end: what it is given
  /// before that would rightly be in doubt.
  void hang_up(std::unique_lock<std::mutex> &lock) {
    if (protocol == "smpp") {
      for (const int fd : open) ::shutdown(fd, SHUT_WR);
      changed.wait_for(lock, kLeavePatience, [this] { return open.empty(); });
    }
    for (const int fd : open) ::shutdown(fd, SHUT_RDWR);
  }

  void serve(int fd) {
    if (now().first == Stage::reset_at_accept) return reset(fd);
    LineSocket socket(fd, tls.get());
    if (!socket.is_ready()) return;
    socket.count_into(bytes);
    if (protocol == "smtp") {
      serve_smtp(socket);
    } else if (protocol == "smpp") {
      serve_smpp(socket);
    } else {
      while (serve_http(socket)) {
      }
    }
  }

  std::pair<Stage, Answer> now() {
    const std::lock_guard lock(mutex);
    return {stage, answer};
  }

  static void reset(int fd) {
    const linger abrupt{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
  }

  std::size_t write_down(Request request) {
    const std::lock_guard lock(mutex);
    request.at = std::chrono::steady_clock::now();
    requests.push_back(std::move(request));
    return requests.size() - 1;
  }

  /// One request and its answer; false: the conversation is over.
  bool serve_http(LineSocket &socket) {
    Request request;
    if (!socket.read_until("\r\n\r\n", request.head, kRequestMax)) {
      if (!request.head.empty()) write_down(request);
      return false;
    }
    const auto first = request.head.substr(0, request.head.find("\r\n"));
    request.method = first.substr(0, first.find(' '));
    const auto from = std::min(request.method.size() + 1, first.size());
    request.target = first.substr(from, first.find(' ', from) - from);
    request.carries_message =
        message_request.empty()
            ? request.method == "POST" || request.method == "PUT" || request.method == "PATCH"
            : (request.method + " " + request.target).starts_with(message_request);
    const auto [stage_now, answer_now] = now();
    const auto here = request.carries_message || breaks_all ? stage_now : Stage::answer;
    if (lower(header_of(request.head, "expect")).starts_with("100"))
      socket.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (here == Stage::reset_in_request) {
      socket.read_some(request.body, 1);
      write_down(request);
      reset(socket.fd());
      return false;
    }
    request.is_whole = read_body(socket, request);
    const auto is_closing = lower(header_of(request.head, "connection")) == "close";
    write_down(request);
    if (!request.is_whole) return false;
    Answer reply;
    {
      const std::lock_guard lock(mutex);
      reply = request.carries_message ? answer_now : others;
    }
    return respond(socket, here, reply) && !is_closing;
  }

  static bool read_body(LineSocket &socket, Request &request) {
    if (lower(header_of(request.head, "transfer-encoding")).find("chunked") != std::string::npos) {
      for (;;) {
        std::string line;
        if (!socket.read_until("\r\n", line, 100)) return false;
        const auto size = std::strtoull(line.c_str(), nullptr, 16);
        std::string chunk;
        if (size > kRequestMax || !socket.read_exactly(size + 2, chunk)) return false;
        if (size == 0) return true;
        request.body.append(chunk, 0, size);
      }
    }
    const auto length = header_of(request.head, "content-length");
    const auto size = length.empty() ? 0 : std::strtoull(length.c_str(), nullptr, 10);
    return size <= kRequestMax && socket.read_exactly(size, request.body);
  }

  std::string filled(std::string text) {
    const auto own = std::to_string(++number);
    for (std::size_t at{0}; (at = text.find("${n}", at)) != std::string::npos;) text.replace(at, 4, own);
    return text;
  }

  bool respond(LineSocket &socket, Stage here, const Answer &reply) {
    const auto body = filled(reply.body);
    std::string head("HTTP/1.1 " + std::to_string(reply.status) + " Told\r\n");
    for (const auto &[name, value] : reply.headers) head += name + ": " + filled(value) + "\r\n";
    head += "content-length: " + std::to_string(body.size()) + "\r\n\r\n";
    switch (here) {
      case Stage::reset_after_request:
        reset(socket.fd());
        return false;
      case Stage::close_after_request:
        return false;
      case Stage::cut_in_head:
        socket.write(head.substr(0, 11));  // "HTTP/1.1 20"
        return false;
      case Stage::cut_in_body:
        socket.write(head + body.substr(0, body.size() / 2));
        return false;
      case Stage::garbage:
        socket.write("\x16\x03\x01\x02 what is this?\r\n\xff\xfe\r\n\r\nnothing\r\n");
        return false;
      case Stage::silent:
        wait_for_end(socket);
        return false;
      case Stage::drip:
        for (const char c : head + body) {
          if (is_ending || !socket.write({&c, 1})) return false;
          std::this_thread::sleep_for(kDrip);
        }
        return true;
      default:
        return socket.write(head + body);
    }
  }

  void wait_for_end(LineSocket &socket) {
    std::string rest;
    while (!is_ending && socket.read_some(rest, 1)) rest.clear();
  }

  void serve_smtp(LineSocket &socket) {
    if (!socket.write("220 simulator ESMTP\r\n")) return;
    Request mail;
    for (std::string line; socket.read_until("\r\n", line, 4'096); line.clear()) {
      auto verb = lower(line.substr(0, 4));
      std::string said{"250 2.0.0 ok\r\n"};
      if (verb == "ehlo") said = "250-simulator\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n";
      if (verb == "mail") mail = {"MAIL", "", "", "", false, true, {}};
      if (verb == "mail" || verb == "rcpt") mail.target += line;
      if (verb == "quit") return static_cast<void>(socket.write("221 2.0.0 bye\r\n"));
      if (verb != "data") {
        if (!socket.write(said)) return;
        continue;
      }
      const auto [here, reply] = now();
      if (!socket.write("354 go on\r\n")) return;
      if (here == Stage::reset_in_request) {
        socket.read_some(mail.body, 1);
        write_down(mail);
        return reset(socket.fd());
      }
      mail.is_whole = socket.read_until("\r\n.\r\n", mail.body, kRequestMax);
      write_down(mail);
      if (!mail.is_whole || !end_of_data(socket, here, reply)) return;
    }
  }

  /// HTTP's statuses as SMTP says them.
  bool end_of_data(LineSocket &socket, Stage here, const Answer &reply) {
    const std::string said{reply.status < 300    ? "250 2.0.0 queued as " + filled("sim-${n}") + "\r\n"
                           : reply.status == 429 ? "451 4.7.0 too many messages\r\n"
                           : reply.status >= 500 ? "451 4.3.0 internal\r\n"
                                                 : "550 5.1.1 no such address\r\n"};
    return answer_as_told(socket, here, said);
  }

  bool answer_as_told(LineSocket &socket, Stage here, const std::string &said) {
    switch (here) {
      case Stage::reset_after_request:
        reset(socket.fd());
        return false;
      case Stage::close_after_request:
        return false;
      case Stage::cut_in_head:
      case Stage::cut_in_body:
        socket.write(said.substr(0, 2));
        return false;
      case Stage::garbage:
        socket.write("\xff\xfe what is this?\r\n");
        return false;
      case Stage::silent:
        wait_for_end(socket);
        return false;
      case Stage::drip:
        for (const char c : said) {
          if (is_ending || !socket.write({&c, 1})) return false;
          std::this_thread::sleep_for(kDrip);
        }
        return true;
      default:
        return socket.write(said);
    }
  }

  static std::uint32_t number_at(const std::string &octets, std::size_t at) {
    std::uint32_t value{0};
    for (std::size_t i{0}; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(octets[at + i]);
    return value;
  }
  static std::string to_pdu(std::uint32_t command, std::uint32_t status, std::uint32_t sequence,
                            const std::string &body) {
    std::string octets;
    for (const auto value :
         {static_cast<std::uint32_t>(kSmppHeader + body.size()), command, status, sequence})
      for (int shift{24}; shift >= 0; shift -= 8) octets += static_cast<char>(value >> shift & 0xFF);
    return octets + body;
  }

  /// Every bind, enquire_link and unbind is answered well; submit_sm carries a message.
  void serve_smpp(LineSocket &socket) {
    for (std::string pdu; socket.read_exactly(kSmppHeader, pdu); pdu.clear()) {
      const auto length = number_at(pdu, 0), command = number_at(pdu, 4), sequence = number_at(pdu, 12);
      if (length < kSmppHeader || length > kRequestMax) return;
      const auto [here, reply] = now();
      Request request{"SUBMIT", "", pdu, "", false, true, {}};
      const bool is_message{command == kSubmitSm};
      if (is_message && here == Stage::reset_in_request) {
        socket.read_some(request.body, 1);
        write_down(request);
        return reset(socket.fd());
      }
      request.is_whole = socket.read_exactly(length - kSmppHeader, request.body);
      if (is_message) write_down(request);
      if (!request.is_whole) return;
      if ((command & kSmppResponse) != 0) continue;
      const std::string ours("simulator\0", 10);
      const auto said =
          is_message ? smpp_answer(sequence, reply) : to_pdu(command | kSmppResponse, 0, sequence, ours);
      if (!answer_as_told(socket, is_message ? here : Stage::answer, said)) return;
    }
  }

  /// HTTP's statuses as SMPP says them: throttled, a fault of its own, an invalid destination.
  std::string smpp_answer(std::uint32_t sequence, const Answer &reply) {
    const bool is_taken{reply.status < 300};
    const std::uint32_t status{is_taken              ? 0u
                               : reply.status == 429 ? 0x58u
                               : reply.status >= 500 ? 0x08u
                                                     : 0x0Bu};
    auto id = is_taken ? filled("sim-${n}") : std::string{};
    return to_pdu(kSubmitSm | kSmppResponse, status, sequence, id + '\0');
  }
};

Simulator::Simulator(const Profile &profile, bool with_tls) : impl_(std::make_shared<Impl>()) {
  impl_->protocol = profile.protocol;
  impl_->message_request = profile.message_request;
  impl_->answer = profile.accepted;
  impl_->others = profile.found;
  if (with_tls) impl_->tls = std::make_unique<TlsServer>();
  impl_->listen(true);
  impl_->acceptor = std::thread([impl = impl_.get()] { impl->accept_all(); });
}

Simulator::~Simulator() {
  impl_->is_ending = true;
  impl_->acceptor.join();
  {
    const std::lock_guard lock(impl_->mutex);
    for (const int fd : impl_->open) ::shutdown(fd, SHUT_RDWR);
  }
  for (auto &worker : impl_->workers) worker.thread.join();
  if (impl_->listener >= 0) ::close(impl_->listener);
  ::close(impl_->reserve);
}

std::uint16_t Simulator::port() const {
  return impl_->port;
}

void Simulator::behave(Stage stage, Answer answer) {
  std::unique_lock lock(impl_->mutex);
  impl_->stage = stage;
  impl_->answer = std::move(answer);
  impl_->listen(stage != Stage::refuse);
  // A kept-alive connection would get past it.
  if (stage == Stage::refuse || stage == Stage::reset_at_accept) impl_->hang_up(lock);
}

void Simulator::answer_others(Answer answer) {
  const std::lock_guard lock(impl_->mutex);
  impl_->others = std::move(answer);
}

void Simulator::breaks_every_request(bool is_wanted) {
  impl_->breaks_all = is_wanted;
}

void Simulator::hang_up() {
  std::unique_lock lock(impl_->mutex);
  impl_->hang_up(lock);
}

void Simulator::forget() {
  const std::lock_guard lock(impl_->mutex);
  impl_->requests.clear();
  impl_->bytes = 0;
  impl_->accepted = 0;
}

std::vector<Request> Simulator::requests() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->requests;
}

std::vector<Request> Simulator::messages() const {
  auto all = requests();
  std::erase_if(all, [](const Request &request) { return !request.carries_message; });
  return all;
}

std::size_t Simulator::bytes_received() const {
  return impl_->bytes;
}
std::size_t Simulator::connections() const {
  return impl_->accepted;
}

}  // namespace relance::check
