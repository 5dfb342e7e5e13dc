// One call on one libcurl handle: its options, what its callbacks gather, and which of the three results its
// end is.
//
// "No byte left" is known by libcurl's pre-request callback: it runs once the connection stands (resolved,
// connected, through the proxy's tunnel, its certificate verified) and right before the request is written,
// for a reused connection too, and again before every repetition that libcurl undertakes by itself (a reused
// connection that died, a refused HTTP/2 stream). So before the first pass nothing has left; a second pass is
// a resend, and is refused where it could do harm.
#pragma once

#include "host/channel/http_client.hpp"

#include <array>

struct curl_slist;

namespace relance::channel {

class HttpTransfer {
 public:
  using Easy = void;  ///< libcurl's CURL
  /// `easy` is fresh or reset.
  HttpTransfer(HttpClient::CallId id, HttpCall call, HttpClient::Done done, Easy *easy);
  HttpTransfer(const HttpTransfer &) = delete;
  HttpTransfer &operator=(const HttpTransfer &) = delete;
  ~HttpTransfer();

  /// False: libcurl did not take an option; end() it then with what it said.
  bool prepare(const HttpSettings &settings);
  void set_cancelled() { is_cancelled_ = true; }
  /// Tells what became of it. `code`: a CURLcode; ignored once the call was cancelled.
  void end(int code);

  [[nodiscard]] Easy *easy() const { return easy_; }
  [[nodiscard]] HttpClient::CallId id() const { return id_; }

 private:
  template <class T>
  void option(int name, T value);
  void set_method();
  void set_headers();
  void set_connection(const HttpSettings &settings);
  void set_times();
  [[nodiscard]] std::string words(int code) const;

  static int on_request(void *self, char *, char *, int, int);
  static std::size_t on_header(char *bytes, std::size_t size, std::size_t count, void *self);
  static std::size_t on_body(char *bytes, std::size_t size, std::size_t count, void *self);
  void take_header(std::string_view line);

  const HttpClient::CallId id_;
  const HttpCall call_;
  const HttpClient::Done done_;
  Easy *const easy_;
  curl_slist *headers_{nullptr};
  std::array<char, 256> error_{};  ///< CURL_ERROR_SIZE
  HttpReply reply_;
  std::size_t header_bytes_{0};
  bool is_prepared_{true};
  bool has_begun_{false};  ///< a byte of the request may have left
  bool is_cancelled_{false}, is_too_late_{false}, was_resend_refused_{false};
  bool is_head_whole_{false};
  bool is_body_too_large_{false}, is_header_too_large_{false};
};

}  // namespace relance::channel
