// What the host calls: each of the plugin's functions, with no exception let through.
#include "host/channel/instance.hpp"

#include "host/channel/quote_border.hpp"
#include "host/channel/settings_schema.hpp"
#include "host/channel/webhook_border.hpp"

#include <algorithm>

namespace relance::channel {
namespace {

constexpr const char *kFaultMetric{"plugin_faults"};

relance_str literal(const char *text) {
  return {text, std::strlen(text)};
}

}  // namespace

PluginInstance::PluginInstance(const relance_plugin &driver, std::string id, TokenTable &tokens,
                               InstanceState &state, InstanceSink &sink)
    : driver_(driver),
      id_(std::move(id)),
      tokens_(tokens),
      state_(state),
      sink_(sink),
      host_{make_face(), this} {}

PluginInstance::~PluginInstance() {
  destroy();
}

void PluginInstance::fault(std::string_view what, Fields fields) {
  sink_.log(RELANCE_LOG_ERROR, "the plugin broke its contract: " + std::string(what), std::move(fields));
  sink_.metric(RELANCE_METRIC_ADD, kFaultMetric, 1, {});
}

void PluginInstance::fault_thrown(const char *where, std::string what) {
  fault("let an exception pass the border", {{"where", where}, {"what", std::move(what)}});
}

void PluginInstance::end_as(std::span<const Token> tokens, std::uint32_t outcome, const char *code,
                            const char *text) {
  std::vector<relance_result> ends;
  std::vector<OpenToken> closed;
  for (const auto token : tokens) {
    auto open = tokens_.close(Ending::complete, token);
    if (!open) continue;  // the plugin ended it before it threw
    relance_result end{};
    end.size = sizeof end;
    end.outcome = outcome;
    end.token = token;
    end.code = literal(code);
    end.text = literal(text);
    end.failure = outcome == RELANCE_OUT_NOT_SENT ? RELANCE_FAIL_TEMPORARY : RELANCE_FAIL_NONE;
    ends.push_back(end);
    closed.push_back(std::move(*open));
  }
  if (!ends.empty()) sink_.complete(ends);
}

Result<void> PluginInstance::create_or_check(std::string_view settings_json, relance_instance **out) {
  const bool is_check{out == nullptr};
  std::vector<SettingsIssue> issues;
  const auto refusal = [&] {
    const auto first = std::find_if(issues.begin(), issues.end(), [](const auto &i) { return i.is_fatal; });
    return invalid(
        "the settings of '" + id_ + "' are refused by " + driver_.descriptor->id + ": " + join(issues),
        first == issues.end() ? "" : first->path);
  };
  if (driver_.descriptor->settings_schema != nullptr) {
    auto held = check_settings(driver_.descriptor->settings_schema, settings_json);
    if (!held) return Error{held.error().kind, "provider '" + id_ + "': " + held.error().message, {}};
    issues = std::move(*held);
    const bool is_refused{!issues.empty()};
    if (is_check) forget_unread_secrets(issues, settings_json);
    if (!issues.empty()) return refusal();
    if (is_refused) return {};  // what does not fit its schema no plugin has to understand
  }
  const relance_issue_sink sink{
      &issues, [](void *ctx, const relance_issue *theirs) {
        const auto issue = read_sized(theirs);
        static_cast<std::vector<SettingsIssue> *>(ctx)->push_back(
            {to_line(to_view(issue.path)), to_line(to_view(issue.message)), issue.fatal != 0});
      }};
  relance_status status{RELANCE_E_INTERNAL};
  guarded("create",
          [&] { status = driver_.create(&host_.face, to_str(id_), to_str(settings_json), &sink, out); });
  if (status == RELANCE_OK && out != nullptr && *out == nullptr) status = RELANCE_E_INTERNAL;
  if (status == RELANCE_OK) {
    for (const auto &issue : issues) sink_.log(RELANCE_LOG_WARNING, issue.path + ": " + issue.message, {});
    return {};
  }
  if (status == RELANCE_E_SETTINGS && !issues.empty()) {
    if (is_check) forget_unread_secrets(issues, settings_json);
    if (!is_check || std::ranges::any_of(issues, &SettingsIssue::is_fatal)) return refusal();
    return {};
  }
  return internal(std::string(driver_.descriptor->id) + " did not create the instance '" + id_ +
                  "' (status " + std::to_string(status) + ") and named no fault in its settings");
}

Result<void> PluginInstance::check(std::string_view settings_json) {
  return create_or_check(settings_json, nullptr);
}

Result<void> PluginInstance::create(std::string_view settings_json) {
  relance_instance *created{nullptr};
  if (auto done = create_or_check(settings_json, &created); !done) return done;
  instance_ = created;
  relance_traits traits{};
  guarded("traits", [&] {
    if (const auto *theirs = driver_.traits(instance_); theirs != nullptr) traits = read_sized(theirs);
  });
  traits_ = to_traits(*driver_.descriptor, traits);
  ask_extensions();
  return {};
}

void PluginInstance::ask_extensions() {
  if (const auto *table = ask_extension<relance_http_client>(RELANCE_HTTP_ID);
      table != nullptr && RELANCE_HAS(table, replied) && table->replied != nullptr)
    http_client_ = table;
  if (!traits_.can_fetch_evidence) return;
  if (const auto *table = ask_extension<relance_evidence_source>(RELANCE_EVIDENCE_ID);
      table != nullptr && RELANCE_HAS(table, fetch) && table->fetch != nullptr)
    evidence_source_ = table;
  traits_.can_fetch_evidence = evidence_source_ != nullptr;
}

Result<void> PluginInstance::start() {
  relance_status status{RELANCE_E_INTERNAL};
  guarded("start", [&] { status = driver_.start(instance_); });
  if (status == RELANCE_OK) return {};
  return unavailable(std::string(driver_.descriptor->id) + " did not start the instance '" + id_ +
                     "' (status " + std::to_string(status) + "); its log says why");
}

template <class T>
const T *PluginInstance::ask_extension(const char *id) {
  const void *table{nullptr};
  if (driver_.extension != nullptr) guarded("extension", [&] { table = driver_.extension(instance_, id); });
  return static_cast<const T *>(table);
}

template <class T>
std::vector<Token> PluginInstance::announce(Ending ending, std::vector<const T *> &items, bool is_intent) {
  std::vector<Token> tokens(items.size());
  std::transform(items.begin(), items.end(), tokens.begin(), [](const T *item) { return item->token; });
  if (tokens_.announce(ending, tokens) < tokens.size()) {
    std::size_t at{0};
    std::erase_if(items, [&](const T *) { return tokens[at++] == 0; });
    std::erase(tokens, Token{0});
  }
  if (is_intent && !tokens.empty()) sink_.announce(ending, tokens);
  return tokens;
}

void PluginInstance::submit(std::vector<const relance_message *> messages) {
  const auto now = to_ms(WallClock().now());
  std::vector<Token> too_late;
  std::erase_if(messages, [&](const relance_message *message) {
    const bool is_late{message->not_after_ms != 0 && now >= message->not_after_ms};
    if (is_late) too_late.push_back(message->token);
    return is_late;
  });
  if (!too_late.empty())
    end_as(too_late, RELANCE_OUT_NOT_SENT, "not_after", "its time was over before the plugin saw it");
  const auto going = announce(Ending::complete, messages, true);
  if (going.empty()) return;
  if (!guarded("submit", [&] { driver_.submit(instance_, messages.data(), messages.size()); }))
    end_as(going, RELANCE_OUT_UNKNOWN, "threw", "the plugin threw while it took the message");
}

template <class T>
void PluginInstance::hand_over(const char *where, const T &item,
                               void (*function)(relance_instance *, const T *const *, std::size_t)) {
  std::vector<const T *> items{&item};
  if (announce(Ending::complete, items, true).empty()) return;
  if (!guarded(where, [&] { function(instance_, items.data(), 1); }))
    end_as(std::span(&item.token, 1), RELANCE_OUT_UNKNOWN, "threw",
           "the plugin threw while it took the operation");
}

void PluginInstance::commit(const relance_commit &commit) {
  const auto token = std::span(&commit.token, 1);
  if (!traits_.is_two_phase)
    return end_as(token, RELANCE_OUT_NOT_SENT, "unsupported", "this provider has no second phase");
  if (commit.not_after_ms != 0 && to_ms(WallClock().now()) >= commit.not_after_ms)
    return end_as(token, RELANCE_OUT_NOT_SENT, "not_after", "its time was over before the plugin saw it");
  hand_over("commit", commit, driver_.commit);
}

void PluginInstance::end_unasked(const relance_discard &discard, const char *text) {
  const auto open = tokens_.close(Ending::discarded, discard.token);
  const relance_discarded end{sizeof end, RELANCE_DISCARD_UNKNOWN, discard.token, literal(text)};
  if (open) sink_.discarded(std::span(&end, 1));
}

void PluginInstance::discard(const relance_discard &discard) {
  if (!traits_.is_two_phase) return end_unasked(discard, "this provider has no drafts");
  std::vector<const relance_discard *> items{&discard};
  if (announce(Ending::discarded, items, false).empty()) return;
  if (!guarded("discard", [&] { driver_.discard(instance_, items.data(), 1); }))
    end_unasked(discard, "the plugin threw");
}

void PluginInstance::recall(const relance_recall &recall) {
  const auto end_unknown = [&](const char *text) {
    const auto open = tokens_.close(Ending::recalled, recall.token);
    const relance_recalled end{sizeof end, RELANCE_RECALL_UNKNOWN, recall.token, literal(text)};
    if (open) sink_.recalled(std::span(&end, 1));
  };
  if (!traits_.can_recall) return end_unknown("this provider recalls nothing");
  std::vector<const relance_recall *> items{&recall};
  if (announce(Ending::recalled, items, true).empty()) return;
  if (!guarded("recall", [&] { driver_.recall(instance_, items.data(), 1); }))
    end_unknown("the plugin threw");
}

void PluginInstance::query(const relance_query &query) {
  if (!traits_.can_query_by_key && !traits_.can_query_by_ref)
    return end_as(std::span(&query.token, 1), RELANCE_OUT_UNKNOWN, "unsupported",
                  "this provider answers no queries");
  hand_over("query", query, driver_.query);
}

void PluginInstance::stored(std::span<const Token> tokens) {
  if (driver_.stored != nullptr)
    guarded("stored", [&] { driver_.stored(instance_, tokens.data(), tokens.size()); });
}

void PluginInstance::room() {
  if (driver_.room != nullptr) guarded("room", [&] { driver_.room(instance_); });
}

void PluginInstance::parse(std::span<const relance_raw> raws) {
  std::vector<const relance_raw *> pointers;
  for (const auto &raw : raws) pointers.push_back(&raw);
  if (announce(Ending::parsed, pointers, false).empty()) return;
  const char *error{"this plugin parses nothing"};
  if (driver_.parse != nullptr) {
    if (guarded("parse", [&] { driver_.parse(instance_, pointers.data(), pointers.size()); })) return;
    error = "the plugin threw while it parsed";
  }
  for (const auto &raw : raws) {
    const auto open = tokens_.close(Ending::parsed, raw.token);
    const auto status = driver_.parse == nullptr ? RELANCE_PARSED_UNREADABLE : RELANCE_PARSED_RETRY;
    const relance_parsed end{sizeof end, status, raw.token, nullptr, 0, nullptr, 0, literal(error)};
    if (open) sink_.parsed(std::span(&end, 1));
  }
}

void PluginInstance::poll(const relance_poll &poll) {
  const auto end_with = [&, token = poll.token](const char *error) {
    const relance_polled end{sizeof end, 0, token, {}, literal(error), 0};
    if (tokens_.close(Ending::polled, token)) sink_.polled(end);
  };
  if (!traits_.can_poll || driver_.poll == nullptr) return end_with("this plugin polls nothing");
  std::vector<const relance_poll *> items{&poll};
  if (announce(Ending::polled, items, false).empty()) return;
  if (!guarded("poll", [&] { driver_.poll(instance_, &poll); })) end_with("the plugin threw while it polled");
}

void PluginInstance::fetch(const relance_evidence_fetch &fetch) {
  const auto end_with = [&, token = fetch.token](std::uint32_t status, const char *error) {
    relance_evidence_fetched end{};
    end.size = sizeof end;
    end.status = status;
    end.token = token;
    end.error = literal(error);
    if (tokens_.close(Ending::fetched, token)) sink_.fetched(std::span(&end, 1));
  };
  if (evidence_source_ == nullptr) return end_with(RELANCE_FETCHED_RETRY, "this plugin fetches nothing");
  std::vector<const relance_evidence_fetch *> items{&fetch};
  if (announce(Ending::fetched, items, false).empty()) return;
  if (!guarded("fetch", [&] { evidence_source_->fetch(instance_, items.data(), 1); }))
    end_with(RELANCE_FETCHED_RETRY, "the plugin threw while it fetched");
}

std::optional<Quote> PluginInstance::quote(const relance_message &message) {
  if (!traits_.can_quote || driver_.quote == nullptr || instance_ == nullptr) return std::nullopt;
  std::optional<Quote> quote;
  const relance_quote_sink sink{&quote, [](void *ctx, const relance_quote *theirs) {
                                  *static_cast<std::optional<Quote> *>(ctx) = to_quote(read_sized(theirs));
                                }};
  relance_status status{RELANCE_E_INTERNAL};
  guarded("quote", [&] { status = driver_.quote(instance_, &message, &sink); });
  return status == RELANCE_OK ? std::move(quote) : std::nullopt;
}

void PluginInstance::authenticate(std::span<const AuthenticateCall *const> calls) {
  std::vector<Token> tokens(calls.size());
  std::transform(calls.begin(), calls.end(), tokens.begin(), [](const auto *call) { return call->token; });
  tokens_.announce(Ending::judged, tokens);
  std::vector<Judgement> judgements;
  judgements.reserve(calls.size());
  for (std::size_t i{0}; i < calls.size(); ++i) {
    if (tokens[i] == 0) continue;  // it has got its end while it waited
    Judgement judgement;
    judgement.token = tokens[i];
    std::uint32_t verdict{RELANCE_AUTH_FORGED};
    const relance_http_sink sink{&judgement, [](void *ctx, const relance_http_response *theirs) {
                                   static_cast<Judgement *>(ctx)->answer = to_answer(read_sized(theirs));
                                 }};
    if (driver_.authenticate != nullptr && traits_.can_webhook)
      guarded("authenticate", [&] { verdict = driver_.authenticate(instance_, &calls[i]->c, &sink); });
    judgement.verdict = to_verdict(verdict);
    if (tokens_.close(Ending::judged, judgement.token)) judgements.push_back(std::move(judgement));
  }
  if (!judgements.empty()) sink_.judged(std::move(judgements));
}

void PluginInstance::wake() {
  if (driver_.wake != nullptr) guarded("wake", [&] { driver_.wake(instance_); });
}

void PluginInstance::stop(Milliseconds grace) {
  const auto ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>(grace.count(), 0, UINT32_MAX));
  guarded("stop", [&] { driver_.stop(instance_, ms); });
}

void PluginInstance::destroy() {
  if (instance_ == nullptr) return;
  guarded("destroy", [&] { driver_.destroy(instance_); });
  instance_ = nullptr;
}

}  // namespace relance::channel
