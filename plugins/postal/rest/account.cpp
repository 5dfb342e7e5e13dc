// @see RFC 6749 §4.3, §4.4, §5
#include "plugins/postal/rest/account.hpp"

#include "plugins/postal/states.hpp"

#include <relance/json.hpp>

#include <algorithm>

namespace relance::postal::rest {
namespace {

/// A token ends while a request with it is on its way; also what a clock may be wrong by.
constexpr std::int64_t kMarginMs{30'000}, kLifeDefaultMs{300'000}, kLifeMaxMs{86'400'000};
constexpr std::size_t kIdMax{100}, kTokenMax{16'384};

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kTokenMax &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

Account::Account(sdk::Host host, Credentials credentials)
    : host_{host}, http_{host}, credentials_{std::move(credentials)} {}

std::string Account::token(const std::string &ended, sdk::HttpReply &failed) {
  const std::lock_guard lock(mutex_);  // held while it is fetched: the others want the same one
  if (!token_.empty() && token_ != ended && host_.wall_ms() < good_until_ms_) return token_;
  token_.clear();
  const auto &c = credentials_;
  auto body = sdk::form({{"grant_type", c.user.empty() ? "client_credentials" : "password"},
                         {"client_id", c.client_id},
                         {"client_secret", c.client_secret}});
  if (!c.user.empty()) body += '&' + sdk::form({{"username", c.user}, {"password", c.password}});
  if (!c.scope.empty()) body += '&' + sdk::form({{"scope", c.scope}});
  const auto asked_ms = host_.wall_ms();
  failed = http_.post(c.token_url,
                      {{"content-type", "application/x-www-form-urlencoded"}, {"accept", "application/json"}},
                      std::move(body), 0, {.is_idempotent = true});
  const auto json = sdk::Json::parse(failed.body);
  if (!failed.is_success() || !is_token(json["access_token"].text())) {
    // Nothing of what was to be said has left; a refusal of the credentials is about settings.
    const bool is_refused{failed.result == sdk::HttpReply::Result::replied && failed.status >= 400 &&
                          failed.status < 500 && failed.status != 429 && failed.status != 408};
    const auto status = failed.status;
    if (is_refused)
      failed = {.result = sdk::HttpReply::Result::replied, .status = 401, .error = "no token is given to us"};
    else
      failed = {.result = sdk::HttpReply::Result::not_sent,
                .error = "no token came: " +
                         (failed.error.empty() ? "status " + std::to_string(status) : failed.error)};
    return {};
  }
  token_ = json["access_token"].text();
  const auto life_ms =
      std::clamp<std::int64_t>(json["expires_in"].integer(kLifeDefaultMs / 1000), 1, kLifeMaxMs / 1000) *
      1000;
  good_until_ms_ = asked_ms + std::max(life_ms - kMarginMs, life_ms / 2);
  return token_;
}

sdk::HttpReply Account::call(sdk::HttpRequest request) {
  std::string used;
  const auto place = request.headers.size();
  request.headers.emplace_back("authorization", "");
  sdk::HttpReply reply;
  for (int round{0}; round < 2; ++round) {
    const auto token = this->token(used, reply);
    if (token.empty()) return reply;
    used = token;
    request.headers[place].second = "Bearer " + token;
    reply = http_.call(request);
    if (reply.result != sdk::HttpReply::Result::replied || reply.status != 401) break;
  }
  return reply;
}

Said said_in(const sdk::HttpReply &reply) {
  const auto json = sdk::Json::parse(reply.body);
  const auto &error = !json["errors"][0].is_absent()                     ? json["errors"][0]
                      : json["errors"].kind() == sdk::Json::Kind::object ? json["errors"]
                      : json["error"].kind() == sdk::Json::Kind::object  ? json["error"]
                                                                         : json;
  Said said{error["code"].text(), error["message"].text(error["detail"].text(error["title"].text()))};
  if (said.text.empty()) said.text = json["error_description"].text(json["error"].text());
  return {words_of(said.code), words_of(said.text)};
}

bool is_done(const sdk::HttpReply &reply) {
  if (!reply.is_success()) return false;
  if (reply.body.find_first_not_of(" \t\r\n") == std::string::npos) return true;
  const auto json = sdk::Json::parse(reply.body);
  const auto says_nothing = [](const sdk::Json &error) {
    return error.is_absent() || error.kind() == sdk::Json::Kind::null ||
           (error.kind() == sdk::Json::Kind::array && error.items().empty());
  };
  return json.kind() == sdk::Json::Kind::object && says_nothing(json["errors"]) &&
         says_nothing(json["error"]);
}

bool is_gone(const sdk::HttpReply &reply) {
  return reply.result == sdk::HttpReply::Result::replied && (reply.status == 404 || reply.status == 410);
}

bool is_away(const sdk::HttpReply &reply) {
  if (reply.result != sdk::HttpReply::Result::replied) return true;
  return reply.status == 401 || reply.status == 407 || reply.status == 429 ||
         (reply.status >= 502 && reply.status <= 504);
}

sdk::Outcome to_outcome(const sdk::HttpReply &reply, const sdk::HttpRules &rules) {
  if (reply.is_success())
    return sdk::Outcome::unknown("http " + std::to_string(reply.status),
                                 "an answer that is none of the provider's, or says what went wrong");
  auto outcome = reply.outcome(rules);
  if (reply.result != sdk::HttpReply::Result::replied) return outcome;
  const auto said = said_in(reply);
  if (!said.code.empty()) outcome.code += ' ' + said.code;
  if (!said.text.empty()) outcome.text = said.text;
  return outcome;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdMax && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool is_base_url(std::string_view url) {
  const auto is_on = [url](std::string_view host) {
    return url.starts_with(host) &&
           (url.size() == host.size() || url[host.size()] == ':' || url[host.size()] == '/');
  };
  const bool is_here{is_on("http://127.0.0.1") || is_on("http://localhost") || is_on("http://[::1]")};
  return (is_here || url.starts_with("https://")) && !url.ends_with('/') &&
         url.find_first_of("?#@ ") == url.npos;
}

}  // namespace relance::postal::rest
