#include "plugins/protocol/gateway/setting_reader.hpp"

namespace relance::gateway {
namespace {

constexpr std::string_view kPath{"/callback/signature"};

/// Headers come to us in lower case.
std::string lower(std::string text) {
  for (auto &c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

class SignatureReader {
 public:
  explicit SignatureReader(SettingReader &reader) : reader_{reader} {}

  SignatureSettings read(const sdk::Json &value) {
    const std::string path{kPath};
    SignatureSettings s;
    if (value.is_absent()) {
      reader_.fatal(path,
                    "is missing: how is a callback known to be the provider's? Where it signs "
                    "nothing, say scheme = \"path\"");
      return s;
    }
    const auto scheme = scheme_named(value["scheme"].text());
    if (!scheme) {
      reader_.fatal(path + "/scheme",
                    "is none of hmac, public_key, basic, token, path, twilio, vonage, vonage_jwt, "
                    "messagebird, messagebird_jwt, mailgun, sns");
      return s;
    }
    s.scheme = *scheme;
    s.secret = secret(value, path);
    s.user = reader_.setting(value["user"], path + "/user");
    s.header = lower(value["header"].text());
    s.parameter = value["parameter"].text();
    s.prefix = value["prefix"].text();
    s.over = value["over"].text("{body}");
    reader_.check_over(s.over, path + "/over");
    s.timestamp_header = lower(value["timestamp_header"].text());
    s.id_header = lower(value["id_header"].text());
    s.public_key = reader_.setting(value["public_key"], path + "/public_key");
    s.is_base64 = value["encoding"].text() == "base64";
    s.tolerance_ms = value["tolerance_s"].integer(300) * 1000;
    for (const auto &topic : value["topics"].items())
      s.topics.push_back(reader_.setting(topic, path + "/topics"));
    auto algorithm = value["algorithm"].text(s.scheme == Scheme::vonage ? "md5" : "sha256");
    s.is_plain_hash = algorithm == "md5" && s.scheme == Scheme::vonage;
    if (algorithm == "md5hmac") algorithm = "md5";
    const auto hash = hash_named(algorithm);
    if (!hash) reader_.fatal(path + "/algorithm", "is none of sha256, sha1, sha384, sha512, md5, md5hmac");
    s.hash = hash.value_or(Hash::sha256);
    check(s, path, value);
    return s;
  }

 private:
  std::string secret(const sdk::Json &value, const std::string &path) {
    auto text = reader_.setting(value["secret"], path + "/secret");
    if (value["secret_encoding"].text() != "base64" || text.empty()) return text;
    std::string_view encoded{text};
    if (const auto bar = encoded.find('_'); encoded.starts_with("whsec_")) encoded.remove_prefix(bar + 1);
    const auto bytes = from_base64(encoded);
    if (!bytes) reader_.fatal(reader_.origin(value["secret"], path + "/secret"), "is no base64");
    return bytes.value_or("");
  }
  void check(const SignatureSettings &s, const std::string &path, const sdk::Json &value) {
    const auto need = [&](bool is_there, const char *name) {
      if (!is_there)
        reader_.fatal(path + '/' + name,
                      "is missing: scheme " + std::string{name_of(s.scheme)} + " needs it");
    };
    const bool has_key{s.scheme != Scheme::path && s.scheme != Scheme::public_key && s.scheme != Scheme::sns};
    if (has_key) need(!s.secret.empty(), "secret");
    if (s.scheme == Scheme::hmac || s.scheme == Scheme::public_key) need(!s.header.empty(), "header");
    if (s.scheme == Scheme::token && s.header.empty()) need(!s.parameter.empty(), "parameter");
    if (s.scheme == Scheme::sns) need(!s.topics.empty(), "topics");
    if (s.scheme == Scheme::public_key) {
      need(!s.public_key.empty(), "public_key");
      if (const auto why = public_key_fault(s.public_key); !s.public_key.empty() && !why.empty())
        reader_.fatal(reader_.origin(value["public_key"], path + "/public_key"), why);
    }
    const bool names_time{s.over.find("{timestamp}") != std::string::npos};
    if (names_time && s.timestamp_header.empty()) need(false, "timestamp_header");
    if (s.over.find("{id}") != std::string::npos && s.id_header.empty()) need(false, "id_header");
    if (!s.timestamp_header.empty() && !names_time)
      reader_.warning(path + "/over",
                      "does not cover {timestamp}: an old callback can be sent again under a new time");
    if (s.scheme == Scheme::path)
      reader_.warning(path, "nothing but the unguessable address says that a callback is the provider's");
    if (s.tolerance_ms < 1000 || s.tolerance_ms > 86'400'000)
      reader_.fatal(path + "/tolerance_s", "must be from 1 to 86400");
  }

  SettingReader &reader_;
};

}  // namespace

SignatureSettings read_signature(const sdk::Json &signature, SettingReader &reader) {
  return SignatureReader{reader}.read(signature);
}

}  // namespace relance::gateway
