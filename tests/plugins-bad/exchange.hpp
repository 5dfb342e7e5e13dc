// One HTTP request to the provider on a connection of its own, blocking, that another thread can give up.
#ifndef RELANCE_BAD_EXCHANGE_HPP
#define RELANCE_BAD_EXCHANGE_HPP
#include <atomic>
#include <mutex>
#include <set>
#include <string>

struct Answered {
  bool was_sent{false};  ///< a byte of the request may have left
  bool is_whole{false};  ///< the answer came to its end
  int status{0};
  std::string head{}, body{};
};

class Provider {
 public:
  explicit Provider(std::string url) : url_(std::move(url)) {}
  Answered ask(const std::string &method, const std::string &target, const std::string &headers,
               const std::string &body);
  void give_up();  ///< what is under way breaks off, and nothing new begins
  void begin() { is_given_up_ = false; }

 private:
  Answered talk(const std::string &request);
  std::string url_;
  std::mutex mutex_;
  std::set<int> open_;  // under mutex_
  std::atomic<bool> is_given_up_{false};
};

[[nodiscard]] std::string header_of(const std::string &head, const std::string &name);
#endif
