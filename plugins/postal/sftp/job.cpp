#include "plugins/postal/sftp/job.hpp"

#include "plugins/postal/sftp/table.hpp"

#include <relance/signature.hpp>

#include <charconv>

namespace relance::postal::sftp {
namespace {

constexpr std::size_t kCsvLines{6};  ///< what a window shows; more are joined in the last

std::string digest_of(const sdk::Part &part) {
  return sdk::to_hex(sdk::Sha256{}.add(part.bytes).digest());
}

std::string list_of(const std::vector<std::string_view> &lines) {
  std::string text{"["};
  for (const auto line : lines) {
    if (text.size() > 1) text += ", ";
    text += sdk::json_string(line);
  }
  return text += ']';
}

std::string json_manifest(const sdk::Message &m, const Letter &letter, const std::string &document) {
  std::string text{"{\n"};
  const auto add = [&](std::string_view name, const std::string &value) {
    text.append("  ").append(sdk::json_string(name)).append(": ").append(value).append(",\n");
  };
  add("version", "1");
  add("key", sdk::json_string(m.idempotency_key));
  add("service", sdk::json_string(m.service));
  add("dated", sdk::json_string(civil_date(m.dated_ms)));
  add("attempt", std::to_string(m.attempt_number));
  add("recipient", "{\"name\": " + sdk::json_string(m.addressee.name) +
                       ", \"lines\": " + list_of(lines_of(m.addressee.postal_lines, m.addressee.country)) +
                       ", \"country\": " + sdk::json_string(m.addressee.country) + '}');
  add("sender", "{\"name\": " + sdk::json_string(m.sender.name) +
                    ", \"lines\": " + list_of(lines_of(m.sender.postal_lines, m.sender.country)) +
                    ", \"country\": " + sdk::json_string(m.sender.country) + '}');
  std::string references{"{"};
  for (const auto &[name, value] : m.references) {
    if (references.size() > 1) references += ", ";
    references += sdk::json_string(name) + ": " + sdk::json_string(value);
  }
  add("references", references + '}');
  text += "  \"document\": {\"file\": " + sdk::json_string(document) +
          ", \"bytes\": " + std::to_string(letter.document->bytes.size()) +
          ", \"pages\": " + std::to_string(letter.pages) + ", \"sha256\": \"" + digest_of(*letter.document) +
          "\"}\n}\n";
  return text;
}

const Row kHeader{"key",   "file",  "sha256", "bytes", "pages", "service", "dated",
                  "line1", "line2", "line3",  "line4", "line5", "line6",   "country"};

std::string csv_manifest(const sdk::Message &m, const Letter &letter, const std::string &document,
                         char delimiter) {
  Row row{std::string{m.idempotency_key}, document,
          digest_of(*letter.document),    std::to_string(letter.document->bytes.size()),
          std::to_string(letter.pages),   std::string{m.service},
          civil_date(m.dated_ms)};
  const auto lines = lines_of(m.addressee.postal_lines, m.addressee.country);
  for (std::size_t i{0}; i < kCsvLines; ++i)
    row.emplace_back(i < lines.size() ? lines[i] : std::string_view{});
  for (std::size_t i{kCsvLines}; i < lines.size(); ++i) row.back().append(", ").append(lines[i]);
  row.emplace_back(m.addressee.country);
  return table_line(kHeader, delimiter) + table_line(row, delimiter);
}

}  // namespace

JobFiles files_of(const Settings &settings, std::string_view key) {
  auto stem = settings.folder;
  if (!stem.ends_with('/')) stem += '/';
  stem += key;
  return {stem + ".pdf", stem + (settings.manifest == Form::csv ? ".csv" : ".json")};
}

std::string_view key_of_part(std::string_view name) {
  for (const std::string_view ending : {".pdf.part", ".json.part", ".csv.part"})
    if (name.ends_with(ending)) {
      const auto stem = name.substr(0, name.size() - ending.size());
      return is_key(stem) ? stem : std::string_view{};
    }
  return {};
}

std::string manifest_of(const Settings &settings, const sdk::Message &message, const Letter &letter) {
  const auto document = std::string{message.idempotency_key} + ".pdf";
  return settings.manifest == Form::csv ? csv_manifest(message, letter, document, settings.delimiter)
                                        : json_manifest(message, letter, document);
}

std::optional<std::uint64_t> promised_bytes(const Settings &settings, std::string_view manifest) {
  std::string text;
  if (settings.manifest == Form::json) {
    text = sdk::Json::parse(manifest)["document"]["bytes"].text();
  } else {
    const auto rows = read_table(manifest, settings.delimiter);
    if (manifest.ends_with("\r\n") && rows.size() == 2 && rows[1].size() == kHeader.size()) text = rows[1][3];
  }
  std::uint64_t bytes{0};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (text.empty() || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return bytes;
}

}  // namespace relance::postal::sftp
