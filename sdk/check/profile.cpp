#include "sdk/check/profile.hpp"

#include "sdk/check/schema.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

namespace relance::check {
namespace {

namespace json = boost::json;

std::string text_of(const json::value &value) {
  return {value.get_string().data(), value.get_string().size()};
}

/// Reads one object of the profile; a key that nobody asked for is a mistake of the author's.
class Section {
 public:
  Section(const json::value &value, std::string place) : place_(std::move(place)) {
    if (!value.is_object()) fail("", "is no object");
    object_ = &value.get_object();
  }
  void fail(std::string_view key, std::string_view what) const {
    throw std::runtime_error(place_ + (key.empty() ? "" : "/" + std::string(key)) + " " + std::string(what));
  }
  const json::value *find(std::string_view key) {
    known_.emplace_back(key);
    return object_->if_contains(json::string_view(key.data(), key.size()));
  }
  void text(std::string_view key, std::string &into) {
    if (const auto *value = find(key)) {
      if (!value->is_string()) fail(key, "is no text");
      into = text_of(*value);
    }
  }
  template <class Number>
  void number(std::string_view key, Number &into) {
    if (const auto *value = find(key)) {
      if (!value->is_int64() || value->get_int64() < 0) fail(key, "is no whole number from 0 on");
      into = static_cast<Number>(value->get_int64());
    }
  }
  void texts(std::string_view key, std::vector<std::string> &into) {
    const auto *value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) fail(key, "is no array of texts");
    into.clear();
    for (const auto &one : value->get_array()) {
      if (!one.is_string()) fail(key, "is no array of texts");
      into.push_back(text_of(one));
    }
  }
  void pairs(std::string_view key, std::vector<std::pair<std::string, std::string>> &into) {
    const auto *value = find(key);
    if (value == nullptr) return;
    if (!value->is_object()) fail(key, "is no object of texts");
    for (const auto &entry : value->get_object()) {
      if (!entry.value().is_string()) fail(key, "is no object of texts");
      into.emplace_back(std::string(entry.key().data(), entry.key().size()), text_of(entry.value()));
    }
  }
  void section(std::string_view key, const std::function<void(Section &)> &read) {
    if (const auto *value = find(key)) {
      Section inner(*value, place_ + "/" + std::string(key));
      read(inner);
      inner.finish();
    }
  }
  void sections(std::string_view key, const std::function<void(Section &)> &read) {
    const auto *value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) fail(key, "is no array");
    std::size_t number{0};
    for (const auto &one : value->get_array()) {
      Section inner(one, place_ + "/" + std::string(key) + "/" + std::to_string(number++));
      read(inner);
      inner.finish();
    }
  }
  void finish() const {
    for (const auto &entry : *object_) {
      const std::string_view key(entry.key().data(), entry.key().size());
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) fail(key, "is no key of a profile");
    }
  }

 private:
  std::string place_;
  const json::object *object_{nullptr};
  std::vector<std::string> known_;
};

std::string whole_file(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + " cannot be opened");
  return {std::istreambuf_iterator<char>(file), {}};
}

void read_answer(Section &section, std::string_view key, Answer &into) {
  section.section(key, [&](Section &answer) {
    into = {};
    into.is_stated = true;
    answer.number("status", into.status);
    answer.pairs("headers", into.headers);
    answer.text("body", into.body);
  });
}

void read_letter(Section &section, const std::filesystem::path &folder, Letter &letter) {
  section.text("address", letter.address);
  section.text("name", letter.name);
  section.text("country", letter.country);
  section.text("language", letter.language);
  section.text("service", letter.service);
  section.text("subject", letter.subject);
  section.text("sender_name", letter.sender_name);
  section.text("sender_address", letter.sender_address);
  section.texts("postal_lines", letter.postal_lines);
  if (section.find("parts") != nullptr) letter.parts.clear();
  section.sections("parts", [&](Section &part) {
    LetterPart one;
    std::string file;
    part.text("role", one.role);
    part.text("media_type", one.media_type);
    part.text("file_name", one.file_name);
    part.text("text", one.bytes);
    part.text("file", file);
    if (!file.empty()) one.bytes = whole_file(folder / file);
    letter.parts.push_back(std::move(one));
  });
}

