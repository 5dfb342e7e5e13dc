// libcurl's easy interface: one request, nothing kept, no redirect followed.
#include "host/evidence/authority.hpp"

#include <curl/curl.h>

#include <memory>

namespace relance::evidence {
namespace {

constexpr std::size_t kReplyBytesMax{1024 * 1024};  ///< a token with a long chain has some ten thousand

struct FreesCall {
  void operator()(CURL *call) const { curl_easy_cleanup(call); }
};
struct FreesHeaders {
  void operator()(curl_slist *list) const { curl_slist_free_all(list); }
};

std::size_t take(char *bytes, std::size_t size, std::size_t count, void *to) {
  auto &reply = *static_cast<std::string *>(to);
  if (reply.size() + size * count > kReplyBytesMax) return 0;
  reply.append(bytes, size * count);
  return size * count;
}

int is_over(void *cancelled, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool> *>(cancelled)->load() ? 1 : 0;
}

Result<std::string> post(const Authority &authority, const std::string &body,
                         const std::atomic<bool> *is_cancelled) {
  const std::unique_ptr<CURL, FreesCall> call{curl_easy_init()};
  const std::unique_ptr<curl_slist, FreesHeaders> headers{
      curl_slist_append(nullptr, "Content-Type: application/timestamp-query")};
  std::string reply, failure(CURL_ERROR_SIZE, '\0');
  auto *handle = call.get();
  curl_easy_setopt(handle, CURLOPT_URL, authority.url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(authority.timeout.count()));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, failure.data());
  if (is_cancelled != nullptr) {
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, is_over);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, is_cancelled);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  }
  // The environment has no say.
  curl_easy_setopt(handle, CURLOPT_PROXY, authority.proxy.c_str());
  curl_easy_setopt(handle, CURLOPT_NOPROXY, authority.no_proxy.c_str());
  if (!authority.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, authority.ca_file.c_str());
  const auto ended = curl_easy_perform(handle);
  failure.resize(failure.find('\0') == std::string::npos ? 0 : failure.find('\0'));
  if (ended != CURLE_OK) return unavailable(failure.empty() ? curl_easy_strerror(ended) : failure);
  long status{0};
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return unavailable("it answers with HTTP status " + std::to_string(status));
  const char *type{nullptr};
  curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
  if (type == nullptr || !std::string_view{type}.starts_with("application/timestamp-reply"))
    return unavailable("it answers with something else than a time-stamp");
  return reply;
}

}  // namespace

Result<std::string> ask_authority(const Authority &authority, const Sha256 &imprint,
                                  const std::atomic<bool> *is_cancelled) {
  const auto request = make_stamp_request(imprint);
  if (!request) return request.error();
  const auto named = [&](const Error &error) {
    return Error{error.kind, "no time-stamp from " + authority.url + ": " + error.message, {}};
  };
  const auto reply = post(authority, request->der, is_cancelled);
  if (!reply) return named(reply.error());
  auto token = token_of_reply(*reply, *request, authority.trust, WallClock{}.now());
  if (!token) return named(token.error());
  return token;
}

}  // namespace relance::evidence
