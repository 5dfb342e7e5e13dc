#include "host/intake/byte_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <istream>
#include <system_error>
#include <unistd.h>

namespace relance::intake {

ByteSource from_stream(std::istream &in) {
  return [&in](std::span<char> buffer) -> Result<std::size_t> {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    if (in.bad()) return unavailable("the input could not be read to its end");
    return static_cast<std::size_t>(in.gcount());
  };
}

ByteSource from_descriptor(int fd) {
  return [fd](std::span<char> buffer) -> Result<std::size_t> {
    for (;;) {
      const ssize_t got = ::read(fd, buffer.data(), buffer.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR)
        return unavailable("the input could not be read: " + std::generic_category().message(errno));
    }
  };
}

ByteSource from_text(std::string text, std::size_t piece) {
  return [text = std::move(text), piece,
          at = std::size_t{0}](std::span<char> buffer) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({piece, buffer.size(), text.size() - at});
    std::memcpy(buffer.data(), text.data() + at, count);
    at += count;
    return count;
  };
}

}  // namespace relance::intake
