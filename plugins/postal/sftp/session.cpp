// @see draft-ietf-secsh-filexfer-02, which OpenSSH's server speaks
#include "plugins/postal/sftp/session.hpp"

#include <relance/signature.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <libssh2.h>
#include <libssh2_sftp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace relance::postal::sftp {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kLookMs{100};  ///< how often a wait looks whether it is stopped
/// After a stop, what runs may still end well; longer would use up the host's patience.
constexpr std::chrono::milliseconds kStopPatience{1500};
constexpr std::size_t kReadChunk{32'768}, kNameMax{255};

/// libssh2 wants to be initialised once, before any thread uses it.
bool library_is_ready() {
  static const bool is_ready{libssh2_init(0) == 0};
  return is_ready;
}

Fault unreachable(std::string text) {
  return {FaultKind::unreachable, std::move(text)};
}

class Patience {
 public:
  Patience(std::uint32_t timeout_ms, const std::atomic<bool> &stopping)
      : end_(Clock::now() + std::chrono::milliseconds(timeout_ms)), stopping_(stopping) {}
  /// False: time is over.
  bool wait(int fd, short events) {
    for (;;) {
      if (stopping_.load() && !is_hurried_) {
        is_hurried_ = true;
        end_ = std::min(end_, Clock::now() + kStopPatience);
      }
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now()).count();
      if (left <= 0) return false;
      pollfd look{fd, events, 0};
      const int ready{::poll(&look, 1, static_cast<int>(std::min<std::int64_t>(left, kLookMs)))};
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

 private:
  Clock::time_point end_;
  const std::atomic<bool> &stopping_;
  bool is_hurried_{false};
};

int connected_to(const addrinfo &address, Patience &patience) {
  const int fd{
      ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol)};
  if (fd < 0) return -1;
  int error{0};
  socklen_t length{sizeof error};
  const bool is_begun{::connect(fd, address.ai_addr, address.ai_addrlen) == 0 || errno == EINPROGRESS};
  if (is_begun && patience.wait(fd, POLLOUT) &&
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0) {
    const int one{1};
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
  }
  if (error == 0) error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

int connect_to(const Server &server, Patience &patience, Fault &fault) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo *addresses{nullptr};
  const int told{::getaddrinfo(server.host.c_str(), std::to_string(server.port).c_str(), &hints, &addresses)};
  if (told != 0) {
    fault = unreachable(std::string{"the name of the server is not known: "} + ::gai_strerror(told));
    return -1;
  }
  int fd{-1};
  for (const auto *address = addresses; address != nullptr && fd < 0; address = address->ai_next)
    fd = connected_to(*address, patience);
  if (fd < 0) fault = unreachable(std::string{"could not connect: "} + std::strerror(errno));
  ::freeaddrinfo(addresses);
  return fd;
}

std::string fingerprint_of(LIBSSH2_SESSION *session) {
  const char *hash{libssh2_hostkey_hash(session, LIBSSH2_HOSTKEY_HASH_SHA256)};
  if (hash == nullptr) return {};
  auto text = sdk::to_base64({hash, 32});
  while (text.ends_with('=')) text.pop_back();  // as OpenSSH prints it
  return "SHA256:" + text;
}

FaultKind kind_of(unsigned long status) {
  switch (status) {
    case LIBSSH2_FX_NO_SUCH_FILE:
    case LIBSSH2_FX_NO_SUCH_PATH:
      return FaultKind::missing;
    case LIBSSH2_FX_PERMISSION_DENIED:
    case LIBSSH2_FX_WRITE_PROTECT:
      return FaultKind::denied;
    case LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM:
    case LIBSSH2_FX_QUOTA_EXCEEDED:
      return FaultKind::full;
    case LIBSSH2_FX_NO_CONNECTION:
    case LIBSSH2_FX_CONNECTION_LOST:
      return FaultKind::lost;
    default:
      return FaultKind::refused;
  }
}

}  // namespace