void read_webhook(Section &section, const std::filesystem::path &folder, WebhookSample &sample) {
  std::string file;
  sample.method = "POST";
  sample.url = "https://hooks.relance.test/in/0123456789abcdef";
  section.text("method", sample.method);
  section.text("url", sample.url);
  section.text("body", sample.body);
  section.text("body_file", file);
  if (!file.empty()) sample.body = whole_file(folder / file);
  section.pairs("headers", sample.headers);
  section.number("replay_window_s", sample.replay_window_s);
  section.section("signature", [&](Section &signature) {
    auto &s = sample.signature;
    signature.text("algorithm", s.algorithm);
    signature.text("key", s.key);
    signature.text("header", s.header);
    signature.text("value", s.value);
    signature.text("over", s.over);
    signature.text("timestamp_header", s.timestamp_header);
    if (s.algorithm != "hmac-sha256" && s.algorithm != "hmac-sha1" && s.algorithm != "hmac-sha512")
      signature.fail("algorithm", "is none of hmac-sha256, hmac-sha1, hmac-sha512");
  });
}

void read_section(Section &section, const std::filesystem::path &folder, Profile &profile) {
  if (const auto *settings = section.find("settings")) profile.settings_json = json::serialize(*settings);
  section.text("protocol", profile.protocol);
  if (!profile.protocol.empty() && profile.protocol != "http" && profile.protocol != "smtp" &&
      profile.protocol != "smpp" && profile.protocol != "none")
    section.fail("protocol", "is none of \"http\", \"smtp\", \"smpp\", \"none\"");
  section.text("message_request", profile.message_request);
  section.text("acknowledge_request", profile.acknowledge_request);
  section.section("answers", [&](Section &answers) {
    read_answer(answers, "accepted", profile.accepted);
    read_answer(answers, "rejected", profile.rejected);
    read_answer(answers, "unauthorised", profile.unauthorised);
    read_answer(answers, "throttled", profile.throttled);
    read_answer(answers, "unavailable", profile.unavailable);
    read_answer(answers, "found", profile.found);
    read_answer(answers, "not_found", profile.not_found);
    read_answer(answers, "recalled", profile.recalled);
    read_answer(answers, "polled", profile.polled);
  });
  section.number("polled_items", profile.polled_items);
  section.section("message", [&](Section &message) { read_letter(message, folder, profile.letter); });
  section.texts("secrets", profile.secrets);
  std::vector<std::pair<std::string, std::string>> without;
  section.pairs("not_applicable", without);
  for (auto &[test, why] : without) profile.not_applicable[test] = why;
  section.sections("raw", [&](Section &raw) {
    RawSample sample;
    std::string file;
    raw.text("kind", sample.kind);
    raw.text("text", sample.bytes);
    raw.text("file", file);
    if (!file.empty()) sample.bytes = whole_file(folder / file);
    raw.number("receipts", sample.receipts);
    raw.number("replies", sample.replies);
    profile.raws.push_back(std::move(sample));
  });
  section.section("webhook", [&](Section &webhook) {
    profile.webhook.emplace();
    read_webhook(webhook, folder, *profile.webhook);
  });
  section.text("evidence_reference", profile.evidence_reference);
}

void replace_all(std::string &text, std::string_view what, std::string_view by) {
  for (std::size_t at{0}; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

void replace_places(json::value &value, const Surroundings &s) {
  if (auto *object = value.if_object()) {
    for (auto &entry : *object) replace_places(entry.value(), s);
  } else if (auto *list = value.if_array()) {
    for (auto &one : *list) replace_places(one, s);
  } else if (value.is_string()) {
    auto text = text_of(value);
    if (text == "${simulator_port}") {
      value = s.port;
      return;
    }
    replace_all(text, "${simulator_url}", s.scheme + "://" + s.host + ":" + std::to_string(s.port));
    replace_all(text, "${simulator_host}", s.host);
    replace_all(text, "${simulator_port}", std::to_string(s.port));
    replace_all(text, "${folder}", s.folder);
    value = text;
  }
}

bool looks_secret(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto *word :
       {"secret", "password", "passwd", "token", "api_key", "apikey", "private_key", "credential", "signing"})
    if (name.find(word) != std::string::npos) return true;
  return name == "key";
}

void collect_secrets(const json::value &value, const std::string &place, std::vector<std::string> &into) {
  if (const auto *object = value.if_object()) {
    for (const auto &entry : *object) {
      const std::string key(entry.key().data(), entry.key().size());
      if (entry.value().is_string() && looks_secret(key)) into.push_back(place + "/" + key);
      collect_secrets(entry.value(), place + "/" + key, into);
    }
  } else if (const auto *list = value.if_array()) {
    for (std::size_t i{0}; i < list->size(); ++i)
      collect_secrets((*list)[i], place + "/" + std::to_string(i), into);
  }
}

}  // namespace

