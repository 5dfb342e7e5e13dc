// From a channel class to the table of C functions that the host calls: one instantiation a class, nothing
// for the author to do.
#ifndef RELANCE_DRIVER_HPP
#define RELANCE_DRIVER_HPP

#include <relance/blocking.hpp>

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
  std::uint32_t max_in_flight{0};  ///< 0: the host's default; in the blocking style 16 a worker
  std::int64_t idempotency_window_ms{0}, not_found_certain_after_ms{0};
  std::vector<relance_expected_receipt> expected_receipts{};
  std::uint32_t without{0};           ///< RELANCE_CAP_* that this instance, by its settings, does not have
  bool submit_never_releases{false};  ///< two phases: an UNKNOWN of submit leaves a draft at most
  bool polls_open{false};             ///< poll() wants to be told which attempts are open
  std::uint32_t workers{0};           ///< threads of the blocking style; 0: 4
};

/// One instance of a channel class, with what the face keeps beside it. Destroyed in the order that lets
/// every thread end.
template <class T>
class DriverInstance {
 public:
  DriverInstance(const relance_host *host, std::string_view name, std::string_view settings, Issues &issues)
      : host_(host), channel_(Host(host, &services_), name, settings, issues) {
    if constexpr (requires(const T &t) { t.traits(); }) traits_ = channel_.traits();
    if constexpr (HasSend<T>) {
      if (traits_.workers == 0) traits_.workers = Blocking<T>::kWorkersDefault;
      if (traits_.max_in_flight == 0)
        traits_.max_in_flight = Blocking<T>::kInFlightPerWorker * traits_.workers;
    }
    raw_traits_.size = sizeof raw_traits_;
    raw_traits_.capabilities = capabilities_of<T>(T::kDescription.query_by) & ~traits_.without;
    raw_traits_.max_in_flight = traits_.max_in_flight;
    raw_traits_.flags = (traits_.submit_never_releases ? RELANCE_TRAIT_SUBMIT_NEVER_RELEASES : 0u) |
                        (traits_.polls_open ? RELANCE_TRAIT_POLL_OPEN : 0u);
    raw_traits_.idempotency_window_ms = traits_.idempotency_window_ms;
    raw_traits_.not_found_certain_after_ms = traits_.not_found_certain_after_ms;
    raw_traits_.expected_receipts = traits_.expected_receipts.data();
    raw_traits_.expected_receipt_count = traits_.expected_receipts.size();
  }
  DriverInstance(const DriverInstance &) = delete;
  DriverInstance &operator=(const DriverInstance &) = delete;
  ~DriverInstance() {
    stop_working();
    services_.http.close();  // whoever still waits for a reply returns
    if (giving_up_.joinable()) giving_up_.join();
    if constexpr (Waits<T>) blocking_.join();
  }

  void start() {
    if constexpr (Waits<T>) blocking_.start(traits_.workers, traits_.max_in_flight);
    if constexpr (HasStart<T>) channel_.start();
  }
  void stop(std::chrono::milliseconds grace) {
    stop_working();
    if constexpr (HasTimedStop<T>)
      channel_.stop(grace);
    else if constexpr (HasStop<T>)
      channel_.stop();
    if (services_.http.stop() && !giving_up_.joinable())
      giving_up_ = std::thread([this, grace] { give_up_calls(std::min(kStopPatience, grace / 2)); });
  }

  [[nodiscard]] const relance_host *host() const { return host_; }
  [[nodiscard]] const relance_traits *raw_traits() const { return &raw_traits_; }
  T &channel() { return channel_; }
  Blocking<T> &blocking() { return blocking_; }
  Services &services() { return services_; }

 private:
  /// In this order: a send() that sees the stop and returns must find nothing more to begin.
  void stop_working() {
    if constexpr (Waits<T>) blocking_.stop();
    services_.is_stopping = true;
  }