struct Session::State {
  int fd{-1};
  LIBSSH2_SESSION *ssh{nullptr};
  LIBSSH2_SFTP *sftp{nullptr};
  const std::atomic<bool> &stopping;
  std::uint32_t timeout_ms;
  bool is_lost{false};

  State(const std::atomic<bool> &stop, std::uint32_t timeout) : stopping(stop), timeout_ms(timeout) {}
  ~State() {
    if (ssh != nullptr) {
      libssh2_session_set_blocking(ssh, 0);  // a goodbye that nobody takes is none
      if (sftp != nullptr) libssh2_sftp_shutdown(sftp);
      libssh2_session_disconnect(ssh, "done");
      libssh2_session_free(ssh);
    }
    if (fd >= 0) ::close(fd);
  }

  /// Calls until it no more says "try again"; what it said last, or a time-out.
  template <class F>
  auto ask(F &&call) -> decltype(call()) {
    Patience patience{timeout_ms, stopping};
    for (;;) {
      const auto said = call();
      if (said != LIBSSH2_ERROR_EAGAIN) return said;
      const int direction{libssh2_session_block_directions(ssh)};
      const int events{((direction & LIBSSH2_SESSION_BLOCK_INBOUND) != 0 ? POLLIN : 0) |
                       ((direction & LIBSSH2_SESSION_BLOCK_OUTBOUND) != 0 ? POLLOUT : 0)};
      if (!patience.wait(fd, static_cast<short>(events == 0 ? POLLIN : events))) return LIBSSH2_ERROR_TIMEOUT;
    }
  }
  /// The same for what returns a handle, or null and an error of the session.
  template <class F>
  auto ask_handle(F &&call) -> decltype(call()) {
    decltype(call()) handle{nullptr};
    ask([&] {
      handle = call();
      return handle == nullptr ? libssh2_session_last_errno(ssh) : 0;
    });
    return handle;
  }
  [[nodiscard]] std::string words() const {
    char *text{nullptr};
    int length{0};
    libssh2_session_last_error(ssh, &text, &length, 0);
    return text == nullptr ? std::string{} : std::string{text, static_cast<std::size_t>(length)};
  }
  /// What a request that failed means; `done` is what went wrong of which file.
  Fault fault(std::int64_t said, const std::string &doing) {
    if (said == LIBSSH2_ERROR_SFTP_PROTOCOL || (said == 0 && sftp != nullptr)) {
      const auto status = libssh2_sftp_last_error(sftp);
      static constexpr std::string_view kNames[]{
          "ok",          "end of file",   "no such file",    "permission denied", "failure",
          "bad message", "no connection", "connection lost", "unsupported"};
      const auto name = status < std::size(kNames) ? std::string{kNames[status]} : std::to_string(status);
      const auto kind = kind_of(status);
      is_lost |= kind == FaultKind::lost;
      return {kind, doing + ": the server says " + name};
    }
    is_lost = true;
    return {FaultKind::lost, doing + ": " + (said == LIBSSH2_ERROR_TIMEOUT ? "no answer in time" : words())};
  }
  Fault handle_fault(const std::string &doing) { return fault(libssh2_session_last_errno(ssh), doing); }

  bool greet(const Server &server, Fault &why);
  bool log_in(const Server &server, Fault &why);
};

bool Session::State::greet(const Server &server, Fault &why) {
  ssh = libssh2_session_init_ex(nullptr, nullptr, nullptr, nullptr);
  if (ssh == nullptr) {
    why = unreachable("no memory for a session");
    return false;
  }
  libssh2_session_set_blocking(ssh, 0);
  if (const auto said = ask([&] { return libssh2_session_handshake(ssh, fd); }); said != 0) {
    why = unreachable("the server's greeting did not end: " +
                      (said == LIBSSH2_ERROR_TIMEOUT ? std::string{"no answer in time"} : words()));
    return false;
  }
  const auto shown = fingerprint_of(ssh);
  if (shown != server.host_key) {
    why = {FaultKind::wrong_host_key, "the server shows the host key " + shown +
                                          ", which is not the one in host_key: nothing was sent to it"};
    return false;
  }
  return true;
}

