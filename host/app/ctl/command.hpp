// A command of relancectl as data: its words, what it takes, an example, and the function that does it. The
// command line, the help and docs/for-operators/commands.md are all made from these.
#pragma once

#include "host/app/ctl/client.hpp"

#include <boost/json/fwd.hpp>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::ctl {

enum ExitCode : int {
  kExitOk = 0,
  kExitRefused = 1,      ///< the daemon refused, or what was looked at has faults
  kExitUsage = 2,        ///< the command line is wrong
  kExitUnreachable = 3,  ///< no daemon answers
  kExitNoReceipt = 4,    ///< of a test: taken, and no receipt came in time
  kExitInDoubt = 5,      ///< of a test: nobody knows whether it was sent
};

/// "--because" with a value, "--all" without (no placeholder), or a plain word such as "FILE".
struct Option {
  std::string name, placeholder, help;
  bool is_required{false};
  bool is_many{false};  ///< plain words only
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// One run of one command.
class Run {
 public:
  Run(const Client &client, std::map<std::string, std::vector<std::string>> values, std::string creditor,
      bool json)
      : client{client}, is_json{json}, values_{std::move(values)}, creditor_{std::move(creditor)} {}

  const Client &client;
  const bool is_json;

  [[nodiscard]] bool has(std::string_view option) const {
    return values_.find(std::string{option}) != values_.end();
  }
  [[nodiscard]] std::string text(std::string_view option) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view option) const;

  /// Path and query, with the creditor that --creditor names; empty values are left out.
  [[nodiscard]] std::string target(std::string_view path, const Pairs &query = {}) const;

  using Printer = std::function<int(const boost::json::object &)>;
  /// Sends, and prints: the answer as it came with --json, else by `print`; a problem either way. Returns the
  /// exit code.
  int ask(std::string_view method, const std::string &target, const std::string &body,
          const Printer &print) const;
  int get(const std::string &target, const Printer &print) const { return ask("GET", target, "", print); }
  /// For changes: says `words` when it was done.
  int post(const std::string &target, const boost::json::object &body, const std::string &words) const;

  /// Says what is wrong with the command line.
  [[nodiscard]] int usage(std::string_view what) const;
  /// No answer came.
  [[nodiscard]] int unreachable(const Error &error) const;
  /// Prints a problem answer.
  [[nodiscard]] int refused(std::string_view problem_json) const;

 private:
  std::map<std::string, std::vector<std::string>> values_;
  std::string creditor_;
};

struct Command {
  std::string path;  ///< "tasks done"
  std::string help, example;
  std::vector<Option> options;
  std::function<int(const Run &)> run;  ///< none: a group ("tasks"), which only holds the commands below it
};

/// A group; it stands before the commands that it holds.
Command group_of(std::string path, std::string help, std::string example);

// One group a file (commands_*.cpp).
std::vector<Command> import_commands();
std::vector<Command> question_commands();
std::vector<Command> reminder_commands();
std::vector<Command> people_commands();
std::vector<Command> fact_commands();
std::vector<Command> daemon_commands();
std::vector<Command> provider_commands();
std::vector<Command> plugin_commands();
std::vector<Command> evidence_commands();
std::vector<Command> hook_commands();

/// A member as text: strings as they are, numbers and booleans written out, null and absent empty, lists
/// joined by ", ".
std::string member(const boost::json::object &object, std::string_view name);
/// "36h", "1d", "2w", "5m" or "10s"; 0: not understood.
std::int64_t seconds_of(std::string_view text);
std::uint64_t number(const boost::json::object &object, std::string_view name);
bool flag(const boost::json::object &object, std::string_view name);

}  // namespace relance::ctl
