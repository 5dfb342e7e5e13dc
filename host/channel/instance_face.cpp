// What the plugin calls: the host's table, and each call through it held to the contract before anything
// follows from it.
#include "host/channel/instance.hpp"

#include <cmath>

namespace relance::channel {

PluginInstance &PluginInstance::self(const relance_host *host) {
  return *reinterpret_cast<const HostFace *>(host)->self;  // face is its first member
}

relance_host PluginInstance::make_face() {
  relance_host face{};
  face.size = sizeof face;
  face.abi_minor = RELANCE_ABI_MINOR;
  face.complete = [](const relance_host *h, const relance_result *const *results, std::size_t count) {
    self(h).on_complete(results, count);
  };
  face.recalled = [](const relance_host *h, const relance_recalled *const *results, std::size_t count) {
    self(h).on_recalled(results, count);
  };
  face.discarded = [](const relance_host *h, const relance_discarded *const *results, std::size_t count) {
    self(h).on_discarded(results, count);
  };
  face.parsed = [](const relance_host *h, const relance_parsed *const *results, std::size_t count) {
    self(h).on_parsed(results, count);
  };
  face.polled = [](const relance_host *h, const relance_polled *result) { self(h).on_polled(result); };
  face.inbound = [](const relance_host *h, const relance_inbound *const *batch, std::size_t count) {
    std::vector<relance_inbound> items;
    items.reserve(count);
    for (std::size_t i{0}; i < count; ++i) items.push_back(read_sized(batch[i]));
    return self(h).sink_.inbound(items);
  };
  face.ready = [](const relance_host *h, std::uint32_t credit) { self(h).sink_.ready(credit); };
  face.health = [](const relance_host *h, const relance_health *health) {
    self(h).sink_.health(read_sized(health));
  };
  face.wake = [](const relance_host *h, std::uint32_t after_ms) {
    self(h).sink_.wake_after(Milliseconds(after_ms));
  };
  face.log = [](const relance_host *h, std::int32_t level, relance_str text, const relance_kv *fields,
                std::size_t count) {
    self(h).sink_.log(std::clamp(level, RELANCE_LOG_TRACE, RELANCE_LOG_ERROR), to_line(to_view(text)),
                      to_fields(fields, count));
  };
  face.metric = [](const relance_host *h, std::uint32_t kind, relance_str name, double value,
                   const relance_kv *labels, std::size_t count) {
    if (kind <= RELANCE_METRIC_OBSERVE && std::isfinite(value))
      self(h).sink_.metric(kind, to_line(to_view(name)), value, to_fields(labels, count));
  };
  face.state_get = [](const relance_host *h, relance_str key, void *buffer, std::size_t cap) {
    return self(h).on_state_get(to_view(key), buffer, cap);
  };
  face.state_put = [](const relance_host *h, relance_str key, relance_str value) {
    return self(h).on_state_put(to_view(key), to_view(value));
  };
  face.business_ms = [](const relance_host *h) -> std::int64_t {
    return to_ms(self(h).sink_.business_now());
  };
  face.wall_ms = [](const relance_host *) -> std::int64_t { return to_ms(WallClock().now()); };
  face.extension = [](const relance_host *h, const char *id) -> const void * {
    return self(h).on_extension(id == nullptr ? "" : id);
  };
  face.webhook_url = [](const relance_host *h, void *buffer, std::size_t cap) -> std::int64_t {
    return self(h).on_webhook_url(buffer, cap);
  };
  return face;
}

template <class T>
std::vector<T> PluginInstance::take_ends(Ending ending, const T *const *results, std::size_t count,
                                         std::vector<OpenToken> &closed) {
  std::vector<T> ends;
  std::vector<Token> strays;
  ends.reserve(count);
  closed.reserve(count);
  tokens_.close_all(
      ending, count, [&](std::size_t i) { return results[i]->token; },
      [&](std::size_t i, OpenToken token) {
        ends.push_back(read_sized(results[i]));
        closed.push_back(std::move(token));
      },
      [&](std::size_t i) { strays.push_back(results[i]->token); });
  for (const auto token : strays) fault("ended a token that is not open", {{"token", std::to_string(token)}});
  return ends;
}

void PluginInstance::on_complete(const relance_result *const *results, std::size_t count) {
  std::vector<OpenToken> closed;  // until the sink has read what may point into borrowed memory
  auto ends = take_ends(Ending::complete, results, count, closed);
  if (ends.size() < count) take_late_drafts(results, count, ends);
  for (std::size_t i{0}; i < ends.size(); ++i) {
    auto &end = ends[i];
    const auto operation = closed[i].operation;
    if ((end.outcome != RELANCE_OUT_PREPARED || operation != Operation::commit) &&
        (end.outcome != RELANCE_OUT_NOT_FOUND || operation == Operation::query))
      continue;
    fault("ended a token with an outcome that its operation does not have",
          {{"token", std::to_string(end.token)}});
    end.outcome = RELANCE_OUT_UNKNOWN;
  }
  if (!ends.empty()) sink_.complete(ends);
}

void PluginInstance::take_late_drafts(const relance_result *const *results, std::size_t count,
                                      const std::vector<relance_result> &ends) {
  std::vector<relance_result> late;
  for (std::size_t i{0}; i < count; ++i) {
    const auto token = results[i]->token;
    const bool has_ended{
        std::any_of(ends.begin(), ends.end(), [&](const auto &end) { return end.token == token; })};
    if (!has_ended && results[i]->outcome == RELANCE_OUT_PREPARED && tokens_.take_late(token))
      late.push_back(read_sized(results[i]));
  }
  if (!late.empty()) sink_.late_drafts(late);
}

void PluginInstance::on_discarded(const relance_discarded *const *results, std::size_t count) {
  std::vector<OpenToken> closed;
  const auto ends = take_ends(Ending::discarded, results, count, closed);
  if (!ends.empty()) sink_.discarded(ends);
}

void PluginInstance::on_polled(const relance_polled *result) {
  std::vector<OpenToken> closed;
  const auto ends = take_ends(Ending::polled, &result, 1, closed);
  if (!ends.empty()) sink_.polled(ends.front());
}

void PluginInstance::on_recalled(const relance_recalled *const *results, std::size_t count) {
  std::vector<OpenToken> closed;
  const auto ends = take_ends(Ending::recalled, results, count, closed);
  if (!ends.empty()) sink_.recalled(ends);
}

void PluginInstance::on_parsed(const relance_parsed *const *results, std::size_t count) {
  std::vector<OpenToken> closed;
  const auto ends = take_ends(Ending::parsed, results, count, closed);
  if (!ends.empty()) sink_.parsed(ends);
}

const void *PluginInstance::on_extension(std::string_view id) {
  if (id == RELANCE_HTTP_ID) return &http_table();
  return id == RELANCE_EVIDENCE_ID ? &evidence_table() : nullptr;
}

const relance_evidence_store &PluginInstance::evidence_table() {
  static const relance_evidence_store table = [] {
    relance_evidence_store t{};
    t.size = sizeof t;
    t.fetched = [](const relance_host *h, const relance_evidence_fetched *const *results, std::size_t count) {
      self(h).on_fetched(results, count);
    };
    return t;
  }();
  return table;
}

void PluginInstance::on_fetched(const relance_evidence_fetched *const *results, std::size_t count) {
  std::vector<OpenToken> closed;
  const auto ends = take_ends(Ending::fetched, results, count, closed);
  if (!ends.empty()) sink_.fetched(ends);
}

std::int64_t PluginInstance::on_webhook_url(void *buffer, std::size_t cap) {
  const auto url = sink_.webhook_url();
  if (!url.empty() && url.size() <= cap) std::memcpy(buffer, url.data(), url.size());
  return static_cast<std::int64_t>(url.size());
}

std::int64_t PluginInstance::on_state_get(std::string_view key, void *buffer, std::size_t cap) {
  const auto value = state_.get(key);
  if (!value) return -1;
  if (value->size() <= cap) std::memcpy(buffer, value->data(), value->size());
  return static_cast<std::int64_t>(value->size());
}

relance_status PluginInstance::on_state_put(std::string_view key, std::string_view value) {
  if (!state_.put(key, value)) return RELANCE_E_TOO_LARGE;
  sink_.state_changed(key, value);
  return RELANCE_OK;
}

}  // namespace relance::channel
