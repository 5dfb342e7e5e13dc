// The file that evidence leaves the house in: a ZIP whose entries are stored as they are, so that for given
// names and contents exactly one sequence of bytes is right. A verifier builds that sequence again and
// compares: no bit of the file is without meaning, also in headers that no signature covers. A library's
// bytes would change with its version.
// @see PKWARE APPNOTE 6.3; ETSI EN 319 162-1 annex A
#pragma once

#include "host/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace relance::evidence {

inline constexpr std::string_view kContainerType{"application/vnd.etsi.asic-e+zip"};
/// Offsets have 32 bits. An invoice with more evidence than that is exported by hand.
inline constexpr std::uint64_t kContainerBytesMax{0xFFFF'0000};
inline constexpr std::size_t kEntriesMax{
    20'000};  ///< counts have 16 bits; far more than any case has documents
inline constexpr std::size_t kEntryNameMax{200};

/// Letters, digits, '.', '_' and '-' between single slashes, and no part of dots alone: a name that means the
/// same everywhere and leads nowhere else.
bool is_entry_name(std::string_view name);

/// Writes to an open file, from its beginning; what it holds in memory are names and sums.
class ContainerWriter {
 public:
  explicit ContainerWriter(int file) : file_{file} {}

  Result<void> add(std::string_view name, std::string_view bytes);
  /// The directory and the end. Returns the size of the whole.
  Result<std::uint64_t> finish();

  /// How far the file has come, to take back what follows.
  struct Mark {
    std::uint64_t size{0};
    std::size_t entries{0};
  };
  [[nodiscard]] Mark mark() const { return {size_, entries_.size()}; }
  Result<void> back_to(const Mark &mark);

 private:
  struct Written {
    std::string name;
    std::uint32_t sum{0}, bytes{0}, offset{0};
  };
  Result<void> write(std::string_view bytes);

  int file_;
  std::uint64_t size_{0};
  std::vector<Written> entries_;
};

struct Entry {
  std::string_view name, bytes;  ///< of the file that was read
};
/// The entries in their order. Refused, with the offset, unless every byte of the file is the one that
/// ContainerWriter would have put there.
Result<std::vector<Entry>> read_container(std::string_view file);

}  // namespace relance::evidence
