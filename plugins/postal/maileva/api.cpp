#include "plugins/postal/maileva/api.hpp"

namespace relance::postal::maileva {
namespace {

/// A list of 500 has some hundred KiB. The host bounds what all open calls of an instance may allow together.
constexpr std::uint64_t kListMax{4'194'304}, kProofMax{16'777'216};

}  // namespace

sdk::HttpReply Api::get(const std::string &path) {
  return fetch(path, "application/json", kListMax);
}

sdk::HttpReply Api::download(const std::string &path) {
  return fetch(path, "application/pdf", kProofMax);
}

sdk::HttpReply Api::fetch(const std::string &path, std::string media_type, std::uint64_t reply_max) {
  return account_.call(
      {.method = "GET",
       .url = settings_.api + '/' + path,
       .headers = {{"accept", std::move(media_type)}},
       .options = {.timeout_ms = settings_.timeout_ms, .reply_max = reply_max, .is_idempotent = true}});
}

sdk::HttpReply Api::post(const std::string &path, std::string content_type, std::string body,
                         std::int64_t not_after_ms) {
  return send("POST", path, std::move(content_type), std::move(body), not_after_ms);
}

sdk::HttpReply Api::patch(const std::string &path, std::string body) {
  return send("PATCH", path, "application/merge-patch+json", std::move(body), 0);
}

sdk::HttpReply Api::remove(const std::string &path) {
  return account_.call({.method = "DELETE",
                        .url = settings_.api + '/' + path,
                        .options = {.timeout_ms = settings_.timeout_ms, .is_idempotent = true}});
}

sdk::HttpReply Api::send(std::string_view method, const std::string &path, std::string content_type,
                         std::string body, std::int64_t not_after_ms) {
  sdk::HttpRequest request{.method = std::string{method},
                           .url = settings_.api + '/' + path,
                           .headers = {{"accept", "application/json"}},
                           .body = std::move(body),
                           .not_after_ms = not_after_ms,
                           .options = {.timeout_ms = settings_.timeout_ms}};
  if (!content_type.empty()) request.headers.emplace_back("content-type", std::move(content_type));
  return account_.call(std::move(request));
}

}  // namespace relance::postal::maileva
