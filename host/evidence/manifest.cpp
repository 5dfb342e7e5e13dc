// Written by hand, read by pugixml, and held to what would be written again.
#include "host/evidence/manifest.hpp"

#include "host/evidence/base64.hpp"
#include "host/evidence/entry_names.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <pugixml.hpp>

namespace relance::evidence {
namespace {

constexpr std::string_view kHead{
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
    "<asic:ASiCManifest xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\""
    " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\n"};
constexpr std::string_view kSha256Name{"http://www.w3.org/2001/04/xmlenc#sha256"};

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 60 && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '+' || c == '-' || c == '_';
  });
}

std::optional<Sha256> hash_of_base64(std::string_view text) {
  const auto bytes = from_base64(text);
  Sha256 hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

}  // namespace

std::string clean_media_type(std::string_view media_type) {
  const auto end = std::min(media_type.find(';'), media_type.size());
  auto name = media_type.substr(0, end);
  while (name.ends_with(' ')) name.remove_suffix(1);
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || !is_token(name.substr(0, slash)) ||
      !is_token(name.substr(slash + 1)))
    return "application/octet-stream";
  std::string out{name};
  constexpr std::string_view kUtf8{"charset=utf-8"};
  return media_type.substr(end).find(kUtf8) == std::string_view::npos ? out : out.append("; ").append(kUtf8);
}

std::string write_manifest(const std::vector<DataObject> &objects, bool is_signed) {
  std::string out{kHead};
  if (is_signed)
    out.append("<asic:SigReference URI=\"")
        .append(kSignatureName)
        .append("\" MimeType=\"application/pkcs7-signature\"/>\n");
  for (const auto &object : objects) {
    out.append("<asic:DataObjectReference URI=\"").append(object.name);
    out.append("\" MimeType=\"").append(object.media_type).append("\">");
    out.append("<ds:DigestMethod Algorithm=\"").append(kSha256Name).append("\"/><ds:DigestValue>");
    out.append(base64(as_bytes(object.hash))).append("</ds:DigestValue></asic:DataObjectReference>\n");
  }
  return out.append("</asic:ASiCManifest>\n");
}

Result<std::vector<DataObject>> read_manifest(std::string_view text, bool is_signed) {
  pugi::xml_document document;
  const auto parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) return invalid(std::string{"the manifest is no XML: "} + parsed.description());
  std::vector<DataObject> objects;
  for (const auto &node : document.child("asic:ASiCManifest").children("asic:DataObjectReference")) {
    const auto hash = hash_of_base64(node.child("ds:DigestValue").text().get());
    if (!hash) return invalid("the manifest has a hash that is none");
    objects.push_back({node.attribute("URI").value(), node.attribute("MimeType").value(), *hash});
  }
  if (write_manifest(objects, is_signed) != text) return invalid("the manifest is not as it was written");
  return objects;
}

}  // namespace relance::evidence
