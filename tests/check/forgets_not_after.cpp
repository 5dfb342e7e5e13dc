// The blocking style looks at not_after before send(); this one hands its call over without it, so that a
// call which waits for a connection leaves too late. deadline.past must see that.
#include <relance/channel.hpp>
using namespace relance::sdk;

namespace {

class ForgetsNotAfter {
 public:
  static constexpr Description kDescription{.id = "com.example.forgets-not-after",
                                            .driver = "http",
                                            .name = "Forgets not_after",
                                            .version = "1.0",
                                            .vendor = "Example",
                                            .channel = "sms",
                                            .settings_schema = R"({"type": "object", "required": ["url"],
                                              "properties": {"url": {"type": "string"}}})"};
  ForgetsNotAfter(Host host, std::string_view /*instance*/, std::string_view settings, Issues & /*issues*/)
      : http_(host), settings_(Json::parse(settings)) {}

  Outcome send(const Message &message) {
    const auto reply = http_.post(settings_["url"].text() + "/messages", {}, std::string{message.text()}, 0);
    if (reply.is_success()) return Outcome::accepted({Json::parse(reply.body)["id"].text()});
    return reply.outcome();
  }

 private:
  Http http_;
  Json settings_;
};

}  // namespace

RELANCE_EXPORT_DRIVERS(ForgetsNotAfter)
