// Problems as RFC 9457 writes them, and look-ups in a request.
#include "host/api/message.hpp"

#include <boost/json.hpp>

namespace relance::api {
namespace {

std::string_view find(const NamedValues &values, std::string_view name) {
  for (const auto &[key, value] : values)
    if (key == name) return value;
  return {};
}

struct Title {
  unsigned status;
  std::string_view type, title;
};
constexpr Title kTitles[]{
    {400, "invalid", "The request is not right"},
    {404, "not-found", "There is no such thing"},
    {405, "method", "This method does not fit the path"},
    {409, "conflict", "The present state does not allow it"},
    {413, "too-large", "The body is too large"},
    {431, "header-too-large", "The header is too large"},
    {500, "internal", "The daemon failed"},
    {503, "unavailable", "Not possible now"},
    {505, "version", "HTTP/1.1 is needed"},
};

boost::json::object problem_object(unsigned status, std::string_view detail, std::string_view where) {
  const auto *known = &kTitles[6];
  for (const auto &title : kTitles)
    if (title.status == status) known = &title;
  boost::json::object object{{"type", "urn:relance:problem:" + std::string{known->type}},
                             {"title", known->title},
                             {"status", status},
                             {"detail", detail}};
  if (!where.empty()) object["where"] = where;
  return object;
}

}  // namespace

std::string_view Request::parameter(std::string_view name) const {
  return find(parameters, name);
}
std::string_view Request::asked(std::string_view name) const {
  return find(query, name);
}

unsigned status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::unavailable:
      return 503;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

Response problem(unsigned status, std::string_view detail, std::string_view where) {
  return {
      status, "application/problem+json", boost::json::serialize(problem_object(status, detail, where)), {}};
}

Response problem(const Error &error) {
  return problem(status_of(error.kind), error.message, error.where);
}

std::string problem_json(const Error &error) {
  return boost::json::serialize(problem_object(status_of(error.kind), error.message, error.where));
}

}  // namespace relance::api
