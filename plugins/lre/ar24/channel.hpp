// Driver "ar24": French electronic registered letters. A letter is one POST, which AR24 does not recognize
// when it comes twice: no answer leaves a doubt, until the list of sent letters or a person settles it.
// Webhooks carry no signature and are taken for what they are worth: a hint to look.
#pragma once

#include "plugins/lre/ar24/answer.hpp"
#include "plugins/lre/ar24/letter.hpp"
#include "plugins/lre/ar24/settings.hpp"

#include <relance/driver.hpp>
#include <relance/http.hpp>

#include <mutex>
#include <string>
#include <unordered_map>

namespace relance::lre::ar24 {

class Ar24Channel {
 public:
  static const sdk::Description kDescription;

  Ar24Channel(sdk::Host host, std::string_view instance, std::string_view settings_json, sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  void start();
  [[nodiscard]] sdk::Outcome send(const sdk::Message &message);
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  [[nodiscard]] sdk::Outcome query(const sdk::Query &query);
  [[nodiscard]] sdk::Polled poll(const sdk::Poll &poll);
  [[nodiscard]] sdk::Authenticated authenticate(const sdk::WebhookRequest &request) const;
  [[nodiscard]] sdk::Parsed parse(const sdk::Raw &raw);
  [[nodiscard]] sdk::Fetched fetch(const sdk::Fetch &fetch);

 private:
  [[nodiscard]] Answer get(const std::string &path, const FormFields &more);
  [[nodiscard]] Answer post(const std::string &path, FormFields fields, const MultipartFile *file,
                            std::int64_t not_after_ms);
  /// Nothing, or how the letter ends as a document of it could not be handed over.
  [[nodiscard]] std::optional<sdk::Outcome> upload(const sdk::Message &message, FormFields &fields);
  /// The hash that stands for a one-time code, from here or new.
  [[nodiscard]] Answer one_time_hash(std::string &hash);
  void forget_one_time_hash(const std::string &hash);
  [[nodiscard]] sdk::Fetched download(const std::string &url);

  sdk::Host host_;
  sdk::Http http_;
  Settings settings_;
  std::string hook_;  ///< where webhooks arrive; empty: none are asked for
  std::mutex mutex_;
  std::string otp_hash_;               // under mutex_
  std::int64_t otp_hash_until_ms_{0};  // under mutex_
  /// By letter, what the last polls found: the same once more is not given to the host. Of poll() alone, of
  /// which one runs at a time.
  std::unordered_map<std::string, std::string> told_;
};

}  // namespace relance::lre::ar24
