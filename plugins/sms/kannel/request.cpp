// Charset and coding are always said: with coding=0 left to chance Kannel makes "?" of what it does not know.
// @see Kannel User's Guide, "Using the HTTP interface to send SMS messages"
#include "plugins/sms/kannel/request.hpp"

#include "plugins/sms/kannel/callback.hpp"

#include <algorithm>

namespace relance::sms::kannel {
namespace {

constexpr std::int64_t kMinuteMs{60'000};
/// SMPP and Kannel count validity in minutes; networks keep nothing for longer than some days.
constexpr std::int64_t kValidityMinutesMax{30 * 24 * 60};

/// The same names for both methods: as they stand in a query, and as a header.
struct Parameter {
  const char *name, *header;
  std::string value;
};

std::string sender_text(const SenderId &sender) {
  return sender.kind == SenderKind::number ? "+" + sender.text : sender.text;
}

std::vector<Parameter> parameters(const sdk::Message &message, const Prepared &prepared,
                                  const Settings &settings, const std::string &callback,
                                  std::int64_t wall_now_ms) {
  std::vector<Parameter> list{
      {"username", "X-Kannel-Username", settings.user},
      {"password", "X-Kannel-Password", settings.secret},
      {"from", "X-Kannel-From", sender_text(prepared.sender)},
      {"to", "X-Kannel-To", std::string{message.addressee.address}},
      {"coding", "X-Kannel-Coding", prepared.text.encoding == gsm::Encoding::gsm7 ? "0" : "2"},
  };
  if (!settings.smsc.empty()) list.push_back({"smsc", "X-Kannel-SMSC", settings.smsc});
  if (!settings.account.empty()) list.push_back({"account", "X-Kannel-Account", settings.account});
  if (message.valid_until_ms > 0) {
    const auto minutes =
        std::clamp<std::int64_t>((message.valid_until_ms - wall_now_ms) / kMinuteMs, 1, kValidityMinutesMax);
    list.push_back({"validity", "X-Kannel-Validity", std::to_string(minutes)});
  }
  if (!callback.empty()) {
    list.push_back({"dlr-mask", "X-Kannel-DLR-Mask", std::to_string(kAskedFor)});
    list.push_back({"dlr-url", "X-Kannel-DLR-Url", callback});
  }
  return list;
}

}  // namespace

sdk::HttpRequest to_request(const sdk::Message &message, const Prepared &prepared, const Settings &settings,
                            const std::string &callback, std::int64_t wall_now_ms) {
  sdk::HttpRequest request{.not_after_ms = message.not_after_ms,
                           .options = {.timeout_ms = settings.timeout_ms, .reply_max = 65'536}};
  auto list = parameters(message, prepared, settings, callback, wall_now_ms);
  request.url = settings.url;
  if (settings.is_post) {
    request.method = "POST";
    for (auto &parameter : list) request.headers.emplace_back(parameter.header, std::move(parameter.value));
    request.headers.emplace_back("Content-Type", "text/plain; charset=UTF-8");
    request.body = prepared.text.text;
    return request;
  }
  list.push_back({"charset", "", "UTF-8"});
  list.push_back({"text", "", prepared.text.text});
  char separator{'?'};
  for (const auto &parameter : list) {
    request.url += separator + sdk::form({{parameter.name, parameter.value}});
    separator = '&';
  }
  return request;
}

}  // namespace relance::sms::kannel
