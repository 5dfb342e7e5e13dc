// SMS over HTTP: POST /messages with a bearer token; signed webhooks say what became of each message.
#include <relance/channel.hpp>
using namespace relance::sdk;

class SmsHttp {
 public:
  static constexpr Description kDescription{
      .id = "com.example.sms-http", .driver = "http", .name = "SMS over HTTP", .version = "1.0",
      .vendor = "Example", .channel = "sms", .settings_schema = R"({"type": "object",
        "required": ["url", "token", "secret"], "additionalProperties": false, "properties": {
        "url": {"type": "string", "pattern": "^https?://"},
        "token": {"type": "string"}, "secret": {"type": "string"}}})"};

  SmsHttp(Host host, std::string_view /*instance*/, std::string_view settings, Issues & /*issues*/)
      : http_(host), settings_(Json::parse(settings)) {}

  Outcome send(const Message &message) {  // on a worker: it may wait
    const auto body = json_object({{"to", message.addressee.address}, {"text", message.text()},
                                   {"client_ref", message.idempotency_key}});
    const HttpHeaders headers{{"authorization", "Bearer " + settings_["token"].text()},
                              {"content-type", "application/json"}};
    const auto reply = http_.post(settings_["url"].text() + "/messages", headers, body, message.not_after_ms);
    if (reply.is_success()) return Outcome::accepted({Json::parse(reply.body)["id"].text()});
    return reply.outcome({.refused_as = FailureClass::policy, .throttled_took_nothing = true});
  }

  Authenticated authenticate(const WebhookRequest &request) const {
    const auto expected = to_hex(hmac_sha256(settings_["secret"].text(), request.body));
    return is_same_secret(request.header("x-signature"), expected) ? Verdict::genuine : Verdict::forged;
  }

  Parsed parse(const Raw &raw) const {
    const auto news = Json::parse(raw.webhook().body);
    const auto id = news["id"].text(), status = news["status"].text();
    if (id.empty()) return Parsed::unreadable("no message is named");
    const auto kind = status == "delivered" ? ReceiptKind::delivered
                      : status == "failed"  ? ReceiptKind::failed : ReceiptKind::interim;
    return Parsed::receipt({.ref = id, .kind = kind, .is_final = kind != ReceiptKind::interim});
  }

 private:
  Http http_;
  Json settings_;
};
RELANCE_EXPORT_DRIVERS(SmsHttp)
