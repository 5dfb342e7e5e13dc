// Requests to Maileva, by the path after the interface's address.
#pragma once

#include "plugins/postal/maileva/settings.hpp"

#include <string>
#include <string_view>

namespace relance::postal::maileva {

class Api {
 public:
  Api(sdk::Host host, const Settings &settings) : settings_{settings}, account_{host, settings.credentials} {}

  sdk::HttpReply get(const std::string &path, std::string_view media_type = "application/json");
  sdk::HttpReply post(const std::string &path, std::string content_type, std::string body,
                      std::int64_t not_after_ms);
  /// RFC 7396.
  sdk::HttpReply patch(const std::string &path, std::string body);
  sdk::HttpReply remove(const std::string &path);

 private:
  sdk::HttpReply send(std::string_view method, const std::string &path, std::string content_type,
                      std::string body, std::int64_t not_after_ms);

  const Settings &settings_;
  rest::Account account_;
};

}  // namespace relance::postal::maileva
