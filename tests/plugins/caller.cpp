// A channel that does over relance.http/1 what each message says, and tells in the outcome what became of it.
// The subject is the request line ("POST http://…"), the first part the body, references are headers but
// those that begin with '@', which are options of the call. The address says how: "call@", "many@" (as many
// at once as are taken), "load@" (@count calls, @width of them at a time), "crash@" (dies with its calls
// open).
#include <relance/http.h>
#include <relance/plugin.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace {

relance_str str(const std::string &text) {
  return {text.data(), text.size()};
}
std::string text_of(relance_str s) {
  return s.data == nullptr ? std::string() : std::string(s.data, s.len);
}

struct Call {  // everything that a call points to
  std::string method, url, body;
  std::vector<relance_kv> headers;
  std::map<std::string, std::int64_t> options;
  relance_http_call c{};
};

struct Task {
  std::shared_ptr<const Call> call;
  relance_token message{0};
  std::int64_t left{0}, waiting{0}, replied{0};
};

struct Instance {
  const relance_host *host;
  const relance_http *http;
  std::mutex mutex;
  std::map<relance_token, std::shared_ptr<Task>> open;  // call → what it is a part of
  relance_token next{1'000'000'000};
  std::atomic<int> inside{0};  // [serial] calls
};
Instance &self(relance_instance *i) {
  return *reinterpret_cast<Instance *>(i);
}

/// The host promised that no two of them overlap.
struct Serial {
  explicit Serial(Instance &i) : instance(i) {
    if (++instance.inside != 1) std::abort();
  }
  ~Serial() { --instance.inside; }
  Instance &instance;
};

void end(Instance &instance, relance_token token, uint32_t outcome, const std::string &code,
         const std::string &text) {
  relance_result result{};
  result.size = sizeof result;
  result.token = token;
  result.outcome = outcome;
  result.code = str(code);
  result.text = str(text);
  const relance_result *pointer{&result};
  instance.host->complete(instance.host, &pointer, 1);
}

std::shared_ptr<Call> call_of(const relance_message &m) {
  auto call = std::make_shared<Call>();
  const auto line = text_of(m.subject);
  const auto space = line.find(' ');
  call->method = line.substr(0, space);
  call->url = line.substr(space + 1);
  if (m.part_count != 0) call->body = text_of(m.parts[0]->bytes);
  for (size_t i{0}; i < m.reference_count; ++i) {
    const auto key = text_of(m.references[i].key);
    if (key.starts_with("@")) {
      call->options[key.substr(1)] = std::strtoll(text_of(m.references[i].value).c_str(), nullptr, 10);
    } else {
      call->headers.push_back(m.references[i]);
    }
  }
  auto &c = call->c;
  c.size = sizeof c;
  c.flags = call->options.contains("idempotent") ? RELANCE_HTTP_IDEMPOTENT : 0;
  c.method = str(call->method);
  c.url = str(call->url);
  c.headers = call->headers.data();
  c.header_count = call->headers.size();
  c.body = str(call->body);
  c.not_after_ms = call->options["not_after_ms"];
  c.timeout_ms = static_cast<uint32_t>(call->options["timeout_ms"]);
  c.reply_max = static_cast<uint64_t>(call->options["reply_max"]);
  return call;
}

/// Sends one more of the task's calls.
relance_status send(Instance &instance, const std::shared_ptr<Task> &task) {
  auto c = task->call->c;
  {
    const std::lock_guard lock(instance.mutex);
    c.token = instance.next++;
    instance.open[c.token] = task;
    ++task->waiting;
  }
  const auto status = instance.http->send(instance.host, &c);
  if (status != RELANCE_OK) {
    const std::lock_guard lock(instance.mutex);
    instance.open.erase(c.token);
    --task->waiting;
  } else if (task->call->options.contains("cancel")) {
    instance.http->cancel(instance.host, c.token);
  }
  return status;
}

void take(Instance &instance, const relance_message &m) {
  const auto address = text_of(m.addressee->address);
  auto task = std::make_shared<Task>();
  task->call = call_of(m);
  task->message = m.token;
  if (instance.http == nullptr) return end(instance, m.token, RELANCE_OUT_REJECTED, "no http", "");
  if (address.starts_with("many@")) {
    std::int64_t taken{0};
    relance_status status{RELANCE_OK};
    while (taken < 10'000 && (status = send(instance, task)) == RELANCE_OK) ++taken;
    const auto text = std::to_string(taken) + " taken, then " + std::to_string(status);
    instance.host->log(instance.host, RELANCE_LOG_INFO, str(text), nullptr, 0);
    return;
  }
  if (address.starts_with("load@")) {
    const auto width = task->call->options.at("width");
    task->left = task->call->options.at("count") - width;
    for (std::int64_t i{0}; i < width; ++i) send(instance, task);
    return;
  }
  const auto status = send(instance, task);
  if (status != RELANCE_OK) end(instance, m.token, RELANCE_OUT_REJECTED, std::to_string(status), "");
  if (address.starts_with("crash@")) std::raise(SIGKILL);
}

/// What can be seen of a reply: "X-One=1 | body, or its length when it is long".
std::string seen(const relance_http_reply &reply) {
  std::string text;
  for (size_t i{0}; i < reply.header_count; ++i)
    if (reply.headers[i].key.len != 0 && reply.headers[i].key.data[0] == 'x')
      text += text_of(reply.headers[i].key) + "=" + text_of(reply.headers[i].value) + " | ";
  const auto body = text_of(reply.body);
  std::uint32_t sum{0};
  for (const char byte : body) sum = sum * 31 + static_cast<unsigned char>(byte);
  text += body.size() < 200 ? body : std::to_string(body.size()) + " bytes, sum " + std::to_string(sum);
  return text + text_of(reply.error);
}

void on_reply(Instance &instance, const relance_http_reply &reply) {
  std::shared_ptr<Task> task;
  {
    const std::lock_guard lock(instance.mutex);
    const auto found = instance.open.find(reply.token);
    if (found == instance.open.end()) std::abort();  // twice, or never sent
    task = found->second;
    instance.open.erase(found);
    --task->waiting;
    task->replied += reply.result == RELANCE_HTTP_REPLIED ? 1 : 0;
  }
  if (task->left > 0) {
    --task->left;
    send(instance, task);
  }
  if (task->waiting != 0) return;
  const auto outcome = reply.result == RELANCE_HTTP_REPLIED    ? RELANCE_OUT_ACCEPTED
                       : reply.result == RELANCE_HTTP_NOT_SENT ? RELANCE_OUT_NOT_SENT
                                                               : RELANCE_OUT_UNKNOWN;
  end(instance, task->message, outcome, std::to_string(reply.status) + " of " + std::to_string(task->replied),
      seen(reply));
}

relance_status create(const relance_host *host, relance_str, relance_str, const relance_issue_sink *,
                      relance_instance **out) {
  const auto *http = static_cast<const relance_http *>(host->extension(host, RELANCE_HTTP_ID));
  if (out != nullptr) *out = reinterpret_cast<relance_instance *>(new Instance{host, http, {}, {}});
  return RELANCE_OK;
}
const relance_traits *traits(relance_instance *) {
  static const relance_traits promised = [] {
    relance_traits t{};
    t.size = sizeof t;
    t.max_in_flight = 256;
    return t;
  }();
  return &promised;
}
relance_status start(relance_instance *) {
  return RELANCE_OK;
}
void submit(relance_instance *i, const relance_message *const *messages, size_t count) {
  const Serial serial(self(i));
  for (size_t at{0}; at < count; ++at) take(self(i), *messages[at]);
}
void stop(relance_instance *i, uint32_t) {
  const Serial serial(self(i));
}
void destroy(relance_instance *i) {
  delete &self(i);
}
const void *extension(relance_instance *, const char *id) {
  static const relance_http_client client{
      sizeof client, 0, [](relance_instance *i, const relance_http_reply *const *replies, size_t count) {
        const Serial serial(self(i));
        for (size_t at{0}; at < count; ++at) on_reply(self(i), *replies[at]);
      }};
  return std::strcmp(id, RELANCE_HTTP_ID) == 0 ? &client : nullptr;
}

const relance_plugin *table() {
  static const relance_descriptor descriptor = [] {
    relance_descriptor d{};
    d.size = sizeof d;
    d.abi_minor = RELANCE_ABI_MINOR;
    d.id = "org.relance.test.caller";
    d.driver = "caller";
    d.name = "Caller";
    d.version = "1";
    d.vendor = "Relance tests";
    d.channel = "sms";
    return d;
  }();
  static const relance_plugin plugin = [] {
    relance_plugin p{};
    p.size = sizeof p;
    p.descriptor = &descriptor;
    p.create = create;
    p.traits = traits;
    p.start = start;
    p.submit = submit;
    p.stop = stop;
    p.destroy = destroy;
    p.extension = extension;
    return p;
  }();
  return &plugin;
}

}  // namespace

const relance_plugin *relance_plugin_v1(uint32_t index) {
  return index == 0 ? table() : nullptr;
}
