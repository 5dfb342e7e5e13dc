// The border between an author's class and the C table: exceptions end here, in the log; what they left open
// ends carefully.
#ifndef RELANCE_BORDER_HPP
#define RELANCE_BORDER_HPP

#include <relance/http.hpp>

#include <exception>

namespace relance::sdk {

inline void log_thrown(const relance_host *host, const char *where, const char *what) noexcept {
  const relance_kv fields[]{{RELANCE_LIT("where"), to_str(where)}, {RELANCE_LIT("what"), to_str(what)}};
  host->log(host, RELANCE_LOG_ERROR, RELANCE_LIT("the plugin threw; it was stopped at the border"), fields,
            2);
}

/// Runs the author's code. False: it threw, and that is in the log.
template <class F>
bool guarded(const relance_host *host, const char *where, F &&run) noexcept {
  try {
    run();
    return true;
  } catch (const std::exception &e) {
    log_thrown(host, where, e.what());
  } catch (...) {
    log_thrown(host, where, "an exception that is no std::exception");
  }
  return false;
}

/// The same on a thread of the host, where nothing may wait.
template <class F>
bool guarded_on_host_thread(const relance_host *host, const char *where, F &&run) noexcept {
  const HostThread mark;
  return guarded(host, where, std::forward<F>(run));
}

}  // namespace relance::sdk
#endif