  /// What is open at a stop most often has its reply within a second, and cancelled it would be in doubt; but
  /// one that never comes would keep its message open until the grace is nearly over.
  static constexpr std::chrono::milliseconds kStopPatience{1500};
  void give_up_calls(std::chrono::milliseconds patience) {
    const auto left = services_.http.left_after(patience);
    if (left.empty()) return;
    if (const auto *http = static_cast<const relance_http *>(host_->extension(host_, RELANCE_HTTP_ID)))
      for (const auto token : left) http->cancel(host_, token);
  }

  const relance_host *host_;
  Services services_;
  T channel_;
  Traits traits_{};
  relance_traits raw_traits_{};
  std::thread giving_up_;  ///< between stop() and the last reply
  Blocking<T> blocking_{Host(host_, &services_), channel_};
};

template <class T>
class Driver {
  static_assert(check_methods<T>());
  using Instance = DriverInstance<T>;

 public:
  static const relance_plugin *table() {
    static const relance_descriptor descriptor{make_descriptor()};
    static const relance_plugin plugin{make_table(&descriptor)};
    return &plugin;
  }

 private:
  static relance_descriptor make_descriptor() {
    relance_descriptor d{};
    d.size = sizeof d;
    d.abi_minor = RELANCE_ABI_MINOR;
    d.min_host_minor = T::kDescription.min_host_minor;
    d.capabilities = capabilities_of<T>(T::kDescription.query_by);
    d.id = T::kDescription.id;
    d.driver = T::kDescription.driver;
    d.name = T::kDescription.name;
    d.version = T::kDescription.version;
    d.vendor = T::kDescription.vendor;
    d.channel = T::kDescription.channel;
    d.settings_schema = T::kDescription.settings_schema;
    return d;
  }

  static relance_plugin make_table(const relance_descriptor *descriptor) {
    relance_plugin p{};
    p.size = sizeof p;
    p.descriptor = descriptor;
    p.create = create;
    p.traits = [](relance_instance *i) { return self(i).raw_traits(); };
    p.start = [](relance_instance *i) -> relance_status {
      return call(i, "start", [&] { self(i).start(); }) ? RELANCE_OK : RELANCE_E_INTERNAL;
    };
    p.submit = submit;
    p.stop = [](relance_instance *i, std::uint32_t grace_ms) {
      call(i, "stop", [&] { self(i).stop(std::chrono::milliseconds{grace_ms}); });
    };
    p.destroy = [](relance_instance *i) { call(i, "destroy", [&] { delete &self(i); }); };
    p.extension = extension;
    add_sending(p);
    add_receiving(p);
    add_asked_at_once(p);
    return p;
  }

  static relance_status create(const relance_host *host, relance_str name, relance_str settings,
                               const relance_issue_sink *sink, relance_instance **out) {
    Issues issues{sink};
    std::unique_ptr<Instance> instance;
    const bool is_built{guarded_on_host_thread(host, "create", [&] {
      instance = std::make_unique<Instance>(host, to_view(name), to_view(settings), issues);
    })};
    if (issues.has_fatal()) return RELANCE_E_SETTINGS;
    if (!is_built) return RELANCE_E_INTERNAL;
    if (out != nullptr) *out = reinterpret_cast<relance_instance *>(instance.release());
    return RELANCE_OK;
  }

  static void submit(relance_instance *i, const relance_message *const *messages, std::size_t count) {
    if constexpr (HasSend<T>) {
      each<Pending>(i, "submit", messages, count,
                    [&](Pending p) { self(i).blocking().submit(std::move(p)); });
    } else {
      call(i, "submit", [&] {
        std::vector<Pending> batch;
        batch.reserve(count);
        for (std::size_t k{0}; k < count; ++k) batch.emplace_back(self(i).host(), messages[k]);
        self(i).channel().submit(std::move(batch));
      });
    }
  }

