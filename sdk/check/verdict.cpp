// Lines of JSON to a pipe. The buffer of the current step is plain memory, so that a signal handler may read
// it.
#include "sdk/check/verdict.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <set>
#include <unistd.h>

namespace relance::check {
namespace {

namespace json = boost::json;

constexpr std::size_t kFindingsMax{25};  ///< more of one test than an author reads
constexpr std::size_t kTextMax{1'500};   ///< bytes of one finding, before odd ones are spelled out

struct State {
  std::mutex mutex;
  std::set<std::string> said;
  std::size_t findings{0};
  int fd{-1};
  char step[512]{};
};
State &state() {
  static State *const one{new State};  // outlives every thread of the plugin
  return *one;
}

void write_all(int fd, const char *data, std::size_t size) {
  while (size > 0) {
    const auto written = ::write(fd, data, size);
    if (written <= 0) return;
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

/// Only what a JSON string may hold: bytes of a plugin may be anything.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kTextMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else if (c == '\n') {
      out += ' ';
    } else {
      constexpr const char *kHex{"0123456789abcdef"};
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

void say(const json::object &line) {
  auto text = json::serialize(line);
  text += '\n';
  write_all(state().fd, text.data(), text.size());
}

}  // namespace

void open_verdict(int fd) {
  state().fd = fd;
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void finding(std::string_view what, std::string_view fix, std::string_view rule) {
  const std::lock_guard lock(state().mutex);
  const auto text = printable(what);
  if (!state().said.insert(text).second || state().findings == kFindingsMax) return;
  ++state().findings;
  say({{"finding", text}, {"fix", printable(fix)}, {"rule", printable(rule)}});
}

bool has_finding() {
  const std::lock_guard lock(state().mutex);
  return state().findings != 0;
}

void note(std::string_view what) {
  const std::lock_guard lock(state().mutex);
  const auto text = printable(what);
  if (state().said.insert("note " + text).second) say({{"note", text}});
}

void step(std::string_view what) {
  const std::lock_guard lock(state().mutex);
  const auto text = printable(what.substr(0, sizeof state().step / 4));
  const auto length = std::min(text.size(), sizeof state().step - 1);
  std::memcpy(state().step, text.data(), length);
  state().step[length] = '\0';
  say({{"step", text}});
}

std::string current_step() {
  const std::lock_guard lock(state().mutex);
  return state().step;
}

void say_done() {
  const std::lock_guard lock(state().mutex);
  say({{"done", true}});
}

void skip(std::string why) {
  throw Skip{std::move(why)};
}

void abandon(std::string_view what, std::string_view fix, std::string_view rule) {
  finding(what, fix, rule);
  throw Abandon{};
}

void finding_from_signal(const char *what, const char *name, const char *fix, const char *rule) {
  const int fd{state().fd};
  for (const char *piece : {"{\"finding\":\"", what, name, ", while: "})
    write_all(fd, piece, std::strlen(piece));
  // The step was made printable; a quote or a backslash in it would still end the string.
  for (const char *c = state().step; *c != '\0'; ++c)
    if (*c != '"' && *c != '\\') write_all(fd, c, 1);
  for (const char *piece : {"\",\"fix\":\"", fix, "\",\"rule\":\"", rule, "\"}\n{\"done\":true}\n"})
    write_all(fd, piece, std::strlen(piece));
  ::_exit(kExitSaid);
}

}  // namespace relance::check
