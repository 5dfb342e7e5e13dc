#include "sdk/check/http_calls.hpp"

#include "sdk/check/handed_over.hpp"
#include "sdk/check/verdict.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <thread>

namespace relance::check {
namespace {

constexpr std::size_t kThreads{16};  ///< requests under way at once; the rest waits

struct Call {
  relance_token token;
  std::string method, url, body;
  std::vector<std::string> headers;
  std::int64_t not_after_ms;
  long connect_timeout_ms, timeout_ms;
  std::size_t reply_max;
  std::atomic<bool> is_cancelled{false}, has_begun{false};
};

struct Reply {
  std::uint32_t result{RELANCE_HTTP_UNKNOWN};
  std::uint32_t status{0};
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body, error;
};

bool is_forbidden(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  static constexpr std::string_view kHosts[]{
      "host", "content-length", "connection", "transfer-encoding",   "expect",           "upgrade",
      "te",   "trailer",        "keep-alive", "proxy-authorization", "proxy-connection", "http2-settings"};
  return std::find(std::begin(kHosts), std::end(kHosts), name) != std::end(kHosts);
}

struct Transfer {
  Call *call;
  Reply *reply;
};

std::size_t take_body(char *data, std::size_t, std::size_t size, void *context) {
  const auto &transfer = *static_cast<Transfer *>(context);
  if (transfer.reply->body.size() + size > transfer.call->reply_max) return 0;
  transfer.reply->body.append(data, size);
  return size;
}

std::size_t take_header(char *data, std::size_t, std::size_t size, void *context) {
  auto &reply = *static_cast<Transfer *>(context)->reply;
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) reply.headers.clear();  // an interim reply came before
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon)), value(line.substr(colon + 1));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto from = value.find_first_not_of(" \t"), to = value.find_last_not_of(" \t\r\n");
  value = from == std::string::npos || to < from ? "" : value.substr(from, to - from + 1);
  reply.headers.emplace_back(std::move(name), std::move(value));
  return size;
}

int on_progress(void *context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer *>(context)->call->is_cancelled ? 1 : 0;
}

int before_request(void *context, char *, char *, int, int) {
  static_cast<Transfer *>(context)->call->has_begun = true;
  return CURL_PREREQFUNC_OK;
}

Reply perform(Call &call, const RecordingHost &host) {
  Reply reply;
  if (call.is_cancelled || (call.not_after_ms != 0 && call.not_after_ms < host.wall_ms())) {
    reply.result = RELANCE_HTTP_NOT_SENT;
    reply.error = call.is_cancelled ? "cancelled" : "not_after has passed";
    return reply;
  }
  CURL *const curl{curl_easy_init()};
  Transfer transfer{&call, &reply};
  curl_slist *headers{nullptr};
  for (const auto &header : call.headers) headers = curl_slist_append(headers, header.c_str());
  headers = curl_slist_append(headers, "Expect:");
  curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  if (call.method == "HEAD") curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT" || call.method == "PATCH") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  }
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);  // what is never used again is never retried
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, call.connect_timeout_ms);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, call.timeout_ms);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_request);
  curl_easy_setopt(curl, CURLOPT_PREREQDATA, &transfer);
  const auto code = curl_easy_perform(curl);
  long status{0};
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<std::uint32_t>(status);
  reply.result = code == CURLE_OK && status >= 200 ? RELANCE_HTTP_REPLIED
                 : call.has_begun                  ? RELANCE_HTTP_UNKNOWN
                                                   : RELANCE_HTTP_NOT_SENT;
  if (reply.result != RELANCE_HTTP_REPLIED) {
    reply.error = curl_easy_strerror(code);
    reply.status = 0;
    reply.headers.clear();
  }
  curl_slist_free_all(headers);
  curl_easy_cleanup(curl);
  return reply;
}

void hand_over(const relance_http_client *client, relance_instance *instance, relance_token token,
               const Reply &reply) {
  Arena life(" was used after replied() had returned", Arena::Style::tight);
  std::vector<relance_kv> headers;
  for (const auto &[name, value] : reply.headers)
    headers.push_back({life.text(name, "a reply's header name"), life.text(value, "a reply's header value")});
  relance_http_reply out{};
  out.size = sizeof out;
  out.result = reply.result;
  out.token = token;
  out.status = reply.status;
  out.headers = life.array(headers, "relance_http_reply.headers");
  out.header_count = headers.size();
  out.body = life.text(reply.body, "relance_http_reply.body");
  out.error = life.text(reply.error, "relance_http_reply.error");
  const auto *placed = life.put(out, "relance_http_reply");
  const std::vector<const relance_http_reply *> list{placed};
  const auto *replies = life.array(list, "replied()'s array");
  life.seal();
  client->replied(instance, replies, 1);
}

}  // namespace

