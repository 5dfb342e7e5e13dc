// One function builds each header; writer and reader share it.
#include "host/evidence/container.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <unistd.h>
#include <zlib.h>

namespace relance::evidence {
namespace {

constexpr std::size_t kLocalHeaderBytes{30};
constexpr std::uint32_t kLocalSignature{0x04034b50}, kCentralSignature{0x02014b50}, kEndSignature{0x06054b50};
constexpr std::uint16_t kVersion{10};  ///< 1.0: stored entries need no more
constexpr std::uint16_t kDate{
    0x0021};  ///< 1980-01-01, where the format's time begins: times stand in the contents

void put16(std::string &out, std::uint32_t value) {
  out += static_cast<char>(value & 0xFF);
  out += static_cast<char>(value >> 8 & 0xFF);
}
void put32(std::string &out, std::uint32_t value) {
  put16(out, value & 0xFFFF);
  put16(out, value >> 16);
}
std::uint32_t get16(std::string_view from, std::size_t at) {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(from[at])) |
         static_cast<std::uint32_t>(static_cast<unsigned char>(from[at + 1])) << 8;
}
std::uint32_t get32(std::string_view from, std::size_t at) {
  return get16(from, at) | get16(from, at + 2) << 16;
}

/// What both headers of an entry say alike: needed version, no flags, stored, time, sum, sizes, name length,
/// nothing extra.
void put_common(std::string &out, std::string_view name, std::uint32_t sum, std::uint32_t bytes) {
  put16(out, kVersion);
  put16(out, 0);
  put16(out, 0);
  put16(out, 0);
  put16(out, kDate);
  put32(out, sum);
  put32(out, bytes);
  put32(out, bytes);
  put16(out, static_cast<std::uint32_t>(name.size()));
  put16(out, 0);
}

std::string local_header(std::string_view name, std::uint32_t sum, std::uint32_t bytes) {
  std::string out;
  put32(out, kLocalSignature);
  put_common(out, name, sum, bytes);
  return out.append(name);
}

void put_central(std::string &out, std::string_view name, std::uint32_t sum, std::uint32_t bytes,
                 std::uint32_t offset) {
  put32(out, kCentralSignature);
  put16(out, kVersion);
  put_common(out, name, sum, bytes);
  put16(out, 0);  // no comment
  put16(out, 0);  // first volume
  put16(out, 0);
  put32(out, 0);
  put32(out, offset);
  out += name;
}

void put_end(std::string &out, std::size_t count, std::uint64_t offset) {
  const auto bytes = out.size();
  put32(out, kEndSignature);
  put16(out, 0);
  put16(out, 0);
  put16(out, static_cast<std::uint32_t>(count));
  put16(out, static_cast<std::uint32_t>(count));
  put32(out, static_cast<std::uint32_t>(bytes));
  put32(out, static_cast<std::uint32_t>(offset));
  put16(out, 0);
}

std::uint32_t sum_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char *>(bytes.data()), bytes.size()));
}

Error damaged(std::size_t at, std::string_view what) {
  return invalid("byte " + std::to_string(at) + ": " + std::string{what});
}

/// Where they differ first.
std::size_t difference(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

std::string lower(std::string_view name) {
  std::string out{name};
  for (auto &c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

}  // namespace

bool is_entry_name(std::string_view name) {
  if (name.empty() || name.size() > kEntryNameMax) return false;
  while (true) {
    const auto part = name.substr(0, name.find('/'));
    if (part.empty() || part.find_first_not_of('.') == std::string_view::npos) return false;
    for (const char c : part)
      if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '.' &&
          c != '_' && c != '-')
        return false;
    if (part.size() == name.size()) return true;
    name.remove_prefix(part.size() + 1);
  }
}

Result<void> ContainerWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      return unavailable(std::string{"the container cannot be written: "} + std::strerror(errno));
    size_ += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> ContainerWriter::add(std::string_view name, std::string_view bytes) {
  if (!is_entry_name(name)) return internal("no entry can be called '" + std::string{name} + "'");
  if (entries_.size() >= kEntriesMax || size_ + bytes.size() + kEntryNameMax > kContainerBytesMax)
    return invalid("the evidence has more than 20,000 files or 4 GB; one container takes no more");
  const Written entry{std::string{name}, sum_of(bytes), static_cast<std::uint32_t>(bytes.size()),
                      static_cast<std::uint32_t>(size_)};
  if (auto written = write(local_header(name, entry.sum, entry.bytes)); !written) return written;
  if (auto written = write(bytes); !written) return written;
  entries_.push_back(entry);
  return {};
}

Result<std::uint64_t> ContainerWriter::finish() {
  const auto offset = size_;
  std::string directory;
  for (const auto &entry : entries_) put_central(directory, entry.name, entry.sum, entry.bytes, entry.offset);
  put_end(directory, entries_.size(), offset);
  if (auto written = write(directory); !written) return written.error();
  return size_;
}

Result<void> ContainerWriter::back_to(const Mark &mark) {
  if (::ftruncate(file_, static_cast<off_t>(mark.size)) != 0)
    return unavailable(std::string{"the container cannot be written: "} + std::strerror(errno));
  size_ = mark.size;
  entries_.resize(mark.entries);
  return {};
}

Result<std::vector<Entry>> read_container(std::string_view file) {
  std::vector<Entry> entries;
  std::set<std::string> names;
  std::string directory;
  std::size_t at{0};
  if (file.size() > kContainerBytesMax) return invalid("this is larger than any container");
  while (file.size() - at >= kLocalHeaderBytes && get32(file, at) == kLocalSignature) {
    if (entries.size() == kEntriesMax) return damaged(at, "there are more entries than a container has");
    const auto sum = get32(file, at + 14), size = get32(file, at + 18);
    const std::size_t name_bytes{get16(file, at + 26)};
    if (file.size() - at - kLocalHeaderBytes < name_bytes + std::uint64_t{size})
      return damaged(at, "an entry is cut off");
    const auto name = file.substr(at + kLocalHeaderBytes, name_bytes);
    if (!is_entry_name(name)) return damaged(at + kLocalHeaderBytes, "no entry is called that");
    const auto header = local_header(name, sum, size);
    if (const auto here = difference(header, file.substr(at)); here < header.size())
      return damaged(at + here, "the header of " + std::string{name} + " is not as it was written");
    const auto bytes = file.substr(at + header.size(), size);
    if (sum_of(bytes) != sum)
      return damaged(at + 14, std::string{name} + " was changed: its checksum is another");
    if (!names.insert(lower(name)).second)  // where letter case means nothing, one would hide the other
      return damaged(at, "a second entry is called " + std::string{name});
    put_central(directory, name, sum, size, static_cast<std::uint32_t>(at));
    entries.push_back({name, bytes});
    at += header.size() + size;
  }
  if (entries.empty()) return damaged(at, "this is no container");
  put_end(directory, entries.size(), at);
  const auto rest = file.substr(at);
  const auto here = difference(directory, rest);
  if (here < directory.size()) return damaged(at + here, "the directory is not as it was written");
  if (rest.size() > directory.size()) return damaged(at + directory.size(), "something follows the end");
  return entries;
}

}  // namespace relance::evidence