  /// The operations on what was sent.
  static void add_sending(relance_plugin &p) {
    if constexpr (Commits<T>) {
      p.commit = [](relance_instance *i, const relance_commit *const *items, std::size_t count) {
        each<PendingCommit>(i, "commit", items, count, [&](PendingCommit pending) {
          if constexpr (CommitsWaiting<T>)
            self(i).blocking().commit(std::move(pending));
          else
            self(i).channel().commit(std::move(pending));
        });
      };
      p.discard = [](relance_instance *i, const relance_discard *const *items, std::size_t count) {
        each<PendingDiscard>(i, "discard", items, count, [&](PendingDiscard pending) {
          if constexpr (DiscardsWaiting<T>)
            self(i).blocking().discard(std::move(pending));
          else
            self(i).channel().discard(std::move(pending));
        });
      };
    }
    if constexpr (Recalls<T>)
      p.recall = [](relance_instance *i, const relance_recall *const *items, std::size_t count) {
        each<PendingRecall>(i, "recall", items, count, [&](PendingRecall pending) {
          if constexpr (RecallsWaiting<T>)
            self(i).blocking().recall(std::move(pending));
          else
            self(i).channel().recall(std::move(pending));
        });
      };
    if constexpr (Queries<T>)
      p.query = [](relance_instance *i, const relance_query *const *items, std::size_t count) {
        each<PendingQuery>(i, "query", items, count, [&](PendingQuery pending) {
          if constexpr (QueriesWaiting<T>)
            self(i).blocking().query(std::move(pending));
          else
            self(i).channel().query(std::move(pending));
        });
      };
  }

  /// What comes in. A poll() that waits needs no stored() and room() of the author.
  static void add_receiving(relance_plugin &p) {
    if constexpr (HasStored<T> || PollsWaiting<T>) {
      p.stored = [](relance_instance *i, const relance_token *tokens, std::size_t count) {
        if constexpr (HasStored<T>)
          call(i, "stored", [&] { self(i).channel().stored(std::span<const Token>(tokens, count)); });
      };
      p.room = [](relance_instance *i) {
        self(i).blocking().room();
        if constexpr (HasRoom<T>) call(i, "room", [&] { self(i).channel().room(); });
      };
    }
    if constexpr (Parses<T>)
      p.parse = [](relance_instance *i, const relance_raw *const *items, std::size_t count) {
        each<PendingParse>(i, "parse", items, count, [&](PendingParse pending) {
          if constexpr (ParsesWaiting<T>)
            self(i).blocking().parse(std::move(pending));
          else
            self(i).channel().parse(std::move(pending));
        });
      };
    if constexpr (Polls<T>)
      p.poll = [](relance_instance *i, const relance_poll *poll) {
        each<PendingPoll>(i, "poll", &poll, 1, [&](PendingPoll pending) {
          if constexpr (PollsWaiting<T>)
            self(i).blocking().poll(std::move(pending));
          else
            self(i).channel().poll(std::move(pending));
        });
      };
    if constexpr (HasWake<T>)
      p.wake = [](relance_instance *i) { call(i, "wake", [&] { self(i).channel().wake(); }); };
  }

  /// Answered before the call returns, on any thread.
  static void add_asked_at_once(relance_plugin &p) {
    if constexpr (Authenticates<T> || AuthenticatesRaw<T>)
      p.authenticate = [](relance_instance *i, const relance_http_request *request,
                          const relance_http_sink *sink) {
        std::uint32_t verdict{RELANCE_AUTH_FORGED};
        call(i, "authenticate", [&] {
          if constexpr (Authenticates<T>) {
            const Authenticated answer{self(i).channel().authenticate(WebhookRequest::from(*request))};
            verdict = static_cast<std::uint32_t>(answer.verdict);
            if (answer.answer && sink != nullptr) report(*answer.answer, *sink);
          } else {
            verdict = self(i).channel().authenticate(*request, *sink);
          }
        });
        return verdict;
      };
    if constexpr (Quotes<T> || QuotesRaw<T>)
      p.quote = [](relance_instance *i, const relance_message *message,
                   const relance_quote_sink *sink) -> relance_status {
        const bool is_told{call(i, "quote", [&] {
          if constexpr (Quotes<T>)
            report(Quote{self(i).channel().quote(Message{*message})}, *sink);
          else
            self(i).channel().quote(*message, *sink);
        })};
        return is_told ? RELANCE_OK : RELANCE_E_INTERNAL;
      };
  }

