// Which numbers a file has already used, and in which line. Exact, and lean: a million invoice numbers take
// about 40 MB, since the keys lie end to end and the table holds nothing but their places.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace relance::intake {

/// Past this the check ends, and the store's own unique keys do the rest: memory stays bounded whatever the
/// file.
inline constexpr std::size_t kSeenKeyBytesMax = std::size_t{64} << 20;

class SeenKeys {
 public:
  explicit SeenKeys(std::size_t bytes_max = kSeenKeyBytesMax) : bytes_max_(bytes_max) {}

  /// Notes the key; or the line in which it was noted before.
  std::optional<std::uint64_t> note(std::string_view key, std::uint64_t line);

  [[nodiscard]] bool is_full() const { return is_full_; }

 private:
  /// Half of a key's hash says where it belongs and spares most looks at the keys themselves.
  struct Slot {
    std::uint32_t hash{0};
    std::uint32_t place{0};  ///< in the blocks, + 1; 0 is free
  };
  [[nodiscard]] const char *entry(std::uint32_t place) const;
  [[nodiscard]] std::string_view key_at(std::uint32_t place) const;
  [[nodiscard]] std::size_t slot_of(std::string_view key, std::uint32_t hash) const;
  void grow();

  std::size_t bytes_max_;
  bool is_full_{false};
  std::size_t count_{0};
  std::vector<std::unique_ptr<char[]>>
      blocks_;  ///< line (8), length (2), key, end to end; none crosses a block
  std::size_t used_in_last_{0};
  std::vector<Slot> table_;  ///< by hash, open addressing
};

}  // namespace relance::intake
