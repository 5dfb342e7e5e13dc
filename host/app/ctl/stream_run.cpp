// Sorting the lines of a streamed answer.
#include "host/app/ctl/stream_run.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace relance::ctl {
namespace json = boost::json;

int StreamRun::go(const std::string &target, const Upload &upload) {
  std::string problem;
  bool has_result{false};
  const auto take = [&](std::string_view line) {
    json::error_code failed;
    const auto value = json::parse({line.data(), line.size()}, failed);
    if (failed || !value.is_object()) return;
    const auto &object = value.get_object();
    if (const auto *progress = object.if_contains("progress"); progress != nullptr && progress->is_object()) {
      if (on_progress) on_progress(progress->get_object());
      return;
    }
    if (const auto *fault = object.if_contains("problem")) {
      problem = json::serialize(*fault);
      return;
    }
    if (run_.is_json) fmt::print("{}\n", line);
    if (const auto *result = object.if_contains("result"); result != nullptr && result->is_object()) {
      has_result = true;
      if (on_result) on_result(result->get_object());
    } else if (on_other) {
      on_other(object);
    }
  };
  const auto reply = run_.client.stream("POST", target, upload, take);
  if (!reply) return run_.unreachable(reply.error());
  if (reply->status != 200) return run_.refused(reply->body);
  if (!problem.empty()) return run_.refused(problem);
  if (!has_result) return run_.refused(R"({"detail":"the answer ended without a result"})");
  return kExitOk;
}

}  // namespace relance::ctl