  static const void *extension(relance_instance *i, const char *id) {
    const void *table{nullptr};
    if constexpr (HasExtension<T>) call(i, "extension", [&] { table = self(i).channel().extension(id); });
    const std::string_view name{id};
    if (table != nullptr) return table;
    if (name == RELANCE_HTTP_ID) return http_client();
    if constexpr (Fetches<T>)
      if (name == RELANCE_EVIDENCE_ID) return evidence_source();
    return nullptr;
  }
  static const relance_http_client *http_client() {
    static const relance_http_client client{
        sizeof client, 0,
        [](relance_instance *i, const relance_http_reply *const *replies, std::size_t count) {
          const auto now_ms = self(i).host()->wall_ms(self(i).host());
          for (std::size_t k{0}; k < count; ++k)
            call(i, "reply", [&] { self(i).services().http.replied(*replies[k], now_ms); });
        }};
    return &client;
  }
  static const relance_evidence_source *evidence_source() {
    static const relance_evidence_source source{
        sizeof source, 0,
        [](relance_instance *i, const relance_evidence_fetch *const *items, std::size_t count) {
          each<PendingFetch>(i, "fetch", items, count, [&](PendingFetch pending) {
            if constexpr (FetchesWaiting<T>)
              self(i).blocking().fetch(std::move(pending));
            else
              self(i).channel().fetch(std::move(pending));
          });
        }};
    return &source;
  }

  static void report(const WebhookAnswer &answer, const relance_http_sink &sink) {
    std::vector<relance_kv> headers;
    for (const auto &[name, value] : answer.headers) headers.push_back({to_str(name), to_str(value)});
    relance_http_response response{};
    response.size = sizeof response;
    response.status = answer.status;
    response.headers = headers.data();
    response.header_count = headers.size();
    response.body = to_str(answer.body);
    sink.report(sink.ctx, &response);
  }
  static void report(const Quote &quote, const relance_quote_sink &sink) {
    std::vector<relance_issue> issues(quote.issues.size());
    std::vector<const relance_issue *> pointers;
    for (std::size_t k{0}; k < issues.size(); ++k) {
      issues[k].size = sizeof(relance_issue);
      issues[k].fatal = quote.issues[k].is_fatal ? 1u : 0u;
      issues[k].path = to_str(quote.issues[k].path);
      issues[k].message = to_str(quote.issues[k].message);
      pointers.push_back(&issues[k]);
    }
    relance_price price{};
    relance_quote c{};
    c.size = sizeof c;
    c.segments = quote.segments;
    c.pages = quote.pages;
    c.issues = pointers.data();
    c.issue_count = pointers.size();
    if (quote.price) {
      price = {quote.price->micro_units, to_str(quote.price->currency)};
      c.price = &price;
    }
    sink.report(sink.ctx, &c);
  }

  static Instance &self(relance_instance *i) { return *reinterpret_cast<Instance *>(i); }
  template <class F>
  static bool call(relance_instance *i, const char *where, F &&run) {
    return guarded_on_host_thread(self(i).host(), where, std::forward<F>(run));
  }
  /// One Pending a call: a throw loses only its own.
  template <class P, class C, class F>
  static void each(relance_instance *i, const char *where, const C *const *items, std::size_t count,
                   F &&run) {
    for (std::size_t k{0}; k < count; ++k) call(i, where, [&] { run(P(self(i).host(), items[k])); });
  }
};

template <class... Ts>
const relance_plugin *driver_at(std::uint32_t index) {
  const relance_plugin *const tables[]{Driver<Ts>::table()...};
  return index < sizeof...(Ts) ? tables[index] : nullptr;
}

}  // namespace relance::sdk
#endif
