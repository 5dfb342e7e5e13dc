#include "host/channel/stderr_lines.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

namespace relance::channel {

bool StderrLines::read(int descriptor, const Sink &sink) {
  std::array<char, 4096> bytes{};
  for (std::size_t read{0}; read < kReadMax;) {
    const auto n = ::read(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    read += static_cast<std::size_t>(n);
    add({bytes.data(), static_cast<std::size_t>(n)}, sink);
  }
  return true;
}

void StderrLines::end(const Sink &sink) {
  if (!begun_.empty()) sink(begun_);
  begun_.clear();
}

void StderrLines::add(std::string_view bytes, const Sink &sink) {
  while (!bytes.empty()) {
    const auto stop = std::min(bytes.find('\n'), bytes.size());
    const auto part = bytes.substr(0, std::min(stop, kLineMax - begun_.size()));
    begun_ += part;
    const bool is_whole{part.size() == stop && stop < bytes.size()};
    bytes.remove_prefix(part.size() + (is_whole ? 1 : 0));
    if (is_whole || begun_.size() == kLineMax) end(sink);
  }
}

}  // namespace relance::channel
