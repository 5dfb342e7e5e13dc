#include "host/intake/seen_keys.hpp"

#include <cstring>
#include <functional>

namespace relance::intake {
namespace {

constexpr std::size_t kHeadBytes = 10;
constexpr std::size_t kKeyBytesMax = 4096;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kFirstSlots = 1024;

}  // namespace

const char *SeenKeys::entry(std::uint32_t place) const {
  return blocks_[(place - 1) / kBlockBytes].get() + (place - 1) % kBlockBytes;
}

std::string_view SeenKeys::key_at(std::uint32_t place) const {
  const char *at = entry(place);
  std::uint16_t length;
  std::memcpy(&length, at + 8, 2);
  return {at + kHeadBytes, length};
}

/// The slot that holds the key, or the free one where it belongs.
std::size_t SeenKeys::slot_of(std::string_view key, std::uint32_t hash) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = hash & mask;
  while (table_[slot].place != 0 && (table_[slot].hash != hash || key_at(table_[slot].place) != key))
    slot = (slot + 1) & mask;
  return slot;
}

void SeenKeys::grow() {
  const std::vector<Slot> old = std::move(table_);
  table_.assign(old.empty() ? kFirstSlots : old.size() * 2, {});
  const std::size_t mask = table_.size() - 1;
  for (const Slot &one : old) {
    if (one.place == 0) continue;
    std::size_t slot = one.hash & mask;
    while (table_[slot].place != 0) slot = (slot + 1) & mask;
    table_[slot] = one;
  }
}

std::optional<std::uint64_t> SeenKeys::note(std::string_view key, std::uint64_t line) {
  key = key.substr(0, kKeyBytesMax);
  if (count_ * 4 >= table_.size() * 3) grow();
  const auto hash = static_cast<std::uint32_t>(std::hash<std::string_view>{}(key));
  const std::size_t slot = slot_of(key, hash);
  if (table_[slot].place != 0) {
    std::uint64_t noted;
    std::memcpy(&noted, entry(table_[slot].place), 8);
    return noted;
  }
  if (is_full_) return std::nullopt;
  const std::size_t size = kHeadBytes + key.size();
  if (blocks_.empty() || used_in_last_ + size > kBlockBytes) {
    is_full_ = (blocks_.size() + 1) * kBlockBytes > bytes_max_;
    if (is_full_) return std::nullopt;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlockBytes));
    used_in_last_ = 0;
  }
  char *at = blocks_.back().get() + used_in_last_;
  const auto length = static_cast<std::uint16_t>(key.size());
  std::memcpy(at, &line, 8);
  std::memcpy(at + 8, &length, 2);
  std::memcpy(at + kHeadBytes, key.data(), key.size());
  table_[slot] = {hash, static_cast<std::uint32_t>((blocks_.size() - 1) * kBlockBytes + used_in_last_) + 1};
  used_in_last_ += size;
  ++count_;
  return std::nullopt;
}

}  // namespace relance::intake
