#include "plugins/postal/sftp/settings.hpp"

#include "plugins/postal/settings_number.hpp"

#include <algorithm>

namespace relance::postal::sftp {
namespace {

constexpr std::int64_t kDayMs{86'400'000}, kDayS{86'400};
/// "SHA256:" and 32 bytes in base64 without padding.
constexpr std::size_t kFingerprintLength{50};

bool is_fingerprint(std::string_view text) {
  return text.size() == kFingerprintLength && text.starts_with("SHA256:") &&
         std::ranges::all_of(text.substr(7), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
                  c == '/';
         });
}

void read_server(const sdk::Json &json, Server &server, sdk::Issues &issues) {
  server.host = json["host"].text();
  server.port = static_cast<std::uint16_t>(std::clamp<std::int64_t>(json["port"].integer(22), 0, 65'535));
  server.user = json["user"].text();
  server.password = json["password"].text();
  server.private_key = json["private_key"].text();
  server.passphrase = json["passphrase"].text();
  server.host_key = json["host_key"].text();
  server.timeout_ms =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(json["timeout_s"].integer(20), 1, 600) * 1000);
  if (server.host.empty()) issues.fatal("/host", "is missing");
  if (server.port == 0) issues.fatal("/port", "is no port");
  if (server.user.empty()) issues.fatal("/user", "is missing");
  if (!is_fingerprint(server.host_key))
    issues.fatal("/host_key",
                 "is no SHA256:… fingerprint as `ssh-keyscan HOST | ssh-keygen -lf -` prints it");
  if (server.password.empty() == server.private_key.empty())
    issues.fatal("/password", "either password or private_key says who we are");
  if (!server.private_key.empty() && server.private_key.find("PRIVATE KEY-----") == std::string::npos)
    issues.fatal("/private_key", "is no private key in PEM or in OpenSSH's form");
}

char read_delimiter(const sdk::Json &json, const char *path, sdk::Issues &issues) {
  const auto text = json.text(";");
  if (text.size() == 1 && (text == ";" || text == "," || text == "\t" || text == "|")) return text[0];
  issues.fatal(path, "is none of ; , | and the tabulator");
  return ';';
}

void read_acknowledgements(const sdk::Json &json, Acknowledgements &read, sdk::Issues &issues) {
  if (json.kind() != sdk::Json::Kind::object) return;
  read.folder = json["folder"].text();
  read.form = json["format"].text("csv") == "json" ? Form::json : Form::csv;
  read.suffix = json["suffix"].text(read.form == Form::json ? ".json" : ".csv");
  read.delimiter = read_delimiter(json["delimiter"], "/acknowledgements/delimiter", issues);
  read.key = json["key"].text("key");
  read.state = json["state"].text("state");
  read.time = json["time"].text();
  read.reason = json["reason"].text();
  read.archive = json["archive"].text();
  if (read.folder.empty()) issues.fatal("/acknowledgements/folder", "is missing");
  if (read.suffix.empty() || read.suffix == ".part")
    issues.fatal("/acknowledgements/suffix", "cannot be told from a file that is being written");
  if (!read.archive.empty() && read.archive == read.folder)
    issues.fatal("/acknowledgements/archive", "is the folder that is read");
  const auto &states = json["states"];
  for (std::size_t i{0}; i < states.names().size(); ++i) {
    const auto meaning = meaning_of(states.items()[i].text());
    if (!meaning) issues.fatal("/acknowledgements/states/" + states.names()[i], "means nothing known");
    read.states[lower(states.names()[i])] = meaning.value_or(Meaning{});
  }
  if (read.states.empty())
    issues.fatal("/acknowledgements/states", "says of none of the service's words what it means");
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto &c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

Settings read_settings(std::string_view text, sdk::Issues &issues) {
  Settings settings;
  const auto json = sdk::Json::parse(text);
  if (json.kind() != sdk::Json::Kind::object) {
    issues.fatal("", "the settings are no JSON object");
    return settings;
  }
  read_server(json, settings.server, issues);
  settings.folder = json["folder"].text(".");
  settings.manifest = json["manifest"].text("json") == "csv" ? Form::csv : Form::json;
  settings.delimiter = read_delimiter(json["delimiter"], "/delimiter", issues);
  settings.sessions = number_of<std::uint32_t>(json, "sessions", {2, 1, 16}, issues);
  settings.max_in_flight = number_of<std::uint32_t>(json, "max_in_flight", {16, 1, 1000}, issues);
  settings.pages_max = number_of<std::uint32_t>(json, "pages_max", {200, 1, 10'000}, issues);
  settings.bytes_max = number_of<std::size_t>(json, "bytes_max", {20'000'000, 1000, 64'000'000}, issues);
  settings.orphan_age_s = number_of(json, "orphan_days", {7, 1, 365}, issues) * kDayS;
  settings.receipts_within_ms = number_of(json, "receipts_within_days", {5, 1, 90}, issues) * kDayMs;
  read_acknowledgements(json["acknowledgements"], settings.acknowledgements, issues);
  if (settings.acknowledgements.folder.empty())
    issues.warning("/acknowledgements", "without them nothing says that a letter was posted");
  return settings;
}

}  // namespace relance::postal::sftp
