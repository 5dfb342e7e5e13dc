// A channel whose provider calls back: webhooks with HMAC-SHA256 of their body in x-signature, about messages
// that it accepted under their own key. A header x-do asks for misbehaviour. Written in the asynchronous
// style, so that what is measured with it is the host.
#include <relance/channel.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace {

using namespace relance::sdk;

class Hooked {
 public:
  static constexpr Description kDescription{.id = "org.relance.test.hooked",
                                            .driver = "hooked",
                                            .name = "Hooked",
                                            .version = "1.0",
                                            .vendor = "Relance",
                                            .channel = "email",
                                            .settings_schema = R"({"type": "object", "required": ["secret"],
        "additionalProperties": false, "properties": {
        "secret": {"type": "string"}, "source": {"type": "string"}, "sent_log": {"type": "string"},
        "crash_in_parse": {"type": "string"}, "certificate": {"type": "string"}}})"};

  Hooked(Host host, std::string_view, std::string_view settings, Issues &)
      : host_(host), settings_(Json::parse(settings)), secret_(settings_["secret"].text()) {}
  [[nodiscard]] Traits traits() const { return {.max_in_flight = 256}; }

  void submit(std::vector<Pending> batch) {
    for (auto &pending : batch) {
      const auto key = std::string{to_view((*pending).idempotency_key)};
      if (!settings_["sent_log"].text().empty())
        std::ofstream{settings_["sent_log"].text(), std::ios::app} << key << " " << host_.webhook_url()
                                                                   << "\n";
      pending.end(Outcome::accepted({key + "@" + host_.webhook_url()}));
    }
  }

  Authenticated authenticate(const WebhookRequest &request) const {
    const auto wish = request.header("x-do");
    if (wish == "crash") std::raise(SIGKILL);
    if (wish == "throw") throw std::runtime_error("thrown by authenticate");
    if (wish == "hang")
      for (;;) ::pause();
    if (wish == "poke") return Verdict::poke;
    if (wish == "challenge")
      return {Verdict::challenge,
              {.status = 202,
               .headers = {{"Content-Type", "text/plain"},
                           {"X-Twice", "1"},
                           {"Content-Length", "9"},
                           {"Bad Name", "x"}},
               .body = "echo " + std::string{request.header("x-challenge")}}};
    // What it judges by is not here yet, as a certificate that has to be fetched.
    if (wish == "later" && ::access(settings_["certificate"].text().c_str(), F_OK) != 0)
      return {Verdict::challenge, {.status = 503}};
    const auto is_url_signed = wish == "url";
    const auto expected = to_hex(hmac_sha256(secret_, is_url_signed ? request.url : request.body));
    if (!is_same_secret(request.header("x-signature"), expected)) return Verdict::forged;
    if (wish == "answer") return {Verdict::genuine, {.status = 200, .body = answer_to(request)}};
    return Verdict::genuine;
  }

  /// One line a receipt: KEY STATUS. Of a poke nothing is believed: what its source says counts.
  void parse(PendingParse raw) const {
    if (const auto file = settings_["crash_in_parse"].text(); !file.empty() && ::unlink(file.c_str()) == 0)
      std::raise(SIGKILL);
    auto lines = std::string{WebhookRequest::from_raw(raw.bytes()).body};
    if (raw.kind() == "poke") {
      std::ifstream source{settings_["source"].text()};
      lines.assign(std::istreambuf_iterator<char>{source}, {});
    }
    std::vector<Receipt> receipts;
    for (std::string_view rest{lines}; !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const auto space = line.find(' ');
      if (space == line.npos) return raw.unreadable("a line is KEY STATUS");
      const auto status = line.substr(space + 1);
      const auto kind = status == "delivered" ? ReceiptKind::delivered
                        : status == "failed"  ? ReceiptKind::failed
                                              : ReceiptKind::interim;
      receipts.push_back({.idempotency_key = std::string{line.substr(0, space)},
                          .kind = kind,
                          .is_final = kind != ReceiptKind::interim});
    }
    raw.done(receipts);
  }

 private:
  /// All that it sees of the request, a line each.
  static std::string answer_to(const WebhookRequest &request) {
    auto text = std::string{request.method} + "\n" + std::string{request.url} + "\n" +
                std::string{request.remote_address} + "\n" + std::to_string(request.received_at_ms) + "\n";
    for (const auto &[name, value] : request.headers)
      if (name.starts_with("x-")) text += std::string{name} + "=" + std::string{value} + "\n";
    return text + std::to_string(request.body.size());
  }

  Host host_;
  Json settings_;
  std::string secret_;
};

}  // namespace

RELANCE_EXPORT_DRIVERS(Hooked)
