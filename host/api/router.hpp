// Which handler answers which path: one table, read from top to bottom.
#pragma once

#include "host/api/message.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace relance::api {

struct Route {
  std::string method;   ///< "GET" or "POST"
  std::string pattern;  ///< "/v1/tasks/{id}/done": a part in braces takes any one segment
  std::variant<Handler, StreamHandler> handler;
};

class Router {
 public:
  void add(Route route) { routes_.push_back(std::move(route)); }
  [[nodiscard]] const std::vector<Route> &routes() const { return routes_; }

  /// The route, with the request's parameters filled in; or the answer 404 or 405.
  [[nodiscard]] std::variant<const Route *, Response> find(Request &request) const;

 private:
  std::vector<Route> routes_;
};

/// Runs the handler; an error becomes a problem, an exception a logged 500. Any thread.
Response answer(const Route &route, const Request &request);
/// The same for a streamed route. A Response when nothing was written yet.
std::optional<Response> answer(const Route &route, const Request &request, Exchange &exchange);

}  // namespace relance::api
