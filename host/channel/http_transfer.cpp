#include "host/channel/http_transfer.hpp"

#include "host/channel/border.hpp"

#include <curl/curl.h>

namespace relance::channel {
namespace {

/// A server closes what is idle when it likes, often after 5 s, and a request that crosses with that is in
/// doubt: what may not be repeated takes no connection that has been idle for longer.
constexpr long kIdleMaxSeconds{3}, kIdleMaxIdempotentSeconds{60};
constexpr std::size_t kWordsMax{300};

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

}  // namespace

static_assert(CURL_ERROR_SIZE == 256);

HttpTransfer::HttpTransfer(HttpClient::CallId id, HttpCall call, HttpClient::Done done, Easy *easy)
    : id_(id), call_(std::move(call)), done_(std::move(done)), easy_(easy) {
  reply_.token = call_.token;
}

HttpTransfer::~HttpTransfer() {
  curl_slist_free_all(headers_);
}

template <class T>
void HttpTransfer::option(int name, T value) {
  if (is_prepared_ && curl_easy_setopt(easy_, static_cast<CURLoption>(name), value) != CURLE_OK)
    is_prepared_ = false;
}

bool HttpTransfer::prepare(const HttpSettings &settings) {
  option(CURLOPT_PRIVATE, this);
  option(CURLOPT_ERRORBUFFER, error_.data());
  option(CURLOPT_NOSIGNAL, 1L);
  // Without it a name server that does not answer would hold up every provider when one call is given up.
  option(CURLOPT_QUICK_EXIT, 1L);
  option(CURLOPT_PROTOCOLS_STR, "http,https");
  option(CURLOPT_FOLLOWLOCATION, 0L);
  option(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  option(CURLOPT_HTTP09_ALLOWED, 0L);
  option(CURLOPT_URL, call_.url.c_str());
  option(CURLOPT_PREREQFUNCTION, &HttpTransfer::on_request);
  option(CURLOPT_PREREQDATA, this);
  option(CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  option(CURLOPT_HEADERDATA, this);
  option(CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  option(CURLOPT_WRITEDATA, this);
  option(CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  set_method();
  set_headers();
  set_connection(settings);
  set_times();
  return is_prepared_;
}

void HttpTransfer::set_method() {
  const auto &method = call_.method;
  const bool has_body{!call_.body.empty() || method == "POST" || method == "PUT" || method == "PATCH"};
  if (method == "HEAD") {
    option(CURLOPT_NOBODY, 1L);
  } else if (has_body) {
    option(CURLOPT_POST, 1L);
    option(CURLOPT_POSTFIELDS, call_.body.data());
    option(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call_.body.size()));
    if (method != "POST") option(CURLOPT_CUSTOMREQUEST, method.c_str());
  } else {
    option(CURLOPT_HTTPGET, 1L);
    if (method != "GET") option(CURLOPT_CUSTOMREQUEST, method.c_str());
  }
}

void HttpTransfer::set_headers() {
  // A name without a value takes a header of libcurl's own away: a body is not a form because nobody said
  // what it is, and a server's answer to Expect would make libcurl send again.
  std::vector<std::string> lines{"Expect:"};
  bool has_type{false}, has_agent{false};
  for (const auto &[name, value] : call_.headers) {
    has_type = has_type || curl_strequal(name.c_str(), "Content-Type") != 0;
    has_agent = has_agent || curl_strequal(name.c_str(), "User-Agent") != 0;
    lines.push_back(trim(value).empty() ? name + ";" : name + ": " + value);
  }
  if (!has_type) lines.emplace_back("Content-Type:");
  if (!has_agent) lines.emplace_back("User-Agent: relanced");
  for (const auto &line : lines) {
    auto *longer = curl_slist_append(headers_, line.c_str());
    if (longer == nullptr) {
      is_prepared_ = false;
      return;
    }
    headers_ = longer;
  }
  option(CURLOPT_HTTPHEADER, headers_);
  option(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // none of them is the proxy's to see
  option(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void HttpTransfer::set_connection(const HttpSettings &settings) {
  option(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  option(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  option(CURLOPT_SSL_VERIFYPEER, 1L);
  option(CURLOPT_SSL_VERIFYHOST, 2L);
  option(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!settings.ca_file.empty()) {
    option(CURLOPT_CAINFO, settings.ca_file.c_str());
    option(CURLOPT_PROXY_CAINFO, settings.ca_file.c_str());
  }
  // Set also where they are empty: else libcurl would ask the environment.
  option(CURLOPT_PROXY, settings.proxy.c_str());
  option(CURLOPT_NOPROXY, settings.no_proxy.c_str());
  // No round of authentication by itself: a challenge would make libcurl send again.
  option(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_NONE));
  option(CURLOPT_MAXAGE_CONN, call_.is_idempotent ? kIdleMaxIdempotentSeconds : kIdleMaxSeconds);
}

void HttpTransfer::set_times() {
  auto connect = call_.connect_timeout;
  if (call_.not_after != Instant{})  // 0 would mean "for ever"
    connect = std::clamp(call_.not_after - WallClock().now(), Milliseconds{1}, connect);
  option(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect.count()));
  option(CURLOPT_TIMEOUT_MS, static_cast<long>(call_.timeout.count()));
}

int HttpTransfer::on_request(void *self, char *, char *, int, int) {
  auto &transfer = *static_cast<HttpTransfer *>(self);
  if (transfer.has_begun_ && !transfer.call_.is_idempotent) {
    transfer.was_resend_refused_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  if (transfer.call_.not_after != Instant{} && WallClock().now() >= transfer.call_.not_after) {
    transfer.is_too_late_ = true;
    return CURL_PREREQFUNC_ABORT;
  }
  transfer.has_begun_ = true;
  return CURL_PREREQFUNC_OK;
}

std::size_t HttpTransfer::on_header(char *bytes, std::size_t size, std::size_t count, void *self) {
  auto &transfer = *static_cast<HttpTransfer *>(self);
  transfer.header_bytes_ += size * count;
  if (transfer.header_bytes_ > kHttpHeaderBytesMax) {
    transfer.is_header_too_large_ = true;
    return 0;
  }
  transfer.take_header({bytes, size * count});
  return size * count;
}

void HttpTransfer::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // what came before was of a 1xx
    is_head_whole_ = false;
    return reply_.headers.clear();
  }
  if (!reply_.body.empty()) return;  // a trailer: nothing that a plugin may take for a header
  const auto colon = line.find(':');
  if (line == "\r\n" || line == "\n") {
    is_head_whole_ = true;
  } else if (line.starts_with(' ') || line.starts_with('\t')) {
    if (!reply_.headers.empty()) reply_.headers.back().second.append(" ").append(trim(line));
  } else if (colon != line.npos) {
    std::string name(trim(line.substr(0, colon)));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    reply_.headers.emplace_back(std::move(name), trim(line.substr(colon + 1)));
  }
}

std::size_t HttpTransfer::on_body(char *bytes, std::size_t size, std::size_t count, void *self) {
  auto &transfer = *static_cast<HttpTransfer *>(self);
  const auto room = transfer.call_.reply_max - transfer.reply_.body.size();
  transfer.reply_.body.append(bytes, std::min<std::size_t>(size * count, room));
  if (size * count <= room) return size * count;
  transfer.is_body_too_large_ = true;
  return 0;
}

std::string HttpTransfer::words(int code) const {
  if (is_cancelled_) return "cancelled";
  if (was_resend_refused_)
    return "the connection died before a reply; the request may have arrived and is not repeated";
  if (is_too_late_) return "its time (not_after) was over before the connection stood";
  if (is_body_too_large_)
    return "the reply is too large: more than " + std::to_string(call_.reply_max) + " bytes";
  if (is_header_too_large_) return "the headers of the reply are too large";
  const bool was_due{call_.not_after != Instant{} && WallClock().now() >= call_.not_after};
  if (!has_begun_ && code == CURLE_OPERATION_TIMEDOUT && was_due)
    return "its time (not_after) was over before the connection stood";
  const std::string_view detail(error_.data());
  return (has_begun_ ? "no whole reply: " : "could not connect: ") +
         to_line((detail.empty() ? curl_easy_strerror(static_cast<CURLcode>(code)) : detail)
                     .substr(0, kWordsMax));
}

void HttpTransfer::end(int code) {
  long status{0};
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  reply_.status = status < 0 ? 0 : static_cast<std::uint32_t>(status);
  constexpr std::uint32_t kFirstFinal{200};  // a 1xx announces a reply and is none
  // A connection that closes within the headers is no error to libcurl.
  const bool is_whole{code == CURLE_OK && is_head_whole_ && reply_.status >= kFirstFinal};
  if (is_whole && !is_cancelled_ && has_begun_) {
    reply_.result = HttpResult::replied;
  } else {
    reply_.result = has_begun_ ? HttpResult::unknown : HttpResult::not_sent;
    reply_.error =
        code == CURLE_OK && !is_cancelled_ ? "no whole reply: the connection closed before" : words(code);
    if (!has_begun_) reply_.status = 0;  // else it could be the proxy's
  }
  done_(std::move(reply_));
}

}  // namespace relance::channel
