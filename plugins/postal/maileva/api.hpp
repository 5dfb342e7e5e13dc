// Requests to Maileva, by the path after the interface's address.
#pragma once

#include "plugins/postal/maileva/settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace relance::postal::maileva {

class Api {
 public:
  Api(sdk::Host host, const Settings &settings) : settings_{settings}, account_{host, settings.credentials} {}

  sdk::HttpReply get(const std::string &path);
  /// A proof, with its pictures.
  sdk::HttpReply download(const std::string &path);
  sdk::HttpReply post(const std::string &path, std::string content_type, std::string body,
                      std::int64_t not_after_ms);
  /// RFC 7396.
  sdk::HttpReply patch(const std::string &path, std::string body);
  sdk::HttpReply remove(const std::string &path);

 private:
  sdk::HttpReply fetch(const std::string &path, std::string media_type, std::uint64_t reply_max);
  sdk::HttpReply send(std::string_view method, const std::string &path, std::string content_type,
                      std::string body, std::int64_t not_after_ms);

  const Settings &settings_;
  rest::Account account_;
};

}  // namespace relance::postal::maileva
