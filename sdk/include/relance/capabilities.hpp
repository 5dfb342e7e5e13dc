// Which methods a channel class has, and so what it can do. A method that has the right name and the wrong
// parameters would silently be no capability at all: that is an error of compilation here, with a sentence
// that says what to write.
#ifndef RELANCE_CAPABILITIES_HPP
#define RELANCE_CAPABILITIES_HPP

#include <relance/parsed.hpp>
#include <relance/proof.hpp>

#include <chrono>
#include <concepts>
#include <type_traits>

namespace relance::sdk {

// clang-format off: the formatter breaks requires-expressions
template <class T> concept HasSubmit = requires(T &t, std::vector<Pending> b) { t.submit(std::move(b)); };
template <class T> concept HasSend =
    requires(T &t, const Message &m) { { t.send(m) } -> std::convertible_to<Outcome>; };

template <class T> concept CommitsLater = requires(T &t, PendingCommit p) { t.commit(std::move(p)); };
template <class T> concept CommitsWaiting =
    requires(T &t, const Commit &c) { { t.commit(c) } -> std::convertible_to<Outcome>; };
template <class T> concept DiscardsLater = requires(T &t, PendingDiscard p) { t.discard(std::move(p)); };
template <class T> concept DiscardsWaiting =
    requires(T &t, const Discard &d) { { t.discard(d) } -> std::convertible_to<Discarded>; };

template <class T> concept QueriesLater = requires(T &t, PendingQuery p) { t.query(std::move(p)); };
template <class T> concept QueriesWaiting =
    requires(T &t, const Query &q) { { t.query(q) } -> std::convertible_to<Outcome>; };

template <class T> concept RecallsLater = requires(T &t, PendingRecall p) { t.recall(std::move(p)); };
template <class T> concept RecallsWaiting =
    requires(T &t, const Recall &r) { { t.recall(r) } -> std::convertible_to<Recalled>; };

template <class T> concept HasStored = requires(T &t, std::span<const Token> s) { t.stored(s); };
template <class T> concept HasRoom = requires(T &t) { t.room(); };

template <class T> concept ParsesLater = requires(T &t, PendingParse p) { t.parse(std::move(p)); };
template <class T> concept ParsesWaiting =
    requires(T &t, const Raw &r) { { t.parse(r) } -> std::convertible_to<Parsed>; };

template <class T> concept PollsLater = requires(T &t, PendingPoll p) { t.poll(std::move(p)); };
template <class T> concept PollsWaiting =
    requires(T &t, const Poll &p) { { t.poll(p) } -> std::convertible_to<Polled>; };

template <class T> concept FetchesLater = requires(T &t, PendingFetch p) { t.fetch(std::move(p)); };
template <class T> concept FetchesWaiting =
    requires(T &t, const Fetch &f) { { t.fetch(f) } -> std::convertible_to<Fetched>; };

template <class T> concept Authenticates =
    requires(T &t, const WebhookRequest &r) { { t.authenticate(r) } -> std::convertible_to<Authenticated>; };
template <class T> concept AuthenticatesRaw =
    requires(T &t, const relance_http_request &r, const relance_http_sink &s) {
      { t.authenticate(r, s) } -> std::convertible_to<std::uint32_t>;
    };
template <class T> concept Quotes =
    requires(T &t, const Message &m) { { t.quote(m) } -> std::convertible_to<Quote>; };
template <class T> concept QuotesRaw =
    requires(T &t, const relance_message &m, const relance_quote_sink &s) { t.quote(m, s); };

template <class T> concept HasStart = requires(T &t) { t.start(); };
template <class T> concept HasStop = requires(T &t) { t.stop(); };
template <class T> concept HasTimedStop = requires(T &t, std::chrono::milliseconds g) { t.stop(g); };
template <class T> concept HasWake = requires(T &t) { t.wake(); };
template <class T> concept HasExtension =
    requires(T &t, const char *id) { { t.extension(id) } -> std::convertible_to<const void *>; };

template <class T> concept Commits = CommitsLater<T> || CommitsWaiting<T>;
template <class T> concept Discards = DiscardsLater<T> || DiscardsWaiting<T>;
template <class T> concept Queries = QueriesLater<T> || QueriesWaiting<T>;
template <class T> concept Recalls = RecallsLater<T> || RecallsWaiting<T>;
template <class T> concept Parses = ParsesLater<T> || ParsesWaiting<T>;
template <class T> concept Polls = PollsLater<T> || PollsWaiting<T>;
template <class T> concept Fetches = FetchesLater<T> || FetchesWaiting<T>;

/// Some method of it waits, and so it needs threads.
template <class T> concept Waits =
    HasSend<T> || CommitsWaiting<T> || DiscardsWaiting<T> || QueriesWaiting<T> || RecallsWaiting<T> || ParsesWaiting<T> || PollsWaiting<T> ||
    FetchesWaiting<T>;

// names_x<T>: T has a public or private member x, whatever its parameters are: with a second x from another
// base, `x` alone would be ambiguous.
#define RELANCE_NAMES(name)                                                                  \
  struct Only_##name { int name; };                                                          \
  template <class T> struct And_##name : T, Only_##name {};                                  \
  template <class T> concept is_only_##name = requires { &And_##name<T>::name; };            \
  template <class T> constexpr bool names_##name() {                                         \
    if constexpr (std::is_final_v<T>) return false; else return !is_only_##name<T>;          \
  }
