#include "plugins/fax/document.hpp"

#include <cstdint>

namespace relance::fax {
namespace {

constexpr unsigned kPagesMax{500};
constexpr std::size_t kEntryBytes{12}, kHeaderBytes{8};

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t width, bool is_little) {
  std::uint32_t value{0};
  for (std::size_t i{0}; i < width; ++i)
    value = value << 8 | static_cast<std::uint8_t>(bytes[is_little ? at + width - 1 - i : at + i]);
  return value;
}

}  // namespace

std::optional<unsigned> count_tiff_pages(std::string_view bytes) {
  const bool is_little{bytes.starts_with(std::string_view{"II*\0", 4})};
  if (bytes.size() < kHeaderBytes || (!is_little && !bytes.starts_with(std::string_view{"MM\0*", 4})))
    return std::nullopt;
  unsigned pages{0};
  for (std::size_t at{number_at(bytes, 4, 4, is_little)}; at != 0; ++pages) {
    if (pages == kPagesMax || at < kHeaderBytes || at > bytes.size() - 2) return std::nullopt;
    const std::size_t end{at + 2 + kEntryBytes * number_at(bytes, at, 2, is_little)};
    if (end > bytes.size() - 4) return std::nullopt;
    at = number_at(bytes, end, 4, is_little);
  }
  return pages == 0 ? std::nullopt : std::optional{pages};
}

Document document_of(const sdk::Message &message) {
  const auto *part = message.find_part("letter");
  if (part == nullptr) return {.fault = "the message has no page to send: a part \"letter\" of image/tiff"};
  const auto type = part->media_type.substr(0, part->media_type.find(';'));
  if (type == "image/tiff") {
    const auto pages = count_tiff_pages(part->bytes);
    if (!pages) return {.fault = "the page is no whole TIFF"};
    return {.form = "TIFF", .bytes = part->bytes, .pages = *pages};
  }
  if (type == "application/pdf" && part->bytes.starts_with("%PDF-"))
    return {.form = "PDF", .bytes = part->bytes};
  if (type == "application/postscript" && part->bytes.starts_with("%!"))
    return {.form = "PS", .bytes = part->bytes};
  return {.fault = "a fax is sent from image/tiff, application/pdf or application/postscript"};
}

}  // namespace relance::fax
