// @see Maileva's notification_center/v2
#include "plugins/postal/maileva/notifications.hpp"

#include "plugins/postal/maileva/records.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"

#include <relance/signature.hpp>

#include <algorithm>
#include <set>
#include <vector>

namespace relance::postal::maileva {
namespace {

constexpr const char *kCentre{"notification_center/v2"};
constexpr const char *kSubscribedState{"subscribed"};
/// A subscription that a person removed at Maileva is made again within this time.
constexpr std::int64_t kSubscribedForMs{6 * 3'600'000LL};
/// Maileva gives a call up after fifteen hours: there is nothing to gain from looking each minute.
constexpr std::int64_t kCaughtUpForMs{3'600'000};
constexpr std::size_t kNotificationPage{500}, kNotificationPagesMax{400};  ///< of all notifications of 30 days
constexpr std::size_t kMissedMax{50};              ///< fetched in one poll
/// One that shows in the list later than its date says is found within this time.
constexpr std::int64_t kLateMs{600'000};
constexpr std::size_t kKnownMax{1000};

struct Missed {
  std::int64_t at_ms{0};
  std::string id{};
  auto operator<=>(const Missed &) const = default;
};

/// What was fetched: everything up to a moment, but for what came late.
struct Seen {
  std::int64_t until_ms{0};
  std::set<Missed> late{};

  static Seen parse(std::string_view cursor) {
    const auto json = sdk::Json::parse(cursor);
    Seen seen{.until_ms = json["until"].integer()};
    for (std::size_t i{0}; i < json["late"].items().size(); ++i) {
      const auto &item = json["late"][i];
      seen.late.insert({item[std::size_t{0}].integer(), item[std::size_t{1}].text()});
    }
    return seen;
  }
  [[nodiscard]] bool has(const Missed &missed) const {
    return missed.at_ms + kLateMs < until_ms || late.contains(missed);
  }
  void add(const Missed &missed) {
    until_ms = std::max(until_ms, missed.at_ms);
    late.insert(missed);
    while (!late.empty() && (late.begin()->at_ms + kLateMs < until_ms || late.size() > kKnownMax))
      late.erase(late.begin());
  }
  [[nodiscard]] std::string text() const {
    std::string text{"{\"until\":" + std::to_string(until_ms) + ",\"late\":["};
    for (const auto &missed : late)
      text += (text.ends_with('[') ? "[" : ",[") + std::to_string(missed.at_ms) + ',' +
              sdk::json_string(missed.id) + ']';
    return text + "]}";
  }
};

}  // namespace

std::string Notifications::authentication() const {
  if (settings_.hook_password.empty()) return {};
  return R"("authentication":{"basic":)" +
         sdk::json_object({{"login", settings_.hook_user}, {"password", settings_.hook_password}}) + '}';
}

std::string Notifications::wanted() const {
  sdk::Sha256 hash;
  hash.add(hook_).add(settings_.hook_user).add(settings_.hook_password);
  for (const auto &row : subscriptions()) hash.add(row.resource_type).add(row.event_type);
  return sdk::to_hex(hash.digest());
}

bool Notifications::subscribe(std::string &fault) {
  const auto now_ms = host_.wall_ms();
  const bool is_same{host_.state(kSubscribedState).value_or("") == wanted()};
  if (is_same && subscribed_ms_ != 0 && now_ms - subscribed_ms_ < kSubscribedForMs) return true;
  const auto base = std::string{kCentre} + "/subscriptions";
  const auto known = api_.get(base + "?count=" + std::to_string(kNotificationPage));
  const auto list = sdk::Json::parse(known.body);
  if (!known.is_success() || list["subscriptions"].kind() != sdk::Json::Kind::array) {
    fault = "the list of subscriptions did not come";
    return false;
  }
  const auto secret = authentication();
  for (const auto &row : subscriptions()) {
    const auto found = std::ranges::find_if(list["subscriptions"].items(), [&](const sdk::Json &s) {
      return s["event_type"].text() == row.event_type && s["resource_type"].text() == row.resource_type &&
             s["callback_url"].text() == hook_;
    });
    const bool is_known{found != list["subscriptions"].items().end()};
    if (is_known && (is_same || secret.empty() || !rest::is_id((*found)["id"].text()))) continue;
    const auto reply =
        is_known ? api_.patch(base + '/' + (*found)["id"].text(), '{' + secret + '}')
                 : api_.post(base, "application/json",
                             R"({"event_type":)" + sdk::json_string(row.event_type) + R"(,"resource_type":)" +
                                 sdk::json_string(row.resource_type) + R"(,"callback_url":)" +
                                 sdk::json_string(hook_) + (secret.empty() ? "" : ',' + secret) + '}',
                             0);
    if (reply.is_success()) continue;
    const auto words = "the subscription to " + std::string{row.event_type} + " of " +
                       std::string{row.resource_type} + " was not taken: " + rest::said_in(reply).text;
    if (rest::is_away(reply) || reply.status == 408 || reply.status >= 500) {
      fault = words;
      return false;
    }
    host_.log(sdk::LogLevel::warning, words);  // one kind of news that this account does not get
  }
  host_.set_state(kSubscribedState, wanted());
  subscribed_ms_ = now_ms;
  return true;
}

sdk::Polled Notifications::catch_up(std::string_view cursor) {
  sdk::Polled polled;
  polled.cursor = cursor;
  const auto now_ms = host_.wall_ms();
  if (caught_up_ms_ != 0 && now_ms - caught_up_ms_ < kCaughtUpForMs) return polled;
  auto seen = Seen::parse(cursor);
  // Maileva lists all of them, in no order that it promises.
  std::set<Missed> missed;
  for (std::size_t page{0}; page < kNotificationPagesMax; ++page) {
    const auto reply =
        api_.get(std::string{kCentre} + "/notifications?start_index=" + std::to_string(page * kNotificationPage + 1) +
                 "&count=" + std::to_string(kNotificationPage));
    const auto json = sdk::Json::parse(reply.body);
    if (!reply.is_success() || json["notifications"].kind() != sdk::Json::Kind::array)
      return sdk::Polled::failed("the list of notifications did not come");
    for (const auto &item : json["notifications"].items()) {
      Missed one{gateway::read_time_ms(item["last_attempt_date"].text()), item["id"].text()};
      if (one.at_ms == 0) one.at_ms = seen.until_ms;
      if (item["status"].text() == "MAX_RETRY" && rest::is_id(one.id) && !seen.has(one))
        missed.insert(std::move(one));
    }
    if (json["notifications"].items().size() < kNotificationPage) break;
  }
  bool is_whole{true};
  for (const auto &one : missed) {
    if (polled.found.size() >= kMissedMax) {
      is_whole = false;  // the next poll
      break;
    }
    const auto content = api_.get(std::string{kCentre} + "/notifications/" + one.id + "/content");
    if (rest::is_away(content)) {
      is_whole = false;
      break;
    }
    if (!content.is_success())
      host_.log(sdk::LogLevel::warning, "a call of Maileva's that did not come through is not to be had",
                {{"notification", one.id}});
    if (content.is_success()) polled.found.push_back({.kind = "poll", .name = one.id, .bytes = content.body});
    seen.add(one);
  }
  polled.cursor = seen.until_ms == 0 && seen.late.empty() ? std::string{cursor} : seen.text();
  if (is_whole) caught_up_ms_ = now_ms;
  return polled;
}

}  // namespace relance::postal::maileva