bool Session::State::log_in(const Server &server, Fault &why) {
  int said{0};
  if (!server.private_key.empty())
    said = ask([&] {
      return libssh2_userauth_publickey_frommemory(
          ssh, server.user.data(), server.user.size(), nullptr, 0, server.private_key.data(),
          server.private_key.size(), server.passphrase.empty() ? nullptr : server.passphrase.c_str());
    });
  else
    said = ask([&] {
      return libssh2_userauth_password_ex(ssh, server.user.data(), static_cast<unsigned>(server.user.size()),
                                          server.password.data(),
                                          static_cast<unsigned>(server.password.size()), nullptr);
    });
  if (said == LIBSSH2_ERROR_TIMEOUT || said == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
      said == LIBSSH2_ERROR_SOCKET_RECV || said == LIBSSH2_ERROR_SOCKET_SEND) {
    why = unreachable("the server did not answer the login: " + words());
    return false;
  }
  if (said != 0) {
    why = {FaultKind::refused_login, "the server refuses the login of " + server.user + ": " + words()};
    return false;
  }
  sftp = ask_handle([&] { return libssh2_sftp_init(ssh); });
  if (sftp == nullptr) why = {FaultKind::refused_login, "the server offers no SFTP: " + words()};
  return sftp != nullptr;
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;
bool Session::is_lost() const {
  return state_->is_lost;
}

std::unique_ptr<Session> Session::open(const Server &server, const std::atomic<bool> &stopping,
                                       Fault &fault) {
  if (!library_is_ready()) {
    fault = unreachable("libssh2 could not be initialised");
    return nullptr;
  }
  auto state = std::make_unique<State>(stopping, server.timeout_ms);
  Patience patience{server.timeout_ms, stopping};
  state->fd = connect_to(server, patience, fault);
  if (state->fd < 0 || !state->greet(server, fault) || !state->log_in(server, fault)) return nullptr;
  return std::unique_ptr<Session>{new Session{std::move(state)}};
}

Failed Session::upload(const std::string &path, std::string_view bytes) {
  auto &s = *state_;
  const auto doing = "writing " + path;
  constexpr unsigned long kFlags{LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_TRUNC};
  auto *file = s.ask_handle([&] {
    return libssh2_sftp_open_ex(s.sftp, path.data(), static_cast<unsigned>(path.size()), kFlags, 0640,
                                LIBSSH2_SFTP_OPENFILE);
  });
  if (file == nullptr) return s.handle_fault(doing);
  Failed failed;
  while (!bytes.empty() && !failed) {
    const auto written = s.ask([&] { return libssh2_sftp_write(file, bytes.data(), bytes.size()); });
    if (written < 0)
      failed = s.fault(written, doing);
    else
      bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!failed) {
    const auto said = s.ask([&] { return libssh2_sftp_fsync(file); });
    if (said != 0) {
      const auto why = s.fault(said, doing);  // a server that has no fsync says "unsupported"
      if (why.kind == FaultKind::lost || why.kind == FaultKind::full) failed = why;
    }
  }
  const auto closed = s.ask([&] { return libssh2_sftp_close_handle(file); });
  if (!failed && closed != 0) failed = s.fault(closed, doing);
  return failed;
}

Failed Session::rename(const std::string &from, const std::string &to) {
  auto &s = *state_;
  const auto said = s.ask([&] {
    return libssh2_sftp_rename_ex(s.sftp, from.data(), static_cast<unsigned>(from.size()), to.data(),
                                  static_cast<unsigned>(to.size()), LIBSSH2_SFTP_RENAME_NATIVE);
  });
  if (said != 0) return s.fault(said, "renaming " + from);
  return std::nullopt;
}

Failed Session::remove(const std::string &path) {
  auto &s = *state_;
  const auto said =
      s.ask([&] { return libssh2_sftp_unlink_ex(s.sftp, path.data(), static_cast<unsigned>(path.size())); });
  if (said != 0) return s.fault(said, "removing " + path);
  return std::nullopt;
}

namespace {
Entry entry_of(std::string name, const LIBSSH2_SFTP_ATTRIBUTES &attributes) {
  Entry entry{.name = std::move(name)};
  if ((attributes.flags & LIBSSH2_SFTP_ATTR_SIZE) != 0) entry.size = attributes.filesize;
  if ((attributes.flags & LIBSSH2_SFTP_ATTR_ACMODTIME) != 0)
    entry.changed_s = static_cast<std::int64_t>(attributes.mtime);
  // A server need not say what kind of thing it lists; what is no file fails when it is read.
  entry.is_file =
      (attributes.flags & LIBSSH2_SFTP_ATTR_PERMISSIONS) == 0 || LIBSSH2_SFTP_S_ISREG(attributes.permissions);
  return entry;
}
}  // namespace

Failed Session::look_at(const std::string &path, Entry &entry) {
  auto &s = *state_;
  LIBSSH2_SFTP_ATTRIBUTES attributes{};
  const auto said = s.ask([&] {
    return libssh2_sftp_stat_ex(s.sftp, path.data(), static_cast<unsigned>(path.size()), LIBSSH2_SFTP_LSTAT,
                                &attributes);
  });
  if (said != 0) return s.fault(said, "looking at " + path);
  entry = entry_of(path, attributes);
  return std::nullopt;
}

Failed Session::list(const std::string &folder, std::size_t entries_max, std::vector<Entry> &entries) {
  auto &s = *state_;
  const auto doing = "listing " + folder;
  auto *handle = s.ask_handle([&] {
    return libssh2_sftp_open_ex(s.sftp, folder.data(), static_cast<unsigned>(folder.size()), 0, 0,
                                LIBSSH2_SFTP_OPENDIR);
  });
  if (handle == nullptr) return s.handle_fault(doing);
  Failed failed;
  while (entries.size() < entries_max) {
    char name[kNameMax + 1];
    LIBSSH2_SFTP_ATTRIBUTES attributes{};
    const auto length =
        s.ask([&] { return libssh2_sftp_readdir_ex(handle, name, sizeof name, nullptr, 0, &attributes); });
    if (length == LIBSSH2_ERROR_BUFFER_TOO_SMALL) continue;  // no name of a file that we would know
    if (length < 0) failed = s.fault(length, doing);
    if (length <= 0) break;
    entries.push_back(entry_of({name, static_cast<std::size_t>(length)}, attributes));
  }
  s.ask([&] { return libssh2_sftp_close_handle(handle); });
  return failed;
}

Failed Session::read(const std::string &path, std::size_t bytes_max, std::string &bytes) {
  auto &s = *state_;
  const auto doing = "reading " + path;
  auto *file = s.ask_handle([&] {
    return libssh2_sftp_open_ex(s.sftp, path.data(), static_cast<unsigned>(path.size()), LIBSSH2_FXF_READ, 0,
                                LIBSSH2_SFTP_OPENFILE);
  });
  if (file == nullptr) return s.handle_fault(doing);
  Failed failed;
  std::string chunk(kReadChunk, '\0');
  for (;;) {
    const auto got = s.ask([&] { return libssh2_sftp_read(file, chunk.data(), chunk.size()); });
    if (got < 0) failed = s.fault(got, doing);
    if (got <= 0) break;
    if (bytes.size() + static_cast<std::size_t>(got) > bytes_max) {
      failed = Fault{FaultKind::too_large, doing + ": has more than " + std::to_string(bytes_max) + " bytes"};
      break;
    }
    bytes.append(chunk, 0, static_cast<std::size_t>(got));
  }
  s.ask([&] { return libssh2_sftp_close_handle(file); });
  return failed;
}

}  // namespace relance::postal::sftp
