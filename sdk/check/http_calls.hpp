// relance.http/1 as simply as it can be kept to the letter: one thread and one new connection for each call,
// so that nothing is ever sent twice; replies go to the serial thread.
#ifndef RELANCE_CHECK_HTTP_CALLS_HPP
#define RELANCE_CHECK_HTTP_CALLS_HPP
#include <relance/http.h>

#include <cstddef>
#include <memory>

namespace relance::check {

class RecordingHost;

class HttpCalls {
 public:
  explicit HttpCalls(RecordingHost &host);
  ~HttpCalls();  ///< gives up what is open; no reply comes any more
  HttpCalls(const HttpCalls &) = delete;
  HttpCalls &operator=(const HttpCalls &) = delete;

  relance_status send(const relance_http_call &call);
  void cancel(relance_token token);
  /// Calls wait from now on before their first byte, as for a free connection, or wait no more.
  void hold(bool is_held);
  [[nodiscard]] std::size_t held() const;  ///< how many wait
  void connect(const relance_http_client *client, relance_instance *instance);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace relance::check
#endif
