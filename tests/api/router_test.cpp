// Paths, methods and what becomes of a handler's error.
#include "host/api/router.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

namespace relance::api {
namespace {

Request request(std::string method, std::string path) {
  Request made;
  made.method = std::move(method);
  made.path = std::move(path);
  return made;
}

class Lines final : public Exchange {
 public:
  Result<std::size_t> read_body(std::span<char>) override { return std::size_t{0}; }
  bool write_line(std::string_view json) override {
    lines.emplace_back(json);
    return true;
  }
  bool write_head(std::string_view content_type, const NamedValues &) override {
    type = content_type;
    return true;
  }
  bool write_bytes(std::string_view some) override {
    bytes += some;
    return true;
  }
  void break_off() override { is_broken_off = true; }
  std::vector<std::string> lines;
  std::string type, bytes;
  bool is_broken_off{false};
};

Router a_router() {
  Router router;
  const auto echo = [](const Request &asked) -> Result<Response> {
    return Response{200, "application/json", std::string{asked.parameter("id")}, {}};
  };
  router.add({"GET", "/v1/tasks", Handler{echo}});
  router.add({"POST", "/v1/tasks/{id}/done", Handler{echo}});
  router.add(
      {"POST", "/v1/holds", Handler{[](const Request &) -> Result<Response> { return conflict("held"); }}});
  router.add({"GET", "/v1/holds",
              Handler{[](const Request &) -> Result<Response> { throw std::runtime_error{"boom"}; }}});
  return router;
}

BOOST_AUTO_TEST_SUITE(router_test)

BOOST_AUTO_TEST_CASE(a_part_in_braces_takes_one_segment) {
  const auto router = a_router();
  auto asked = request("POST", "/v1/tasks/17/done");
  const auto found = router.find(asked);
  BOOST_REQUIRE(std::holds_alternative<const Route *>(found));
  BOOST_TEST(answer(*std::get<const Route *>(found), asked).body == "17");
  for (const auto *path :
       {"/v1/tasks//done", "/v1/tasks/17", "/v1/tasks/17/done/", "/v1/tasks/1/2/done", "/", ""}) {
    auto other = request("POST", path);
    BOOST_TEST(std::holds_alternative<Response>(router.find(other)));
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_path_is_404_and_a_wrong_method_405_with_allow) {
  const auto router = a_router();
  auto unknown = request("GET", "/v1/nothing");
  BOOST_TEST(std::get<Response>(router.find(unknown)).status == 404u);
  auto wrong = request("DELETE", "/v1/holds");
  const auto response = std::get<Response>(router.find(wrong));
  BOOST_TEST(response.status == 405u);
  BOOST_TEST(response.headers.front().second == "POST, GET");
}

BOOST_AUTO_TEST_CASE(an_error_becomes_a_problem_of_its_kind) {
  const auto router = a_router();
  auto asked = request("POST", "/v1/holds");
  const auto response = answer(*std::get<const Route *>(router.find(asked)), asked);
  BOOST_TEST(response.status == 409u);
  BOOST_TEST(response.content_type == "application/problem+json");
  BOOST_TEST(
      response.body ==
      R"({"type":"urn:relance:problem:conflict","title":"The present state does not allow it","status":409,"detail":"held"})");
}

BOOST_AUTO_TEST_CASE(an_exception_is_a_500_that_tells_nothing_of_the_inside) {
  const auto router = a_router();
  auto asked = request("GET", "/v1/holds");
  const auto response = answer(*std::get<const Route *>(router.find(asked)), asked);
  BOOST_TEST(response.status == 500u);
  BOOST_TEST(response.body.find("boom") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_error_after_the_first_line_is_the_last_line) {
  Lines lines;
  const Route early{"POST", "/",
                    StreamHandler{[](const Request &, Exchange &) -> Result<void> { return invalid("no"); }}};
  const auto response = answer(early, Request{}, lines);
  BOOST_REQUIRE(response);
  BOOST_TEST(response->status == 400u);
  BOOST_TEST(lines.lines.empty());
  const Route late{"POST", "/", StreamHandler{[](const Request &, Exchange &exchange) -> Result<void> {
                     exchange.write_line("{}");
                     return invalid("no");
                   }}};
  BOOST_TEST(!answer(late, Request{}, lines));
  BOOST_REQUIRE(lines.lines.size() == 2u);
  BOOST_TEST(lines.lines.back().starts_with(R"({"problem":{"type":"urn:relance:problem:invalid")"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace relance::api
