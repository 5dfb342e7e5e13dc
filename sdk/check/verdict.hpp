// What the child process of one test says to the kit that started it: findings, notes, what it is doing at
// the moment, and that it came to its end. One JSON line each, written at once, so that a crash of the plugin
// loses nothing.
#ifndef RELANCE_CHECK_VERDICT_HPP
#define RELANCE_CHECK_VERDICT_HPP
#include <cstdint>
#include <string>
#include <string_view>

namespace relance::check {

/// From here on what is said goes to that descriptor. Closed on exec.
void open_verdict(int fd);

/// A fault of the plugin. Whatever is said twice is written once; any thread.
/// @param what what was seen, with the values that show it
/// @param fix  what to change, in the author's words
/// @param rule R1 to R7, or the function of the header that says so
void finding(std::string_view what, std::string_view fix, std::string_view rule);
[[nodiscard]] bool has_finding();

/// Something to know that is no fault.
void note(std::string_view what);

/// What the plugin is asked now: named when it crashes or hangs there.
void step(std::string_view what);
[[nodiscard]] std::string current_step();

/// The test came to its end; without it the process died.
void say_done();

/// Thrown to end a test that cannot apply to this driver.
struct Skip {
  std::string why;
};
/// Thrown to end a test after a finding that leaves nothing to go on with.
struct Abandon {};

[[noreturn]] void skip(std::string why);
[[noreturn]] void abandon(std::string_view what, std::string_view fix, std::string_view rule);

/// From a signal handler: a finding made of these pieces, none of which needs escaping; then the process
/// ends.
[[noreturn]] void finding_from_signal(const char *what, const char *name, const char *fix, const char *rule);

/// The exit status of a child that ended by itself, whatever it found.
constexpr int kExitSaid{97};

}  // namespace relance::check
#endif
