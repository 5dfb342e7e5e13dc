// A channel in the blocking style, with one worker, that throws, forgets and waits where its messages'
// addresses say so. Beside send() it has an asynchronous query(), whose Pending it forgets, since the two
// styles may be mixed.
#include <relance/channel.hpp>

#include <stdexcept>
#include <thread>

namespace {

using namespace relance::sdk;

class Waiting {
 public:
  static constexpr Description kDescription{.id = "org.relance.test.waiting",
                                            .driver = "waiting",
                                            .name = "Waiting",
                                            .version = "1.0",
                                            .vendor = "Relance",
                                            .channel = "email"};
  Waiting(Host host, std::string_view, std::string_view, Issues &) : host_(host) {}
  [[nodiscard]] Traits traits() const { return {.workers = 1}; }

  Outcome send(const Message &message) {
    const auto verb = message.addressee.address;
    if (verb == "throw") throw std::runtime_error("thrown by send");
    if (verb == "forget") return {};
    if (verb == "wait_for_stop") {
      host_.log(LogLevel::info, "waits for the stop");
      while (!message.stop_requested()) std::this_thread::yield();
      return Outcome::not_sent("stopped", "it saw the stop");
    }
    return Outcome::accepted({"ref-" + std::string{message.idempotency_key}});
  }
  void query(PendingQuery) {}

 private:
  Host host_;
};

}  // namespace

RELANCE_EXPORT_DRIVERS(Waiting)
