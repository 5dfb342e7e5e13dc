#include "host/channel/sealed_bytes.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace relance::channel {
namespace {

constexpr int kSeals{F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL};
constexpr std::uint64_t kBytesMax{1u << 30};  ///< far beyond any message: a size that is a lie

Error large_part_failed(const char *what) {
  return unavailable(std::string("cannot ") + what + " a large part: " + std::strerror(errno));
}

}  // namespace

Result<Descriptor> seal_bytes(std::string_view bytes) {
  Descriptor file(::memfd_create("relance-part", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.is_open()) return large_part_failed("make a file in memory for");
  for (std::size_t at{0}; at < bytes.size();) {
    const auto n = ::write(file.get(), bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return large_part_failed("write");
    at += static_cast<std::size_t>(n);
  }
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return large_part_failed("seal");
  return file;
}

std::optional<SealedBytes> open_sealed(const Descriptor &file, std::uint64_t size) {
  struct stat status{};
  // F_GET_SEALS is refused by anything that is no file in memory.
  const int seals{::fcntl(file.get(), F_GET_SEALS)};
  if (seals < 0 || (seals & kSeals) != kSeals || ::fstat(file.get(), &status) != 0 || size == 0 ||
      size > kBytesMax || static_cast<std::uint64_t>(status.st_size) != size)
    return std::nullopt;
  void *const mapped{::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0)};
  if (mapped == MAP_FAILED) return std::nullopt;
  return SealedBytes{{static_cast<const char *>(mapped), size},
                     {mapped, [size](const void *bytes) { ::munmap(const_cast<void *>(bytes), size); }}};
}

}  // namespace relance::channel
