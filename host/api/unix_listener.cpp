// socket(2), bind(2) and their traps.
#include "host/api/unix_listener.hpp"

#include <cerrno>
#include <cstring>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace relance::api {
namespace {

constexpr int kBacklog{64};

Error failed(const std::filesystem::path &path, const char *doing) {
  return unavailable("cannot " + std::string{doing} + " the control socket " + path.string() + ": " +
                     std::strerror(errno));
}

Result<sockaddr_un> address_of(const std::filesystem::path &path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.size() >= sizeof address.sun_path)
    return invalid("the control socket's path has " + std::to_string(text.size()) +
                   " bytes, the system takes at most " + std::to_string(sizeof address.sun_path - 1) +
                   ": choose a shorter control_socket: " + text);
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

/// True when nobody answers at `address` (any more).
bool is_stale(const sockaddr_un &address) {
  struct stat status{};
  if (lstat(address.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const int probe{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (probe < 0) return false;
  const int connected{connect(probe, reinterpret_cast<const sockaddr *>(&address), sizeof address)};
  const int why{errno};
  close(probe);
  return connected != 0 && why == ECONNREFUSED;
}

}  // namespace

Result<int> listen_unix(const std::filesystem::path &path) {
  const auto address = address_of(path);
  if (!address) return address.error();
  const int fd{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (fd < 0) return failed(path, "make");
  // On Linux the mode of the descriptor becomes that of the file at bind: there is no moment in which others
  // may connect.
  const auto bind_it = [&] {
    return fchmod(fd, 0600) == 0 &&
           bind(fd, reinterpret_cast<const sockaddr *>(&*address), sizeof *address) == 0;
  };
  bool is_bound{bind_it()};
  if (!is_bound && errno == EADDRINUSE) {
    if (!is_stale(*address)) {
      close(fd);
      return conflict(
          "something answers at the control socket " + path.string() +
          " (another relanced?), or it is not a socket; stop it, or choose another control_socket");
    }
    if (unlink(address->sun_path) == 0) is_bound = bind_it();
  }
  if (!is_bound || chmod(address->sun_path, 0600) != 0 || ::listen(fd, kBacklog) != 0) {
    auto error = failed(path, "bind");
    close(fd);
    return error;
  }
  return fd;
}

void remove_socket(const std::filesystem::path &path, int listener) {
  // The file's inode is not the descriptor's (the one lives in the file system, the other in sockfs): compare
  // the name bound.
  sockaddr_un bound{};
  socklen_t length{sizeof bound};
  if (getsockname(listener, reinterpret_cast<sockaddr *>(&bound), &length) != 0 ||
      path.string() != bound.sun_path)
    return;
  struct stat status{};
  if (lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) unlink(path.c_str());
}

std::string peer_name(int connected) {
  ucred peer{};
  socklen_t length{sizeof peer};
  if (getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return "unknown";
  std::vector<char> buffer(16 * 1024);
  passwd entry{};
  passwd *found{nullptr};
  if (getpwuid_r(peer.uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return "uid " + std::to_string(peer.uid);
}

}  // namespace relance::api
