// An account at a provider with a JSON interface and OAuth2: a token is fetched once and shared, renewed
// before it ends, and once more when the provider says in mid-flow that it has ended. A 401 took nothing, so
// the request goes again with the new token; nothing else is ever repeated here.
#pragma once

#include <relance/http.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace relance::postal::rest {

struct Credentials {
  std::string token_url{}, client_id{}, client_secret{};
  std::string user{}, password{};  ///< empty: the client's own credentials are enough
  std::string scope{};
};

class Account {
 public:
  Account(sdk::Host host, Credentials credentials);

  /// Waits. An answer 401 here means that the provider does not take our credentials.
  sdk::HttpReply call(sdk::HttpRequest request);

 private:
  /// Empty: none could be had, and `failed` says why.
  std::string token(const std::string &ended, sdk::HttpReply &failed);

  sdk::Host host_;
  sdk::Http http_;
  Credentials credentials_;
  std::mutex mutex_;
  std::string token_;
  std::int64_t good_until_ms_{0};
};

/// What an answer that is no success says, as code and words: {"code", "message"}, the first of {"errors":
/// […]} or {"error": {…}}.
struct Said {
  std::string code, text;
};
[[nodiscard]] Said said_in(const sdk::HttpReply &reply);
/// Whether the provider did what was asked: not every 200 is its own (a page of maintenance, a proxy's
/// login), and some say in it what went wrong. An empty body says nothing against it.
[[nodiscard]] bool is_done(const sdk::HttpReply &reply);
/// 404 or 410: it is not, or no longer, there.
[[nodiscard]] bool is_gone(const sdk::HttpReply &reply);
/// Nothing is to be had of this provider now, whichever letter is asked for.
[[nodiscard]] bool is_away(const sdk::HttpReply &reply);
/// HttpReply::outcome() with the provider's own words; of a success that is none of the provider's: UNKNOWN.
[[nodiscard]] sdk::Outcome to_outcome(const sdk::HttpReply &reply, const sdk::HttpRules &rules);

/// One identifier of a provider in an address of ours: letters, digits, - and _.
[[nodiscard]] bool is_id(std::string_view text);

/// Settings that every such provider has: an https address (http on this machine only) without a slash at its
/// end.
[[nodiscard]] bool is_base_url(std::string_view url);

}  // namespace relance::postal::rest
