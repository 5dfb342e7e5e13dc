#include "tests/postal/curl_http.hpp"

#include <curl/curl.h>

#include <memory>

namespace relance::test {
namespace {

std::size_t take_body(char *bytes, std::size_t size, std::size_t count, void *out) {
  static_cast<std::string *>(out)->append(bytes, size * count);
  return size * count;
}
std::size_t take_header(char *bytes, std::size_t size, std::size_t count, void *out) {
  std::string line{bytes, size * count};
  const auto colon = line.find(':');
  if (colon == line.npos) return line.size();
  auto name = line.substr(0, colon), value = line.substr(line.find_first_not_of(" \t", colon + 1));
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n')) value.pop_back();
  for (auto &c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  static_cast<sdk::HttpHeaders *>(out)->emplace_back(name, value);
  return line.size();
}

}  // namespace

sdk::HttpReply over_the_wire(const sdk::HttpRequest &request) {
  static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{curl_easy_init(), curl_easy_cleanup};
  sdk::HttpReply reply{.result = sdk::HttpReply::Result::replied};
  curl_slist *headers{nullptr};
  for (const auto &[name, value] : request.headers)
    headers = curl_slist_append(headers, (name + ": " + value).c_str());
  headers = curl_slist_append(headers, "Expect:");
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owned{headers, curl_slist_free_all};
  curl_easy_setopt(curl.get(), CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 20L);
  if (!request.body.empty() || request.method == "POST") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &reply.headers);
  const auto said = ready == CURLE_OK ? curl_easy_perform(curl.get()) : ready;
  if (said != CURLE_OK) {
    reply.result =
        said == CURLE_COULDNT_CONNECT ? sdk::HttpReply::Result::not_sent : sdk::HttpReply::Result::unknown;
    reply.error = curl_easy_strerror(said);
    return reply;
  }
  long status{0};
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<std::uint32_t>(status);
  return reply;
}

}  // namespace relance::test
