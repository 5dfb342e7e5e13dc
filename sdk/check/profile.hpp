// What the author says of his plugin so that the kit can drive it: settings with placeholders, a message,
// what his provider answers, a signed webhook. All of it may be missing; then the channel and the settings'
// schema give defaults.
#ifndef RELANCE_CHECK_PROFILE_HPP
#define RELANCE_CHECK_PROFILE_HPP
#include "sdk/check/letter.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::check {

/// What the simulated provider answers.
struct Answer {
  int status{200};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  bool is_stated{false};  ///< by the author: then it means what he says it means
};

/// How the provider signs: HMAC of a text made of the request, in a header.
struct Signature {
  std::string algorithm;  ///< "hmac-sha256", "hmac-sha1", "hmac-sha512"; empty: nothing is signed
  std::string key;
  std::string header;            ///< where it stands
  std::string value;             ///< "sha256=${hex}" or "${base64}"; also ${timestamp}
  std::string over;              ///< "${timestamp}.${body}"; also ${url}, ${method}
  std::string timestamp_header;  ///< empty: none
};

struct WebhookSample {
  std::string method, url, remote_address, body;
  std::vector<std::pair<std::string, std::string>> headers;
  Signature signature;
  std::int64_t replay_window_s{0};  ///< an older timestamp must be refused; 0: the provider signs none
};

struct RawSample {
  std::string kind, bytes;
  std::size_t receipts{0}, replies{0};  ///< at least so many come out of it
};

struct Profile {
  std::string settings_json;     ///< with placeholders; empty: made from the schema
  std::string protocol;         ///< what the simulator speaks: "http", "smtp", "smpp", "none"; empty: by the settings
  std::string
      message_request;  ///< "POST /messages": which request carries the message; empty: POST, PUT, PATCH
  std::string
      acknowledge_request;  ///< "DELETE /inbox": which request tells the provider that we have an item
  Answer accepted, rejected, unauthorised, throttled, unavailable, found, not_found, recalled;
  Answer polled;                ///< what a poll's request is answered with
  std::size_t polled_items{0};  ///< raw items that inbound() then gets, at least
  Letter letter;
  std::vector<std::string> secrets;  ///< JSON pointers into the settings; empty: those that look like one
  std::map<std::string, std::string> not_applicable;  ///< test, and why
  std::vector<RawSample> raws;
  std::optional<WebhookSample> webhook;
  std::string evidence_reference;
};

/// Where the simulator listens and where the plugin may keep files.
struct Surroundings {
  std::string host{"127.0.0.1"};
  std::uint16_t port{0};
  std::string scheme{"http"}, folder{};
};

/// Reads the profile, of one driver where it distinguishes them. Throws std::runtime_error, with the place,
/// when the file cannot be used.
[[nodiscard]] Profile read_profile(const std::string &file, std::string_view driver,
                                   std::string_view channel);
/// A profile of defaults for a channel.
[[nodiscard]] Profile default_profile(std::string_view channel);
/// The file beside the plugin that would be read: PLUGIN.check.json, relance-check.json; empty when there is
/// none.
[[nodiscard]] std::string profile_beside(const std::string &plugin);

/// Settings from a schema: its required properties, and those that say where the provider is.
[[nodiscard]] std::string settings_from_schema(const char *schema);
/// The placeholders replaced; a text that is nothing but ${simulator_port} becomes a number.
[[nodiscard]] std::string with_surroundings(std::string_view settings_json, const Surroundings &surroundings);
/// JSON pointers to the texts in the settings that are secrets: by the profile, by `writeOnly`, or by their
/// name.
[[nodiscard]] std::vector<std::string> secret_places(std::string_view settings_json, const Profile &profile);
/// One text of the settings replaced.
[[nodiscard]] std::string with_text(std::string_view settings_json, std::string_view pointer,
                                    std::string_view text);

}  // namespace relance::check
#endif
