// Webhooks and what came by them: where a provider reaches us, what was refused, and the stored bytes
// themselves.
#include "host/api/body.hpp"
#include "host/api/handlers.hpp"
#include "host/api/hook_listener.hpp"
#include "host/api/json_text.hpp"
#include "host/engine/webhook_raw.hpp"
#include "host/engine/webhooks.hpp"

#include <boost/json.hpp>
#include <relance/signature.hpp>

#include <algorithm>
#include <charconv>

namespace relance::api {
namespace json = boost::json;
namespace {

constexpr std::size_t kHookRowsMax{1000};
constexpr std::size_t kShownBytesMax{256 * 1024};  ///< of an item; a person reads no more of it

json::object counts_of(const engine::HookReport &report) {
  return {{"provider", report.provider},
          {"genuine", report.genuine},
          {"pokes", report.pokes},
          {"challenges", report.challenges},
          {"forged", report.forged},
          {"repeats", report.repeats},
          {"down", report.down},
          {"unverified", report.unverified},
          {"unverified_waiting", report.waiting_unverified},
          {"dropped", report.dropped},
          {"not_stored", report.not_stored}};
}

json::array samples_of(const engine::HookReport &report) {
  json::array out;
  for (const auto &sample : report.samples)
    out.push_back(json::object{{"at", format_instant(sample.at)},
                               {"from", sample.remote_address},
                               {"method", sample.method},
                               {"headers", to_json(sample.header_names)},
                               {"body_bytes", sample.body_bytes},
                               {"body_sha256", sample.body_sha256}});
  return out;
}

json::object inbound_json(const store::InboundRow &row) {
  return {{"id", row.id},
          {"provider", row.provider},
          {"kind", row.kind},
          {"state", row.state},
          {"error", row.error},
          {"received_at", format_instant(row.received_at)},
          {"next_try", row.state == "waiting" ? format_instant(row.next_try) : std::string{}},
          {"tries", row.tries},
          {"bytes", row.bytes}};
}

/// Whether JSON may carry it as a text: UTF-8 without control characters but those of lines.
bool is_plain_text(std::string_view bytes) {
  for (std::size_t i{0}; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    if (lead < 0x80) {
      if ((lead < 0x20 && lead != '\t' && lead != '\r' && lead != '\n') || lead == 0x7f) return false;
      ++i;
      continue;
    }
    const std::size_t more{lead >= 0xf0 && lead <= 0xf4 ? 3u : lead >= 0xe0 ? 2u : lead >= 0xc2 ? 1u : 0u};
    if (more == 0 || lead > 0xf4 || bytes.size() - i <= more) return false;
    for (std::size_t k{1}; k <= more; ++k)
      if ((static_cast<unsigned char>(bytes[i + k]) & 0xc0) != 0x80) return false;
    i += more + 1;
  }
  return true;
}

/// What nobody has judged yet still has its secrets, which are not for who may read receipts.
std::string without_secrets(const Context &context, const store::InboundRow &row, std::string bytes) {
  if (row.kind != engine::kUnverifiedKind) return bytes;
  const auto request = engine::webhook_of(bytes);
  return request ? context.engine.webhooks().believed(row.provider, *request) : std::string{};
}

}  // namespace

json::object hooks_status(const Context &context) {
  json::array providers;
  for (const auto &report : context.engine.webhooks().report()) providers.push_back(counts_of(report));
  json::object out{{"listening", context.hooks != nullptr}, {"providers", std::move(providers)}};
  if (context.hooks == nullptr) return out;
  const auto &traffic = context.hooks->traffic();
  out["addresses"] = to_json(context.hooks->addresses());
  if (const auto until = context.hooks->certificate_until()) out["certificate_until"] = format_instant(*until);
  out["connections"] = traffic.connections.load();
  out["connections_refused"] = traffic.connections_refused.load();
  out["connections_displaced"] = traffic.connections_displaced.load();
  out["requests"] = traffic.requests.load();
  out["accepted"] = traffic.accepted.load();
  out["unauthorized"] = traffic.unauthorized.load();
  out["unavailable"] = traffic.unavailable.load();
  out["not_found"] = traffic.not_found.load();
  out["malformed"] = traffic.malformed.load();
  out["too_large"] = traffic.too_large.load();
  out["throttled"] = traffic.throttled.load();
  out["overloaded"] = traffic.overloaded.load();
  out["timed_out"] = traffic.timed_out.load();
  return out;
}

Result<Response> show_hook(Context &context, const Request &request) {
  const std::string id{request.parameter("id")};
  const auto &webhooks = context.engine.webhooks();
  const auto token = webhooks.tokens().of(id);
  if (token.current.empty()) return not_found("there is no provider " + id + " in the configuration");
  const auto reports = webhooks.report();
  const auto report =
      std::find_if(reports.begin(), reports.end(), [&](const auto &one) { return one.provider == id; });
  if (report == reports.end()) return conflict("the plugin of provider " + id + " takes no webhooks");
  const auto url = webhooks.url_of(id);
  if (url.empty())
    return conflict("there is no webhook listener: set listen and public_url in [hooks] of relanced.toml");
  json::object out{{"provider", id}, {"url", url}, {"generation", token.generation}};
  const bool has_former{!token.former.empty() && WallClock{}.now() < token.former_until};
  out["former_until"] = has_former ? format_instant(token.former_until) : std::string{};
  out["counts"] = counts_of(*report);
  out["forged"] = samples_of(*report);
  return json_answer(out);
}

Result<Response> rotate_hook(Context &context, const Request &request) {
  constexpr std::int64_t kSecondsMax{engine::kHookOverlapMax.count() / 1000};
  auto body = Body::parse(request.body);
  if (!body) return body.error();
  const auto seconds = body->has("overlap_seconds") ? body->number("overlap_seconds", 0, kSecondsMax)
                                                    : engine::kHookOverlapDefault.count() / 1000;
  if (auto end = body->end(); !end) return end.error();
  const std::string id{request.parameter("id")};
  if (auto rotated = context.engine.rotate_hook(id, Milliseconds{seconds * 1000}); !rotated)
    return rotated.error();
  return show_hook(context, request);
}

Result<Response> list_inbound(Context &context, const Request &request) {
  const auto limit = limit_of(request, 100, kHookRowsMax);
  if (!limit) return limit.error();
  std::int64_t before{0};
  if (const auto asked = request.asked("before"); !asked.empty()) {
    const auto *const end = asked.data() + asked.size();
    if (const auto read = std::from_chars(asked.data(), end, before);
        read.ec != std::errc{} || read.ptr != end || before < 1)
      return invalid("before: the number of an inbound record is expected");
  }
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  const auto rows = (*reader)->inbound(request.asked("provider"), request.asked("state"), before, *limit);
  if (!rows) return rows.error();
  json::array out;
  for (const auto &row : *rows) out.push_back(inbound_json(row));
  return json_answer({{"inbound", std::move(out)}});
}

Result<Response> show_inbound(Context &context, const Request &request) {
  const auto id = id_of(request);
  if (!id) return id.error();
  auto reader = context.engine.open_reader();
  if (!reader) return reader.error();
  auto item = (*reader)->inbound_item(*id);
  if (!item) return item.error();
  auto out = inbound_json(item->row);
  const bool is_whole{item->bytes.size() <= kShownBytesMax};
  auto shown = without_secrets(context, item->row, std::move(item->bytes)).substr(0, kShownBytesMax);
  out["is_whole"] = is_whole;
  if (is_plain_text(shown)) {
    out["text"] = shown;
  } else {
    out["base64"] = sdk::to_base64(shown);
  }
  json::array receipts;
  for (const auto &receipt : item->receipts)
    receipts.push_back(json::object{{"attempt", receipt.attempt},
                                    {"kind", receipt.kind},
                                    {"final", receipt.is_final},
                                    {"code", receipt.code},
                                    {"text", receipt.text},
                                    {"idempotency_key", receipt.key},
                                    {"ref", is_plain_text(receipt.ref) ? receipt.ref : std::string{}},
                                    {"repeats", receipt.repeats}});
  out["receipts"] = std::move(receipts);
  return json_answer(out);
}

}  // namespace relance::api
