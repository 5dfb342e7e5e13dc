// clang-format off
// Writing a channel plugin in C++20: a class, and one line that exports it.
//
//   class Sms {
//    public:
//     static constexpr relance::sdk::Description kDescription{.id = "com.example.sms", .driver = "http", …};
//     Sms(relance::sdk::Host host, std::string_view instance, std::string_view settings_json,
//         relance::sdk::Issues &issues);
//     relance::sdk::Outcome send(const relance::sdk::Message &message);
//   };
//   RELANCE_EXPORT_DRIVERS(Sms)
//
// The constructor checks its settings: it reports each fault to `issues` and opens nothing; it is also called
// (and the object thrown away) for a mere check. The methods that a class has are its capabilities, each in
// one of two styles:
//
//   blocking: runs on a worker of the         asynchronous: called on the host's thread, returns at
//   instance, may wait, returns how it ended  once; each Pending is ended now or later, on any thread
//
//   Outcome  send(const Message &)            void submit(std::vector<Pending>)
//   Outcome  commit(const Commit &)           void commit(PendingCommit)
//   Discarded discard(const Discard &)        void discard(PendingDiscard)  with commit()
//   Outcome  query(const Query &)             void query(PendingQuery)
//   Recalled recall(const Recall &)           void recall(PendingRecall)
//   Parsed   parse(const Raw &)               void parse(PendingParse)
//   Polled   poll(const Poll &)               void poll(PendingPoll)        with stored(tokens) and room()
//   Fetched  fetch(const Fetch &)             void fetch(PendingFetch)
//
// and at once, without the network: Authenticated authenticate(const WebhookRequest &), and
// Quote quote(const Message &). Optional: start(), stop() or stop(std::chrono::milliseconds grace), wake(), Traits traits() const,
// const void *extension(const char *id).
//
// Blocking methods run on several threads at a time; all others never overlap, but for authenticate() and
// quote(), which come at any time. No exception of the class passes the border: it is logged, and what was
// open ends as UNKNOWN, or is asked for again.
// clang-format on
#ifndef RELANCE_CHANNEL_HPP
#define RELANCE_CHANNEL_HPP

#include <relance/driver.hpp>
#include <relance/json.hpp>
#include <relance/signature.hpp>

/// The plugin's one exported symbol, serving these classes as its drivers.
#define RELANCE_EXPORT_DRIVERS(...)                                                   \
  extern "C" RELANCE_EXPORT const relance_plugin *relance_plugin_v1(uint32_t index) { \
    return ::relance::sdk::driver_at<__VA_ARGS__>(index);                             \
  }
#endif
