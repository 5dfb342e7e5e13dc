// Writing a channel plugin in C++20: a class, and one line that exports it.
//
//   class Sms {
//    public:
//     static constexpr relance::sdk::Description kDescription{.id = "com.example.sms", .driver = "http", …};
//     Sms(relance::sdk::Host host, std::string_view name, std::string_view settings_json,
//     relance::sdk::Issues &issues); void submit(std::vector<relance::sdk::Pending> batch);   // end each of
//     them, now or later, on any thread
//   };
//   RELANCE_EXPORT_DRIVERS(Sms)
//
// Optional methods, each of which switches its capability on: commit(PendingCommit) with discard(refs),
// recall(PendingRecall), query(PendingQuery), stored(tokens) with room() and parse(PendingParse),
// poll(PendingPoll), authenticate(request, sink), quote(message, sink); and start(), stop(), wake(),
// traits(), extension(id). The constructor checks its settings: it reports each fault to `issues` and opens
// nothing; it is also called (and the object thrown away) for a mere check. No exception of the class passes
// the border: it is logged, and what was open ends as UNKNOWN.
#ifndef RELANCE_CHANNEL_HPP
#define RELANCE_CHANNEL_HPP

#include <relance/parsed.hpp>

#include <concepts>
#include <exception>
#include <iterator>
#include <memory>

namespace relance::sdk {

struct Description {
  const char *id, *driver, *name, *version, *vendor, *channel;
  const char *settings_schema{nullptr};
  std::uint32_t min_host_minor{0};
  /// What query() can find a send by; narrow it where the provider knows only one of them.
  std::uint32_t query_by{RELANCE_CAP_QUERY_BY_REF | RELANCE_CAP_QUERY_BY_KEY};
};

struct Traits {
  std::uint32_t max_in_flight{0};  ///< 0: the host's default
  std::int64_t idempotency_window_ms{0}, not_found_certain_after_ms{0};
  std::vector<relance_expected_receipt> expected_receipts{};
  std::uint32_t without{0};  ///< RELANCE_CAP_* that this instance, by its settings, does not have
  bool submit_never_releases{false};  ///< two phases: an UNKNOWN of submit leaves a draft at most
};

using Refs = std::vector<std::string_view>;

template <class T>
class Driver {
 public:
  static const relance_plugin *table() {
    static const relance_descriptor descriptor{sizeof(relance_descriptor),
                                               RELANCE_ABI_MINOR,
                                               T::kDescription.min_host_minor,
                                               kCapabilities,
                                               T::kDescription.id,
                                               T::kDescription.driver,
                                               T::kDescription.name,
                                               T::kDescription.version,
                                               T::kDescription.vendor,
                                               T::kDescription.channel,
                                               T::kDescription.settings_schema};
    static const relance_plugin plugin{make_table(&descriptor)};
    return &plugin;
  }

