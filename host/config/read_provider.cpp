// providers/*.toml: one configured plugin. Its [settings] belong to the plugin: they are passed on as JSON,
// with secrets filled in, and with the place of every value so that the plugin's complaints point at a line.
#include "host/config/draft.hpp"
#include "host/config/secret_reader.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cmath>

namespace relance::config {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// A shorter secret may be a word that a request has anyway.
constexpr std::size_t kTellingBytesMin{8};

/// Keys whose value must not stand in the file as it is.
bool names_a_secret(std::string_view key) {
  static constexpr std::array<std::string_view, 8> kWords{"password", "passwd",  "passphrase", "secret",
                                                          "token",    "api_key", "apikey",     "private_key"};
  return std::ranges::any_of(kWords, [key](std::string_view word) {
    return key == word ||
           (key.size() > word.size() + 1 && key.ends_with(word) && key[key.size() - word.size() - 1] == '_');
  });
}

/// Appends one reference token.
/// @see RFC 6901 §3
std::string pointer_to(const std::string &parent, std::string_view key) {
  std::string pointer{parent + '/'};
  for (const char c : key) pointer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return pointer;
}

/// Builds the JSON twice, once with the secrets and once for people.
class SettingsReader {
 public:
  SettingsReader(Draft &draft, const Document &document, ProviderSettings &provider)
      : draft_{draft}, document_{document}, provider_{provider}, secrets_{draft, document} {}

  void read(const Value &settings) {
    auto [real, shown] = convert(settings, "", "");
    provider_.settings_json = Secret{json::serialize(real)};
    provider_.shown_json = json::serialize(shown);
  }

 private:
  using Both = std::pair<json::value, json::value>;

  Both convert(const Value &value, const std::string &pointer, std::string_view key) {
    const Position at{document_.file, value.line, value.column};
    provider_.positions.emplace_back(pointer, at);
    if (is_secret_reference(value)) return hidden(secrets_.read(value.table[0]));
    switch (value.kind) {
      case ValueKind::text:
        if (!names_a_secret(key)) {
          if (may_be_granted(draft_.configuration, value.text))
            provider_.sandbox.files.emplace_back(value.text);
          expect_file(value.text, key, at);
          return same(json::value(value.text));
        }
        if (!draft_.configuration.allows_literal_secrets)
          draft_.issues.error(at, '"' + std::string{key} + "\" is a secret written in the file; write " +
                                      std::string{key} +
                                      " = { file = \"…\" }, { env = \"…\" } or { credential = \"…\" }, or "
                                      "set allow_literal_secrets = true");
        return hidden(value.text);
      case ValueKind::date:
        return same(json::value(value.text));
      case ValueKind::integer:
        return same(json::value(value.integer));
      case ValueKind::boolean:
        return same(json::value(value.boolean));
      case ValueKind::real:
        if (!std::isfinite(value.real)) draft_.issues.error(at, "a setting must be a finite number");
        return same(json::value(std::isfinite(value.real) ? value.real : 0.0));
      case ValueKind::list:
        return convert_list(value, pointer);
      case ValueKind::table:
        break;
    }
    return convert_table(value, pointer);
  }

  /// A file of authorities that is not there yet stops the provider's start: better said by the check.
  void expect_file(const std::string &path, std::string_view key, const Position &at) {
    std::error_code ignored;
    if (draft_.options.reads_secrets && key.ends_with("_file") && path.starts_with('/') &&
        !fs::is_regular_file(path, ignored))
      draft_.issues.warning(at, "there is no file " + path + "; without it the provider may not start");
  }

  Both hidden(const std::string &secret) {
    if (secret.size() >= kTellingBytesMin) provider_.secrets.emplace_back(secret);
    return {json::value(secret), json::value(kRedacted)};
  }

  static Both same(const json::value &value) { return {value, value}; }

  Both convert_list(const Value &value, const std::string &pointer) {
    json::array real, shown;
    for (std::size_t i{0}; i < value.list.size(); ++i) {
      auto [one, one_shown] = convert(value.list[i], pointer + '/' + std::to_string(i), "");
      real.push_back(std::move(one));
      shown.push_back(std::move(one_shown));
    }
    return {json::value(std::move(real)), json::value(std::move(shown))};
  }

