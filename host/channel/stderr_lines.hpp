// What a plugin's process writes to its standard error: its own words, those of the libraries it uses, a sanitizer's
// report. They reach the log as lines under the provider's name, never as bytes of the daemon's own stream, where they
// could pass for the daemon's lines or fill the disk.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace relance::channel {

class StderrLines {
 public:
  using Sink = std::function<void(std::string_view line)>;

  /// Reads what is there, at most kReadMax bytes, and never waits; tells each whole line. False: nothing comes any more.
  bool read(int descriptor, const Sink &sink);
  /// Tells what is left of a line that no line break ended.
  void end(const Sink &sink);

  static constexpr std::size_t kReadMax{64 * 1024};
  static constexpr std::size_t kLineMax{1000};  ///< longer ones are cut into several

 private:
  void add(std::string_view bytes, const Sink &sink);
  std::string begun_;
};

}  // namespace relance::channel
