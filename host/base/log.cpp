// The catalogue as a table, and its two targets: standard error through spdlog, the journal through its own
// socket.
#include "host/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>
#include <vector>

namespace relance::log {
namespace {

constexpr Message kMessages[]{
#define RELANCE_LOG_MESSAGE(id, level, text, explanation) {#id, Level::level, text, explanation},
#include "host/base/log_catalogue.def"
#undef RELANCE_LOG_MESSAGE
};

constexpr std::size_t kValueBytesMax{2048};

std::atomic<std::uint64_t> counts[std::size(kMessages)];
std::atomic<Level> least_level{Level::info};
std::atomic<Target> chosen_target{Target::standard_error};
std::atomic<bool> writes_json{false};

spdlog::logger &console() {
  static const auto logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("relance", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %v");
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "info";
}

/// A value on one line: quotes, backslashes and control characters escaped as JSON does, cut past the bound.
std::string escaped(std::string_view value) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  const bool is_cut{value.size() > kValueBytesMax};
  for (const char c : value.substr(0, kValueBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  if (is_cut) out += "… (cut)";
  return out;
}

void to_console(const Message &message, std::initializer_list<Field> fields) {
  std::string line;
  if (writes_json) {
    line = R"("level":")" + std::string{name_of(message.level)} + R"(","id":")" + std::string{message.name} +
           R"(","message":")" + escaped(message.text) + '"';
    for (const auto &field : fields)
      line += ",\"" + std::string{field.name} + "\":\"" + escaped(field.value) + '"';
    line += '}';
  } else {
    line = std::string{name_of(message.level)} + ' ' + std::string{message.name} + ' ' +
           std::string{message.text};
    for (const auto &field : fields)
      line += ' ' + std::string{field.name} + "=\"" + escaped(field.value) + '"';
  }
  console().log(spdlog::level::info, spdlog::string_view_t{line});
}

void to_journal(const Message &message, std::initializer_list<Field> fields) {
  static constexpr int kPriorities[]{7, 6, 4, 3};  // sd-daemon(3)
  std::vector<std::string> lines;
  std::string text{message.text};
  for (const auto &field : fields) text += ' ' + std::string{field.name} + "=\"" + escaped(field.value) + '"';
  lines.push_back("MESSAGE=" + std::string{message.name} + ' ' + text);
  lines.push_back("RELANCE_ID=" + std::string{message.name});
  lines.push_back("PRIORITY=" + std::to_string(kPriorities[static_cast<std::size_t>(message.level)]));
  for (const auto &field : fields) {
    std::string key{"RELANCE_"};
    for (const char c : field.name)
      key.push_back(static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
    lines.push_back(key + '=' + escaped(field.value));
  }
  std::vector<iovec> parts;
  for (auto &line : lines) parts.push_back({line.data(), line.size()});
  sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace

const Message &message_of(Id id) {
  return kMessages[static_cast<std::size_t>(id)];
}

void start(Target target, Level least, bool json) {
  chosen_target = target;
  least_level = least;
  writes_json = json;
  if (json) console().set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z",%v)");
}

Target detect_target() {
  // systemd names the device and inode of the stream it connected; a redirected standard error is another
  // one.
  const char *stream{std::getenv("JOURNAL_STREAM")};
  struct stat status{};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return Target::standard_error;
  const auto mine = std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
  return mine == stream ? Target::journald : Target::standard_error;
}

void set_level(Level least) {
  least_level = least;
}

void event(Id id, std::initializer_list<Field> fields) {
  const auto &message = message_of(id);
  counts[static_cast<std::size_t>(id)].fetch_add(1, std::memory_order_relaxed);
  if (message.level < least_level.load(std::memory_order_relaxed)) return;
  if (chosen_target.load(std::memory_order_relaxed) == Target::journald) {
    to_journal(message, fields);
  } else {
    to_console(message, fields);
  }
}

std::uint64_t count_of(Id id) {
  return counts[static_cast<std::size_t>(id)].load(std::memory_order_relaxed);
}

}  // namespace relance::log