  Both convert_table(const Value &value, const std::string &pointer) {
    json::object real, shown;
    for (const auto &entry : value.table) {
      auto [one, one_shown] = convert(entry.value, pointer_to(pointer, entry.key), entry.key);
      real.emplace(entry.key, std::move(one));
      shown.emplace(entry.key, std::move(one_shown));
    }
    return {json::value(std::move(real)), json::value(std::move(shown))};
  }

  Draft &draft_;
  const Document &document_;
  ProviderSettings &provider_;
  SecretReader secrets_;
};

/// "smtp" and "smtp.so" lie in the plugin folder; a text with a slash is a path.
fs::path plugin_file(const std::string &plugin, const fs::path &folder, const fs::path &base) {
  fs::path path{plugin};
  if (plugin.find('/') != std::string::npos)
    return (path.is_absolute() ? path : base / path).lexically_normal();
  if (path.extension() != ".so") path += ".so";
  return folder / path;
}

void read_hosts(Section &table, ProviderSettings &provider) {
  for (const auto &text : table.texts("hosts")) {
    auto host = parse_http_host(text.text);
    if (host) {
      provider.http_hosts.push_back(std::move(*host));
    } else {
      table.issues().error(text.at, host.error().message);
    }
  }
  table.finish();
}

}  // namespace

void read_provider(Draft &draft, const Document &document, std::string_view stem) {
  Section root{document, document.root, draft.issues};
  ProviderSettings provider;
  const auto id = root.id("id", stem);
  provider.id = id.text;
  provider.version = document.version;
  const auto plugin = root.required("plugin", "\"smtp\"");
  provider.plugin = plugin.text;
  provider.plugin_at = plugin.at;
  provider.plugin_file =
      plugin_file(provider.plugin, draft.configuration.plugin_folder, draft.configuration.file.parent_path());
  provider.driver = root.text("driver");
  const auto channel = root.required("channel", "\"email\"");
  provider.channel = channel.text;
  if (!channel.text.empty() && (!is_known_channel(channel.text) || channel.text == "task"))
    draft.issues.error(channel.at, channel.text == "task"
                                       ? "channel \"task\" is a person and built in; it has no provider"
                                       : "there is no channel \"" + channel.text + '"' +
                                             suggestion(channel.text, provider_channels()));
  static constexpr std::array<std::string_view, 2> kPlacements{"child", "inproc"};
  provider.placement = static_cast<Placement>(root.choice("placement", 0, kPlacements));
  provider.credit_max =
      static_cast<std::uint32_t>(root.integer("credit_window", provider.credit_max, {1, 10'000}));
  provider.quarantine_after =
      static_cast<std::uint32_t>(root.integer("quarantine_after", provider.quarantine_after, {1, 10'000}));
  provider.restart_delay_max = root.duration("restart_delay_max", provider.restart_delay_max,
                                             Milliseconds{100}, std::chrono::hours{1});
  provider.send_limits = read_send_limits(root, provider.credit_max);
  if (auto table = root.table("sandbox")) provider.sandbox = read_sandbox(draft, *table);
  if (auto table = root.table("http")) read_hosts(*table, provider);
  if (root.has("letter")) {
    const bool is_paper{provider.channel == "postal" || provider.channel == "lre" ||
                        provider.channel == "fax"};
    if (!is_paper && !provider.channel.empty())
      draft.issues.error(root.at("letter"), "[letter] is for the channels postal, lre and fax");
    if (auto table = root.table("letter")) provider.letter = read_letter_settings(*table);
  }
  provider.at = root.at("settings");
  const Value none{};
  auto settings = root.table("settings");
  SettingsReader{draft, document, provider}.read(settings ? settings->value() : none);
  root.finish();
  if (!id.text.empty() && define(draft, draft.providers, "provider", id.text, id.at))
    draft.configuration.providers.push_back(std::move(provider));
}

}  // namespace relance::config