 private:
  static constexpr bool kHasCommit{requires(T t, PendingCommit p){t.commit(std::move(p));
}
};  // namespace relance::sdk
static constexpr bool kHasDiscard{requires(T t, Refs r){t.discard(r);
}
}
;
static constexpr bool kHasRecall{requires(T t, PendingRecall p){t.recall(std::move(p));
}
}
;
static constexpr bool kHasQuery{requires(T t, PendingQuery p){t.query(std::move(p));
}
}
;
static constexpr bool kHasStored{requires(T t, std::span<const Token> s){t.stored(s);
}
}
;
static constexpr bool kHasRoom{requires(T t){t.room();
}
}
;
static constexpr bool kHasParse{requires(T t, PendingParse p){t.parse(std::move(p));
}
}
;
static constexpr bool kHasPoll{requires(T t, PendingPoll p){t.poll(std::move(p));
}
}
;
static constexpr bool kHasWake{requires(T t){t.wake();
}
}
;
static constexpr bool kHasAuthenticate{
    requires(T t, const relance_http_request &r, const relance_http_sink &s){t.authenticate(r, s);
}
}
;
static constexpr bool kHasQuote{
    requires(T t, const relance_message &m, const relance_quote_sink &s){t.quote(m, s);
}
}
;
static constexpr bool kHasExtension{requires(T t, const char *id){t.extension(id);
}
}
;
static_assert(kHasCommit == kHasDiscard,
              "two phases need both commit(PendingCommit) and discard(const Refs &)");
static_assert(kHasStored == kHasRoom, "who takes bytes in needs both stored(tokens) and room()");
static_assert(!kHasStored || kHasParse, "who takes bytes in needs parse(PendingParse)");
static_assert(!kHasPoll || kHasStored,
              "poll(PendingPoll) needs stored(tokens), room() and parse(PendingParse)");
static_assert(!kHasAuthenticate || kHasParse, "authenticate(request, sink) needs parse(PendingParse)");

static constexpr std::uint32_t kCapabilities{
    (kHasCommit ? RELANCE_CAP_TWO_PHASE : 0u) | (kHasRecall ? RELANCE_CAP_RECALL : 0u) |
    (kHasQuery ? T::kDescription.query_by : 0u) | (kHasStored ? RELANCE_CAP_RECEIVE : 0u) |
    (kHasPoll ? RELANCE_CAP_POLL : 0u) | (kHasAuthenticate ? RELANCE_CAP_WEBHOOK : 0u) |
    (kHasQuote ? RELANCE_CAP_QUOTE : 0u)};

struct Instance {
  Instance(const relance_host *h, std::string_view name, std::string_view settings, Issues &issues)
      : host(h), channel(Host(h), name, settings, issues) {}
  const relance_host *host;
  T channel;
  Traits traits{};
  relance_traits raw_traits{};
};
static Instance &self(relance_instance *instance) {
  return *reinterpret_cast<Instance *>(instance);
}

/// Runs the author's code; an exception ends here, in the log.
template <class F>
static bool guarded(const relance_host *host, const char *where, F &&run) noexcept {
  const char *what{"an exception that is no std::exception"};
  try {
    run();
    return true;
  } catch (const std::exception &e) {
    log_thrown(host, where, e.what());
  } catch (...) {
    log_thrown(host, where, what);
  }
  return false;
}
static void log_thrown(const relance_host *host, const char *where, const char *what) noexcept {
  const relance_kv fields[]{{RELANCE_LIT("where"), to_str(where)}, {RELANCE_LIT("what"), to_str(what)}};
  host->log(host, RELANCE_LOG_ERROR, RELANCE_LIT("the plugin threw; it was stopped at the border"), fields,
            2);
}

static relance_status create(const relance_host *host, relance_str name, relance_str settings,
                             const relance_issue_sink *sink, relance_instance **out) {
  Issues issues{sink};
  std::unique_ptr<Instance> instance;
  const bool is_built{guarded(host, "create", [&] {
    instance = std::make_unique<Instance>(host, to_view(name), to_view(settings), issues);
    if constexpr (requires(const T &t) {
                    { t.traits() } -> std::convertible_to<Traits>;
                  })
      instance->traits = instance->channel.traits();
  })};
  if (issues.has_fatal()) return RELANCE_E_SETTINGS;
  if (!is_built) return RELANCE_E_INTERNAL;
  const auto &traits = instance->traits;
  instance->raw_traits = {sizeof(relance_traits),
                          kCapabilities & ~traits.without,
                          traits.max_in_flight,
                          traits.submit_never_releases ? RELANCE_TRAIT_SUBMIT_NEVER_RELEASES : 0u,
                          traits.idempotency_window_ms,
                          traits.not_found_certain_after_ms,
                          traits.expected_receipts.data(),
                          traits.expected_receipts.size()};
  if (out != nullptr) *out = reinterpret_cast<relance_instance *>(instance.release());
  return RELANCE_OK;
}
static const relance_traits *traits(relance_instance *instance) {
  return &self(instance).raw_traits;
}
static relance_status start(relance_instance *instance) {
  return guarded(self(instance).host, "start",
                 [&] {
                   if constexpr (requires(T t) { t.start(); }) self(instance).channel.start();
                 })
             ? RELANCE_OK
             : RELANCE_E_INTERNAL;
}
static void submit(relance_instance *instance, const relance_message *const *messages, std::size_t count) {
  guarded(self(instance).host, "submit", [&] {
    std::vector<Pending> batch;
    batch.reserve(count);
    for (std::size_t i{0}; i < count; ++i) batch.emplace_back(self(instance).host, messages[i]);
    self(instance).channel.submit(std::move(batch));
  });
}
static void stop(relance_instance *instance) {
  guarded(self(instance).host, "stop", [&] {
    if constexpr (requires(T t) { t.stop(); }) self(instance).channel.stop();
  });
}
static void destroy(relance_instance *instance) {
  guarded(self(instance).host, "destroy", [&] { delete &self(instance); });
}

/// One Pending a call: a throw loses only its own.
template <class P, class C, class F>
static void each(relance_instance *instance, const char *where, const C *const *items, std::size_t count,
                 F &&run) {
  for (std::size_t i{0}; i < count; ++i)
    guarded(self(instance).host, where,
            [&] { run(self(instance).channel, P(self(instance).host, items[i])); });
}

static relance_plugin make_table(const relance_descriptor *descriptor) {
  relance_plugin p{};
  p.size = sizeof p;
  p.descriptor = descriptor;
  p.create = create;
  p.traits = traits;
  p.start = start;
  p.submit = submit;
  p.stop = stop;
  p.destroy = destroy;
  if constexpr (kHasCommit) {
    p.commit = [](relance_instance *i, const relance_commit *const *items, std::size_t count) {
      each<PendingCommit>(i, "commit", items, count,
                          [](T &t, PendingCommit pending) { t.commit(std::move(pending)); });
    };
    p.discard = [](relance_instance *i, const relance_str *refs, std::size_t count) {
      guarded(self(i).host, "discard", [&] {
        Refs views;
        std::transform(refs, refs + count, std::back_inserter(views), to_view);
        self(i).channel.discard(views);
      });
    };
  }
  if constexpr (kHasRecall)
    p.recall = [](relance_instance *i, const relance_recall *const *items, std::size_t count) {
      each<PendingRecall>(i, "recall", items, count,
                          [](T &t, PendingRecall pending) { t.recall(std::move(pending)); });
    };
  if constexpr (kHasQuery)
    p.query = [](relance_instance *i, const relance_query *const *items, std::size_t count) {
      each<PendingQuery>(i, "query", items, count,
                         [](T &t, PendingQuery pending) { t.query(std::move(pending)); });
    };
  if constexpr (kHasStored) {
    p.stored = [](relance_instance *i, const relance_token *tokens, std::size_t count) {
      guarded(self(i).host, "stored", [&] { self(i).channel.stored(std::span<const Token>(tokens, count)); });
    };
    p.room = [](relance_instance *i) { guarded(self(i).host, "room", [&] { self(i).channel.room(); }); };
  }
  if constexpr (kHasParse)
    p.parse = [](relance_instance *i, const relance_raw *const *items, std::size_t count) {
      each<PendingParse>(i, "parse", items, count,
                         [](T &t, PendingParse pending) { t.parse(std::move(pending)); });
    };
  if constexpr (kHasPoll)
    p.poll = [](relance_instance *i, const relance_poll *poll) {
      each<PendingPoll>(i, "poll", &poll, 1, [](T &t, PendingPoll pending) { t.poll(std::move(pending)); });
    };
  if constexpr (kHasWake)
    p.wake = [](relance_instance *i) { guarded(self(i).host, "wake", [&] { self(i).channel.wake(); }); };
  if constexpr (kHasAuthenticate)
    p.authenticate = [](relance_instance *i, const relance_http_request *request,
                        const relance_http_sink *sink) {
      std::uint32_t verdict{RELANCE_AUTH_FORGED};
      guarded(self(i).host, "authenticate", [&] { verdict = self(i).channel.authenticate(*request, *sink); });
      return verdict;
    };
  if constexpr (kHasQuote)
    p.quote = [](relance_instance *i, const relance_message *message,
                 const relance_quote_sink *sink) -> relance_status {
      return guarded(self(i).host, "quote", [&] { self(i).channel.quote(*message, *sink); })
                 ? RELANCE_OK
                 : RELANCE_E_INTERNAL;
    };
  if constexpr (kHasExtension)
    p.extension = [](relance_instance *i, const char *id) -> const void * {
      const void *table{nullptr};
      guarded(self(i).host, "extension", [&] { table = self(i).channel.extension(id); });
      return table;
    };
  return p;
}
}
;

template <class... Ts>
const relance_plugin *driver_at(std::uint32_t index) {
  const relance_plugin *const tables[]{Driver<Ts>::table()...};
  return index < sizeof...(Ts) ? tables[index] : nullptr;
}

}  // namespace relance::sdk

/// The plugin's one exported symbol, serving these classes as its drivers.
#define RELANCE_EXPORT_DRIVERS(...)                                                     \
  extern "C" RELANCE_EXPORT const relance_plugin *relance_plugin_v1rc(uint32_t index) { \
    return ::relance::sdk::driver_at<__VA_ARGS__>(index);                               \
  }
#endif