struct HttpCalls::Shared {
  explicit Shared(RecordingHost &owner) : host(owner) {}
  RecordingHost &host;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Call>> waiting;
  std::map<relance_token, std::shared_ptr<Call>> open;
  std::size_t idle{0};
  bool is_ending{false}, is_held{false};
  const relance_http_client *client{nullptr};
  relance_instance *instance{nullptr};
  std::vector<std::thread> threads;

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      changed.wait(lock, [this] { return is_ending || (!is_held && !waiting.empty()); });
      --idle;
      if (is_ending) return;
      const auto call = waiting.front();
      waiting.pop_front();
      lock.unlock();
      auto reply = std::make_shared<Reply>(perform(*call, host));
      lock.lock();
      if (is_ending) return;
      host.post([this, call, reply] {  // run by the serial thread, while the instance lives
        {
          const std::lock_guard guard(mutex);
          open.erase(call->token);
        }
        if (client != nullptr && client->replied != nullptr) hand_over(client, instance, call->token, *reply);
      });
    }
  }
};

HttpCalls::HttpCalls(RecordingHost &host) : shared_(std::make_shared<Shared>(host)) {}

HttpCalls::~HttpCalls() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_ending = true;
    for (const auto &[token, call] : shared_->open) call->is_cancelled = true;
    shared_->changed.notify_all();
  }
  for (auto &thread : shared_->threads) thread.join();
}

std::size_t HttpCalls::held() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->waiting.size();
}

void HttpCalls::hold(bool is_held) {
  const std::lock_guard lock(shared_->mutex);
  shared_->is_held = is_held;
  shared_->changed.notify_all();
}

relance_status HttpCalls::send(const relance_http_call &call) {
  if (!has_size(call.size, sizeof call, "relance_http_call")) return RELANCE_E_REFUSED;
  const auto taken = std::make_shared<Call>();
  taken->token = call.token;
  taken->method = copy_text(call.method, "relance_http_call.method");
  taken->url = copy_text(call.url, "relance_http_call.url");
  taken->body = copy(call.body, "relance_http_call.body");
  taken->not_after_ms = call.not_after_ms;
  taken->connect_timeout_ms = call.connect_timeout_ms == 0 ? 10'000 : call.connect_timeout_ms;
  taken->timeout_ms = call.timeout_ms == 0 ? 60'000 : std::min<long>(call.timeout_ms, 600'000);
  taken->reply_max = call.reply_max == 0 ? 1u << 20 : std::min<std::size_t>(call.reply_max, 32u << 20);
  for (std::size_t i{0}; i < call.header_count; ++i) {
    const auto name = copy_text(call.headers[i].key, "a request's header name");
    const auto value = copy(call.headers[i].value, "a request's header value");
    if (is_forbidden(name) || name.find_first_of("\r\n:") != std::string::npos ||
        value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      finding("relance.http/1 was given the header \"" + name + "\", which the host refuses",
              "what frames a request or is between two hops is the host's (relance/http.h has the list); a "
              "value has no line break",
              "relance_http_call.headers");
      return RELANCE_E_REFUSED;
    }
    taken->headers.push_back(value.empty() ? name + ";" : name + ": " + value);
  }
  if (taken->token == 0 || taken->method.empty() ||
      !(taken->url.starts_with("http://") || taken->url.starts_with("https://")))
    return RELANCE_E_REFUSED;
  const std::lock_guard lock(shared_->mutex);
  if (taken->body.size() > RELANCE_HTTP_BODY_MAX) return RELANCE_E_TOO_LARGE;
  if (shared_->open.size() >= RELANCE_HTTP_CALLS_MAX) return RELANCE_E_BUSY;
  if (!shared_->open.emplace(taken->token, taken).second) {
    finding(
        "relance.http/1 was given token " + std::to_string(taken->token) + " while a call with it was open",
        "each open call has a token of its own", "relance_http_call.token");
    return RELANCE_E_REFUSED;
  }
  shared_->waiting.push_back(taken);
  if (shared_->idle == 0 && shared_->threads.size() < kThreads)
    shared_->threads.emplace_back([shared = shared_.get()] { shared->work(); });
  shared_->changed.notify_one();
  return RELANCE_OK;
}

void HttpCalls::cancel(relance_token token) {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->open.find(token);
  if (found != shared_->open.end()) found->second->is_cancelled = true;
}

void HttpCalls::connect(const relance_http_client *client, relance_instance *instance) {
  const std::lock_guard lock(shared_->mutex);
  shared_->client = client;
  shared_->instance = instance;
}

}  // namespace relance::check
