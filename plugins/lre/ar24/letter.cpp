#include "plugins/lre/ar24/letter.hpp"

#include <relance/signature.hpp>

#include <algorithm>
#include <array>

namespace relance::lre::ar24 {
namespace {

/// Goes into a header line of a part: nothing that could end it.
std::string in_quotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"')
      out += "%22";
    else if (c == '\r')
      out += "%0D";
    else if (c == '\n')
      out += "%0A";
    else
      out += c;
  }
  return out;
}

std::string html_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\n':
        out += "<br>\n";
        break;
      case '\r':
        break;
      default:
        out += c;
    }
  }
  return out;
}

struct PersonName {
  std::string given, family;
};

/// "MARTIN", "D'ARC"; neither an initial ("J.", "J.-P.", "É.") nor a title ("M.").
bool is_capitals(std::string_view word) {
  const auto letters = std::count_if(word.begin(), word.end(), [](char c) {
    const bool is_continuation{(static_cast<unsigned char>(c) & 0xC0) == 0x80};  // of a character in UTF-8
    return !is_continuation && c != '.' && c != '-' && c != '\'';
  });
  return letters > 1 && !word.ends_with('.') &&
         std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

/// Where the parts of a name are not known: words in capitals are the family's ("MARTIN Camille", as French
/// lists have it), else the last one is; a title in front is neither's. Empty for what is not two words.
PersonName parted(std::string_view name) {
  std::vector<std::string_view> words;
  for (std::size_t at{0}; at < name.size();) {
    const auto end = std::min(name.find(' ', at), name.size());
    if (end > at) words.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  static constexpr std::array<std::string_view, 6> kTitles{"M.",       "Mme",    "Mlle",
                                                           "Monsieur", "Madame", "Mademoiselle"};
  if (!words.empty() && std::find(kTitles.begin(), kTitles.end(), words.front()) != kTitles.end())
    words.erase(words.begin());
  if (words.size() < 2) return {};
  const auto capitals = static_cast<std::size_t>(std::count_if(words.begin(), words.end(), is_capitals));
  const bool has_capitals{capitals > 0 && capitals < words.size()};
  PersonName parts;
  for (std::size_t i{0}; i < words.size(); ++i) {
    auto &into = (has_capitals ? is_capitals(words[i]) : i + 1 == words.size()) ? parts.family : parts.given;
    if (!into.empty()) into += ' ';
    into += words[i];
  }
  return parts;
}

PersonName name_of(const sdk::Addressee &addressee) {
  if (!addressee.given_name.empty() && !addressee.family_name.empty())
    return {std::string{addressee.given_name}, std::string{addressee.family_name}};
  return parted(addressee.name);
}

/// One address, and nothing that could be read as two or as more than an address.
bool has_address(std::string_view address) {
  const auto at = address.find('@');
  return at != address.npos && at > 0 && at + 1 < address.size() && at == address.rfind('@') &&
         std::none_of(address.begin(), address.end(), [](char c) {
           return static_cast<unsigned char>(c) <= 0x20 ||
                  std::string_view{",;:<>()[]\"\\"}.find(c) != std::string_view::npos;
         });
}

}  // namespace

std::vector<const sdk::Part *> documents_of(const sdk::Message &message) {
  std::vector<const sdk::Part *> documents;
  for (const auto &part : message.parts)
    if (part.role != "text" && part.role != "html") documents.push_back(&part);
  return documents;
}

std::vector<sdk::Quote::Issue> faults_of(const sdk::Message &message, const Settings &settings) {
  std::vector<sdk::Quote::Issue> issues;
  const auto &addressee = message.addressee;
  // Article L. 100 III CPCE: only who acts for a business may be written to without asking first.
  if (addressee.is_consumer && !addressee.has_consent)
    issues.push_back({"/addressee", "a private person has not consented to registered e-mail"});
  if (!has_address(addressee.address)) issues.push_back({"/addressee/address", "is no e-mail address"});
  if (addressee.is_consumer && name_of(addressee).family.empty())
    issues.push_back({"/addressee/family_name", "given and family name of a private person are needed"});
  if (!addressee.is_consumer && addressee.organisation.empty() && addressee.name.empty())
    issues.push_back({"/addressee/organisation", "a business needs a name"});
  std::size_t bytes{0};
  for (const auto *document : documents_of(message)) bytes += document->bytes.size();
  if (bytes > settings.attachments_bytes_max)
    issues.push_back({"/parts", "documents of " + std::to_string(bytes) + " bytes: at most " +
                                    std::to_string(settings.attachments_bytes_max) + " are sent"});
  return issues;
}

FormFields letter_fields(const sdk::Message &message) {
  const auto &addressee = message.addressee;
  FormFields fields{{"to_email", std::string{addressee.address}},
                    {"dest_statut", addressee.is_consumer ? "particulier" : "professionnel"}};
  const auto add = [&](const char *name, std::string_view value) {
    if (!value.empty()) fields.emplace_back(name, value);
  };
  // Of a business the name may be the firm's own, which is not to be parted.
  const bool is_person{addressee.is_consumer || addressee.name != addressee.organisation};
  const auto name = is_person ? name_of(addressee) : PersonName{};
  add("to_firstname", name.given);
  add("to_lastname", name.family);
  if (!addressee.is_consumer)
    add("to_company", addressee.organisation.empty() ? addressee.name : addressee.organisation);
  const auto *html = message.find_part("html");
  fields.emplace_back("content", html == nullptr ? html_of(message.text()) : std::string{html->bytes});
  // What finds the letter again when its number never came.
  fields.emplace_back("ref_dossier", message.idempotency_key);
  add("ref_client", message.reference("debtor"));
  add("ref_facturation", message.reference("invoice"));
  return fields;
}

Multipart to_multipart(const FormFields &fields, const MultipartFile *file) {
  // The hash of all that is sent: the same call has the same bytes, and nobody can have written it before.
  sdk::Sha256 hash;
  for (const auto &[name, value] : fields) hash.add(name).add(value);
  if (file != nullptr) hash.add(file->bytes);
  const auto boundary = "relance" + sdk::to_hex(hash.digest()).substr(0, 40);
  std::string body;
  for (const auto &[name, value] : fields) {
    body.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=\"");
    body.append(in_quotes(name)).append("\"\r\n\r\n").append(value).append("\r\n");
  }
  if (file != nullptr) {
    body.append("--")
        .append(boundary)
        .append("\r\nContent-Disposition: form-data; name=\"")
        .append(file->name);
    body.append("\"; filename=\"").append(in_quotes(file->file_name)).append("\"\r\nContent-Type: ");
    body.append(file->media_type).append("\r\n\r\n").append(file->bytes).append("\r\n");
  }
  body.append("--").append(boundary).append("--\r\n");
  return {"multipart/form-data; boundary=" + boundary, std::move(body)};
}

}  // namespace relance::lre::ar24