RELANCE_NAMES(submit)
RELANCE_NAMES(send)
RELANCE_NAMES(commit)
RELANCE_NAMES(discard)
RELANCE_NAMES(query)
RELANCE_NAMES(recall)
RELANCE_NAMES(stored)
RELANCE_NAMES(room)
RELANCE_NAMES(parse)
RELANCE_NAMES(poll)
RELANCE_NAMES(fetch)
RELANCE_NAMES(authenticate)
RELANCE_NAMES(quote)
#undef RELANCE_NAMES
// clang-format on

template <class T>
constexpr bool check_methods() {
  static_assert(HasSubmit<T> || !names_submit<T>(), "write: public: void submit(std::vector<Pending> batch)");
  static_assert(HasSend<T> || !names_send<T>(), "write: public: Outcome send(const Message &message)");
  static_assert(HasSubmit<T> != HasSend<T>,
                "a channel has either void submit(std::vector<Pending>) or Outcome send(const Message &)");
  static_assert(Commits<T> || !names_commit<T>(),
                "write: public: void commit(PendingCommit) or Outcome commit(const Commit &)");
  static_assert(Discards<T> || !names_discard<T>(),
                "write: public: void discard(PendingDiscard) or Discarded discard(const Discard &)");
  static_assert(Commits<T> == Discards<T>, "two phases need both commit() and discard()");
  static_assert(Queries<T> || !names_query<T>(),
                "write: public: void query(PendingQuery) or Outcome query(const Query &)");
  static_assert(Recalls<T> || !names_recall<T>(),
                "write: public: void recall(PendingRecall) or Recalled recall(const Recall &)");
  static_assert(HasStored<T> || !names_stored<T>(), "write: public: void stored(std::span<const Token>)");
  static_assert(HasRoom<T> || !names_room<T>(), "write: public: void room()");
  static_assert(HasStored<T> == HasRoom<T>, "who takes bytes in needs both stored(tokens) and room()");
  static_assert(Parses<T> || !names_parse<T>(),
                "write: public: void parse(PendingParse) or Parsed parse(const Raw &)");
  static_assert(!HasStored<T> || Parses<T>, "who takes bytes in needs parse()");
  static_assert(Polls<T> || !names_poll<T>(),
                "write: public: void poll(PendingPoll) or Polled poll(const Poll &)");
  static_assert(!PollsLater<T> || HasStored<T>, "poll(PendingPoll) needs stored(tokens), room() and parse()");
  static_assert(!Polls<T> || Parses<T>, "poll() needs parse()");
  static_assert(Fetches<T> || !names_fetch<T>(),
                "write: public: void fetch(PendingFetch) or Fetched fetch(const Fetch &)");
  static_assert(Authenticates<T> || AuthenticatesRaw<T> || !names_authenticate<T>(),
                "write: public: Authenticated authenticate(const WebhookRequest &)");
  static_assert(!(Authenticates<T> || AuthenticatesRaw<T>) || Parses<T>, "authenticate() needs parse()");
  static_assert(Quotes<T> || QuotesRaw<T> || !names_quote<T>(),
                "write: public: Quote quote(const Message &)");
  return true;
}

/// RELANCE_CAP_*. `query_by`: what query() can find a send by.
template <class T>
constexpr std::uint32_t capabilities_of(std::uint32_t query_by) {
  return (Commits<T> ? RELANCE_CAP_TWO_PHASE : 0u) | (Recalls<T> ? RELANCE_CAP_RECALL : 0u) |
         (Queries<T> ? query_by : 0u) | (HasStored<T> ? RELANCE_CAP_RECEIVE : 0u) |
         (Polls<T> ? RELANCE_CAP_POLL : 0u) | (Fetches<T> ? RELANCE_CAP_EVIDENCE : 0u) |
         (Authenticates<T> || AuthenticatesRaw<T> ? RELANCE_CAP_WEBHOOK : 0u) |
         (Quotes<T> || QuotesRaw<T> ? RELANCE_CAP_QUOTE : 0u);
}

}  // namespace relance::sdk
#endif
