// print_services.py beside a test: started on a free port, told what to do, asked what it has seen.
#pragma once

#include "tests/postal/curl_http.hpp"
#include "tests/postal/peer_process.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/json.hpp>
#include <relance/testkit.hpp>

#include <iostream>
#include <memory>
#include <optional>
#include <string>

namespace relance::test {

class ServicesPeer {
 public:
  ServicesPeer()
      : process_({found_program("python3"), "-B", script(), std::to_string(port_)},
                 folder_.path() / "services.log") {
    await_port(port_, process_, folder_.path() / "services.log");
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void tell(const std::string &json) const {
    const auto reply = over_the_wire({.method = "POST", .url = url() + "/_do", .body = json});
    BOOST_TEST_REQUIRE(reply.status == 200u, reply.body);
  }
  void fault(const std::string &on, const std::string &then, int times = 1) const {
    tell(R"({"fault": {"on": ")" + on + R"(", "then": )" + then + R"(, "times": )" + std::to_string(times) +
         "}}");
  }
  [[nodiscard]] sdk::Json seen() const {
    return sdk::Json::parse(over_the_wire({.url = url() + "/_seen"}).body);
  }

 private:
  static std::string script() {
    const char *source{std::getenv("RELANCE_SOURCE_DIR")};
    return std::string{source == nullptr ? "." : source} + "/tests/postal/print_services.py";
  }
  PeerFolder folder_;
  std::uint16_t port_{free_port()};
  PeerProcess process_;
};

/// A driver beside the services, which it reaches over real connections.
template <class Channel>
struct ServicesBench {
  ServicesPeer services;
  std::optional<testkit::FakeHost> host;
  std::optional<testkit::Instance> instance;
  std::string hook;

  testkit::Instance &started(const std::string &settings) {
    instance.reset();
    host.emplace();
    host->set_wall_ms(::time(nullptr) * 1000LL);
    host->webhook_url = hook;
    host->on_http = [](const sdk::HttpRequest &request) { return over_the_wire(request); };
    instance.emplace(sdk::Driver<Channel>::table(), *host, settings);
    return *instance;
  }
};

/// A callback as the host keeps it.
inline std::string as_raw(const std::string &body) {
  return "POST https://hooks.relance.test/in\r\ncontent-type: application/json\r\n\r\n" + body;
}

}  // namespace relance::test
