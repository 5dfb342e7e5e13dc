// Matching a path against the table, and running what it names without letting anything escape.
#include "host/api/router.hpp"

#include "host/base/log.hpp"

#include <algorithm>
#include <exception>

namespace relance::api {
namespace {

/// The next part of a path, and what is behind it.
std::string_view take_part(std::string_view &path) {
  const auto end = std::min(path.find('/', 1), path.size());
  const auto part = path.substr(0, end);
  path.remove_prefix(end);
  return part;
}

bool matches(std::string_view pattern, std::string_view path, NamedValues &parameters) {
  parameters.clear();
  while (!pattern.empty() && !path.empty()) {
    const auto wanted = take_part(pattern);
    const auto given = take_part(path);
    if (wanted.starts_with("/{") && wanted.ends_with('}')) {
      if (given.size() < 2) return false;
      parameters.emplace_back(wanted.substr(2, wanted.size() - 3), given.substr(1));
    } else if (wanted != given) {
      return false;
    }
  }
  return pattern.empty() && path.empty();
}

void log_failure(const Request &request, std::string_view why) {
  log::event(log::Id::CONTROL_REQUEST_FAILED,
             {{"method", request.method}, {"path", request.path}, {"by", request.by}, {"why", why}});
}

template <class Run>
Result<void> guarded(const Request &request, Run &&run) {
  try {
    const Result<void> result{run()};
    if (!result && result.error().kind == ErrorKind::internal) log_failure(request, result.error().text());
    return result;
  } catch (const std::exception &fault) {
    log_failure(request, fault.what());
    return internal("the request failed inside the daemon; its log says more (CONTROL_REQUEST_FAILED)");
  }
}

/// Remembers whether the head of a streamed answer is out.
class Watched final : public Exchange {
 public:
  explicit Watched(Exchange &inner) : inner_{inner} {}
  Result<std::size_t> read_body(std::span<char> into) override { return inner_.read_body(into); }
  bool write_line(std::string_view json) override {
    has_written_ = true;
    return inner_.write_line(json);
  }
  bool write_head(std::string_view content_type, const NamedValues &headers) override {
    has_written_ = is_in_bytes_ = true;
    return inner_.write_head(content_type, headers);
  }
  bool write_bytes(std::string_view bytes) override { return inner_.write_bytes(bytes); }
  void break_off() override { inner_.break_off(); }
  [[nodiscard]] bool has_written() const { return has_written_; }
  [[nodiscard]] bool is_in_bytes() const { return is_in_bytes_; }

 private:
  Exchange &inner_;
  bool has_written_{false}, is_in_bytes_{false};
};

}  // namespace

std::variant<const Route *, Response> Router::find(Request &request) const {
  std::string allowed;
  NamedValues parameters;
  for (const auto &route : routes_) {
    if (!matches(route.pattern, request.path, parameters)) continue;
    if (route.method == request.method) {
      request.parameters = std::move(parameters);
      return &route;
    }
    allowed += (allowed.empty() ? "" : ", ") + route.method;
  }
  if (allowed.empty())
    return problem(404, "there is no path " + request.path + "; docs/openapi.yaml lists them");
  auto response = problem(405, request.path + " takes " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

Response answer(const Route &route, const Request &request) {
  Response response;
  const auto done = guarded(request, [&]() -> Result<void> {
    auto result = std::get<Handler>(route.handler)(request);
    if (!result) return result.error();
    response = std::move(*result);
    return {};
  });
  return done ? response : problem(done.error());
}

std::optional<Response> answer(const Route &route, const Request &request, Exchange &exchange) {
  Watched watched{exchange};
  const auto done =
      guarded(request, [&] { return std::get<StreamHandler>(route.handler)(request, watched); });
  if (done) return std::nullopt;
  if (!watched.has_written()) return problem(done.error());
  if (watched.is_in_bytes())
    exchange.break_off();
  else
    exchange.write_line("{\"problem\":" + problem_json(done.error()) + '}');
  return std::nullopt;
}

}  // namespace relance::api
