// Certificate and key of the webhook listener, and an eye on the day on which the certificate ends: from then
// on providers refuse to call, and nothing but the absence of receipts would tell.
#pragma once

#include "host/base/result.hpp"
#include "host/base/time.hpp"
#include "host/config/configuration.hpp"

#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace relance::api {

struct HookTls {
  std::shared_ptr<boost::asio::ssl::context> context;  ///< null: plain HTTP
  std::string file;
  Instant until{Instant::max()};  ///< wall time; of the listener's own certificate
};
Result<HookTls> load_hook_tls(const config::Hooks &settings);

class CertificateWatch {
 public:
  void watch(const HookTls &tls);
  /// Says so in the log when the certificate has ended or soon will, at most once a day.
  void look(Instant wall);

 private:
  std::string file_;
  Instant until_{Instant::max()}, quiet_until_{Instant::min()};
};

}  // namespace relance::api
