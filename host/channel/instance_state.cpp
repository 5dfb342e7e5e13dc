#include "host/channel/instance_state.hpp"

#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace relance::channel {
namespace {

// "<length> <bytes>" for each key and each value: bytes of any kind, no escaping.
void append(std::string &text, std::string_view item) {
  text.append(std::to_string(item.size())).append(" ").append(item);
}

bool take(std::string_view &text, std::string &item) {
  std::size_t length{0};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), length);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (ec != std::errc{} || digits == text.size() || *end != ' ' || length > text.size() - digits - 1)
    return false;
  item = text.substr(digits + 1, length);
  text.remove_prefix(digits + 1 + length);
  return true;
}

Error state_failed(const std::string &what, const std::string &path) {
  return unavailable("cannot " + what + " '" + path + "': " + std::strerror(errno));
}

}  // namespace

bool InstanceState::put(std::string_view key, std::string_view value) {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  const auto before = found == values_.end() ? 0 : found->first.size() + found->second.size();
  const auto after = value.empty() ? 0 : key.size() + value.size();
  if (after > kBytesMax || bytes_ - before + after > kBytesMax) return false;
  if (found != values_.end() && found->second == value) return true;
  if (value.empty()) {
    if (found != values_.end()) values_.erase(found);
  } else if (found == values_.end()) {
    values_.emplace(key, value);
  } else {
    found->second = value;
  }
  bytes_ = bytes_ - before + after;
  is_changed_ = true;
  return true;
}

std::optional<std::string> InstanceState::get(std::string_view key) const {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::string InstanceState::encode() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto &[key, value] : values_) {
    append(text, key);
    append(text, value);
  }
  return text;
}

Result<void> InstanceState::decode(std::string_view text) {
  std::map<std::string, std::string, std::less<>> values;
  std::size_t bytes{0};
  while (!text.empty()) {
    std::string key, value;
    if (!take(text, key) || !take(text, value)) return invalid("is no state of an instance");
    bytes += key.size() + value.size();
    if (bytes > kBytesMax) return invalid("is longer than the state of an instance may be");
    values.emplace(std::move(key), std::move(value));
  }
  const std::lock_guard lock(mutex_);
  values_ = std::move(values);
  bytes_ = bytes;
  is_changed_ = false;
  return {};
}

Result<void> InstanceState::load(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return errno == ENOENT ? Result<void>{} : state_failed("read the state file", path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto decoded = decode(text);
  if (!decoded)
    return invalid("the file '" + path + "' " + decoded.error().message + "; move it away to begin anew");
  return {};
}

Result<void> InstanceState::save_if_changed(const std::string &path) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_changed_) return {};
    is_changed_ = false;
  }
  const auto text = encode();
  const auto beside = path + ".new";
  const int fd{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  bool is_written{fd >= 0};
  for (std::size_t at{0}; is_written && at < text.size();) {
    const auto n = ::write(fd, text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    is_written = n > 0;
    if (is_written) at += static_cast<std::size_t>(n);
  }
  is_written = is_written && ::fdatasync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (is_written && ::rename(beside.c_str(), path.c_str()) == 0) return {};
  auto error = state_failed("write the state file", path);
  const std::lock_guard lock(mutex_);
  is_changed_ = true;
  return error;
}

}  // namespace relance::channel
