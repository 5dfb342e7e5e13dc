// Commands whose answer comes line by line: progress, then one result.
#pragma once

#include "host/app/ctl/command.hpp"

#include <optional>

namespace relance::ctl {

/// One run of a streamed command. Lines are {"progress": …}, {"result": …}, {"problem": …}, and others for
/// `on_other`. With --json every line but progress is printed as it came.
class StreamRun {
 public:
  using OnMember = std::function<void(const boost::json::object &)>;

  explicit StreamRun(const Run &run) : run_{run} {}
  OnMember on_progress{}, on_result{};
  std::function<void(const boost::json::object &line)> on_other{};

  /// The exit code, when nothing else is wrong: kExitOk.
  int go(const std::string &target, const Upload &upload);

 private:
  const Run &run_;
};

}  // namespace relance::ctl
