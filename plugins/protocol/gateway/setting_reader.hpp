// What the parts of a description are made of: templates, places, conditions, values; each checked as it is
// read, each fault told with its JSON pointer.
#pragma once

#include "plugins/protocol/gateway/description.hpp"

namespace relance::gateway {

using Texts = std::vector<std::pair<std::string, std::string>>;

class SettingReader {
 public:
  /// `of_channel`: what each message has. The values of the settings are known from here on, too.
  SettingReader(const sdk::Json &settings, Known of_channel, sdk::Issues &issues);

  void fatal(const std::string &path, const std::string &message) { issues_.fatal(path, message); }
  void warning(const std::string &path, const std::string &message) { issues_.warning(path, message); }
  [[nodiscard]] const Known &known() const { return known_; }
  [[nodiscard]] const Variables &values() const { return values_; }

  std::string pattern(const sdk::Json &value, const std::string &path);
  Texts patterns(const sdk::Json &value, const std::string &path);
  /// "{name}" stands for a value; anything else for itself, as a secret may have braces.
  std::string setting(const sdk::Json &value, const std::string &path);
  /// Where an operator wrote what setting() gave: "/values/name" for "{name}".
  [[nodiscard]] std::string origin(const sdk::Json &value, const std::string &path) const;
  std::vector<Place> places(const sdk::Json &value, const std::string &path);
  std::vector<Condition> conditions(const sdk::Json &value, const std::string &path);
  Format format(const sdk::Json &value, const std::string &path, Format otherwise);
  sdk::FailureClass failure(const sdk::Json &value, const std::string &path, sdk::FailureClass otherwise);
  /// "EUR", or where it stands.
  std::string currency(const sdk::Json &value, const std::string &path, std::vector<Place> &where);
  /// What a signature covers.
  void check_over(const std::string &text, const std::string &path);
  /// One text, or a list of them.
  static std::vector<std::string> texts(const sdk::Json &value);

 private:
  void add_place(std::vector<Place> &places, const sdk::Json &value, const std::string &path);

  Known known_;
  Variables values_;
  sdk::Issues &issues_;
};

// Each part in a file of its own.
Request read_request(const sdk::Json &request, SettingReader &reader);
Reply read_reply(const sdk::Json &reply, SettingReader &reader);
Callback read_callback_description(const sdk::Json &callback, SettingReader &reader);
SignatureSettings read_signature(const sdk::Json &signature, SettingReader &reader);

}  // namespace relance::gateway
