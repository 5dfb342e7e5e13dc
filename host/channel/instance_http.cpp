// relance.http/1 between a plugin and its placement: each call held to the contract on its way out, each
// reply as borrowed C structs on its way in.
#include "host/channel/http_call.hpp"
#include "host/channel/instance.hpp"

namespace relance::channel {
namespace {

std::uint32_t to_abi(HttpResult result) {
  switch (result) {
    case HttpResult::replied:
      return RELANCE_HTTP_REPLIED;
    case HttpResult::not_sent:
      return RELANCE_HTTP_NOT_SENT;
    case HttpResult::unknown:
      break;
  }
  return RELANCE_HTTP_UNKNOWN;
}

}  // namespace

const relance_http &PluginInstance::http_table() {
  static const relance_http table = [] {
    relance_http t{};
    t.size = sizeof t;
    t.send = [](const relance_host *h, const relance_http_call *call) { return self(h).on_http_send(*call); };
    t.cancel = [](const relance_host *h, relance_token token) { self(h).sink_.http_cancel(token); };
    return t;
  }();
  return table;
}

relance_status PluginInstance::on_http_send(const relance_http_call &theirs) {
  if (http_client_ == nullptr) {
    fault("made an HTTP call, but gives no relance.http/1 with replied() by its extension(), or none yet");
    return RELANCE_E_REFUSED;
  }
  const auto sized = read_sized(&theirs);
  if (sized.body.len > kHttpBodyMax) return RELANCE_E_TOO_LARGE;
  auto call = read_http_call(sized);
  if (call) return sink_.http_send(std::move(*call));
  fault("made an HTTP call that is none: " + call.error().message);
  return RELANCE_E_REFUSED;
}

void PluginInstance::http_replied(const std::vector<HttpReply> &replies) {
  const auto *const client = http_client_.load();
  if (client == nullptr || instance_ == nullptr || replies.empty()) return;
  std::vector<std::vector<relance_kv>> headers(replies.size());
  std::vector<relance_http_reply> structs(replies.size());
  std::vector<const relance_http_reply *> pointers;
  for (std::size_t i{0}; i < replies.size(); ++i) {
    const auto &reply = replies[i];
    for (const auto &[name, value] : reply.headers) headers[i].push_back({to_str(name), to_str(value)});
    auto &c = structs[i];
    c.size = sizeof c;
    c.result = to_abi(reply.result);
    c.token = reply.token;
    c.status = reply.status;
    c.headers = headers[i].data();
    c.header_count = headers[i].size();
    c.body = to_str(reply.body);
    c.error = to_str(reply.error);
    pointers.push_back(&c);
  }
  guarded("replied", [&] { client->replied(instance_, pointers.data(), pointers.size()); });
}

}  // namespace relance::channel