Profile default_profile(std::string_view channel) {
  Profile profile;
  profile.letter = letter_for(channel);
  profile.accepted = {
      202, {{"content-type", "application/json"}}, R"({"id": "sim-${n}", "status": "accepted"})"};
  profile.rejected = {400, {{"content-type", "application/json"}}, R"({"error": "no such address"})"};
  profile.unauthorised = {401, {{"content-type", "application/json"}}, R"({"error": "wrong credentials"})"};
  profile.throttled = {429, {{"retry-after", "7"}}, R"({"error": "too many requests"})"};
  profile.unavailable = {500, {}, R"({"error": "internal"})"};
  profile.found = {200, {{"content-type", "application/json"}}, R"({"id": "sim-1", "status": "accepted"})"};
  profile.not_found = {404, {{"content-type", "application/json"}}, R"({"error": "not found"})"};
  profile.recalled = {200, {{"content-type", "application/json"}}, R"({"status": "cancelled"})"};
  profile.polled = {200, {{"content-type", "application/json"}}, "[]"};
  return profile;
}

Profile read_profile(const std::string &file, std::string_view driver, std::string_view channel) {
  const auto text = whole_file(file);
  boost::system::error_code error;
  const auto root = json::parse(text, error);
  if (error) throw std::runtime_error("is not JSON: " + error.message());
  const auto folder = std::filesystem::path(file).parent_path();
  Section whole(root, "");
  auto profile = default_profile(channel);
  const auto *drivers = whole.find("drivers");
  read_section(whole, folder, profile);
  whole.finish();
  if (drivers != nullptr) {
    if (!drivers->is_object()) whole.fail("drivers", "is no object");
    if (const auto *own =
            drivers->get_object().if_contains(json::string_view(driver.data(), driver.size()))) {
      Section section(*own, "/drivers/" + std::string(driver));
      read_section(section, folder, profile);
      section.finish();
    }
  }
  return profile;
}

std::string profile_beside(const std::string &plugin) {
  const std::filesystem::path path(plugin);
  auto own = path;
  own.replace_extension(".check.json");
  const auto folder = path.parent_path();
  std::error_code error;
  // The folder above: a plugin is mostly built in a folder of its own below its project.
  for (const auto &candidate :
       {own, folder / "relance-check.json", (folder / "..").lexically_normal() / "relance-check.json"})
    if (std::filesystem::exists(candidate, error)) return candidate.string();
  return {};
}

std::string settings_from_schema(const char *schema) {
  if (schema == nullptr) return "{}";
  boost::system::error_code error;
  const auto parsed = json::parse(schema, error);
  return error ? "{}" : json::serialize(sample_of(parsed, ""));
}

std::string with_surroundings(std::string_view settings_json, const Surroundings &surroundings) {
  auto value = json::parse(json::string_view(settings_json.data(), settings_json.size()));
  replace_places(value, surroundings);
  return json::serialize(value);
}

std::vector<std::string> secret_places(std::string_view settings_json, const Profile &profile) {
  if (!profile.secrets.empty()) return profile.secrets;
  std::vector<std::string> places;
  collect_secrets(json::parse(json::string_view(settings_json.data(), settings_json.size())), "", places);
  return places;
}

std::string with_text(std::string_view settings_json, std::string_view pointer, std::string_view text) {
  auto value = json::parse(json::string_view(settings_json.data(), settings_json.size()));
  boost::system::error_code error;
  if (auto *place = value.find_pointer(json::string_view(pointer.data(), pointer.size()), error))
    *place = json::string_view(text.data(), text.size());
  return json::serialize(value);
}

}  // namespace relance::check
