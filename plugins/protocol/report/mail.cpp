#include "plugins/protocol/report/mail.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/charset.hpp"
#include "plugins/protocol/report/report.hpp"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>
#include <mutex>

namespace relance::report {
namespace {

struct Unref {
  void operator()(void *object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

void start_gmime() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

/// mbox files keep a "From " line (and Emacs VM its own lines) above the header; neither belongs to the mail.
std::string_view without_envelope_line(std::string_view bytes) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos && trim(bytes.substr(0, end)).empty();
       end = bytes.find('\n'))
    bytes.remove_prefix(end + 1);
  if (!bytes.starts_with("From ") && !bytes.starts_with(">From ")) return bytes;
  do {
    const auto end = bytes.find('\n');
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  } while (!bytes.empty() && (bytes[0] == ' ' || bytes[0] == '\t'));
  return bytes;
}

/// The mail up to where it would cost GMime too much: one pass over its lines.
std::string_view within_limits(std::string_view bytes) {
  std::size_t boundaries = 0, boundary_lines = 0, header_lines = 0;
  bool is_header = true;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = std::min(bytes.find('\n', at), bytes.size() - 1);
    const auto line = bytes.substr(at, end - at);
    if (is_header && trim(line).empty()) is_header = false;
    if (is_header) ++header_lines;
    if (line.starts_with("--")) ++boundary_lines;
    for (auto b = line.find_first_of("bB"); b != std::string_view::npos; b = line.find_first_of("bB", b + 1))
      if (starts_with_ignoring_case(line.substr(b), "boundary")) ++boundaries;
    if (boundaries > kBoundariesMax || boundary_lines > kBoundaryLinesMax || header_lines > kHeaderLinesMax)
      return bytes.substr(0, at);
    at = end + 1;
  }
  return bytes;
}

std::string_view body_of(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto end = bytes.find('\n', i);
    if (end == std::string_view::npos) return {};
    if (trim(bytes.substr(i, end - i)).empty()) return bytes.substr(end + 1);
    i = end;
  }
  return {};
}

std::string type_of(GMimeContentType *type) {
  if (type == nullptr) return {};
  const char *major = g_mime_content_type_get_media_type(type);
  const char *minor = g_mime_content_type_get_media_subtype(type);
  return lower(std::string(major != nullptr ? major : "") + '/' + (minor != nullptr ? minor : ""));
}

/// The decoded bytes of a leaf, cut at kPartBytesMax.
std::string content_of(GMimePart *part, bool &is_cut) {
  GMimeDataWrapper *content = g_mime_part_get_content(part);
  if (content == nullptr) return {};
  GByteArray *bytes = g_byte_array_new();
  const Owned<GMimeStream> memory(g_mime_stream_mem_new_with_byte_array(bytes));
  g_mime_data_wrapper_write_to_stream(content, memory.get());
  if (bytes->len > kPartBytesMax) is_cut = true;
  const auto size = std::min<std::size_t>(bytes->len, kPartBytesMax);
  return {reinterpret_cast<const char *>(bytes->data), size};
}

Owned<GMimeMessage> parse(std::string_view bytes) {
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  return Owned<GMimeMessage>(g_mime_parser_construct_message(parser.get(), nullptr));
}

/// The first line "--token" that is followed by a part's header.
std::string_view used_boundary(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = trim(text.substr(at, end - at));
    const auto next = text.substr(std::min(end + 1, text.size()), 8);
    const bool is_token = line.size() > 4 && line.size() < 73 && line.starts_with("--") &&
                          line.find_first_of(" \t\"\\") == std::string_view::npos;
    if (is_token && starts_with_ignoring_case(next, "content-")) return line.substr(2);
    at = end + 1;
  }
  return {};
}

class Walk {
 public:
  explicit Walk(Mail &mail) : mail_(mail) {}

  void visit(GMimeObject *object, std::size_t depth) {
    if (object == nullptr) return;
    if (depth > kNestingMax || visited_ >= kPartsMax) {
      mail_.is_cut = true;
      return;
    }
    ++visited_;
    if (GMIME_IS_MULTIPART(object)) {
      visit_multipart(GMIME_MULTIPART(object), depth);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
      if (GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
          message != nullptr)
        take_returned(message, depth);
    } else if (GMIME_IS_PART(object)) {
      take_leaf(GMIME_PART(object));
    }
  }

 private:
  void visit_multipart(GMimeMultipart *multipart, std::size_t depth) {
    const int count = g_mime_multipart_get_count(multipart);
    for (int i = 0; i < count; ++i) visit(g_mime_multipart_get_part(multipart, i), depth + 1);
    const char *prologue = count == 0 ? g_mime_multipart_get_prologue(multipart) : nullptr;
    if (prologue != nullptr) visit_undelimited(prologue, depth);
  }

  /// A multipart none of whose boundaries came: its header lost the parameter, or tells another one than it
  /// uses. What the lines themselves use as a boundary is taken; without one all of it is text.
  void visit_undelimited(std::string_view text, std::size_t depth) {
    const auto boundary = used_boundary(text);
    if (boundary.empty()) {
      if (!trim(text).empty())
        mail_.parts.push_back({"text/plain", to_utf8(text.substr(0, kPartBytesMax), nullptr)});
      return;
    }
    const auto mended =
        "Content-Type: multipart/mixed; boundary=\"" + std::string(boundary) + "\"\n\n" + std::string(text);
    const Owned<GMimeMessage> message = parse(mended);
    if (message) visit(g_mime_message_get_mime_part(message.get()), depth + 1);
  }

  /// The first returned message is the one sent; a later one would be an attachment of somebody's. A gateway
  /// may wrap a whole report into a mail of its own: then the report inside is what was meant.
  void take_returned(GMimeMessage *message, std::size_t depth) {
    GMimeObject *content = g_mime_message_get_mime_part(message);
    GMimeContentType *type = content != nullptr ? g_mime_object_get_content_type(content) : nullptr;
    const char *report = type != nullptr ? g_mime_content_type_get_parameter(type, "report-type") : nullptr;
    const bool is_wrapped =
        mail_.report_type.empty() && report != nullptr && equals_ignoring_case(report, "delivery-status");
    if (is_wrapped) {
      visit(content, depth + 1);
      return;
    }
    if (!mail_.returned.empty()) return;
    char *text = g_mime_object_get_headers(GMIME_OBJECT(message), nullptr);
    if (text == nullptr) return;
    mail_.returned = parse_header(to_utf8(text, nullptr), kHeadersMax);
    g_free(text);
    // An empty line before the header makes all of it a body.
    if (mail_.returned.empty() && content != nullptr && GMIME_IS_PART(content))
      mail_.returned =
          parse_header(to_utf8(content_of(GMIME_PART(content), mail_.is_cut), nullptr), kHeadersMax);
  }

  void take_leaf(GMimePart *leaf) {
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(leaf));
    Part part{type_of(type), {}};
    const char *charset = type != nullptr ? g_mime_content_type_get_parameter(type, "charset") : nullptr;
    const bool is_text =
        part.type.starts_with("text/") || part.type.starts_with("message/") || part.type == "/";
    const char *file_name = g_mime_part_get_filename(leaf);
    if (file_name != nullptr && *file_name != '\0')
      mail_.file_names.push_back(squeeze(to_utf8(file_name, nullptr)));
    if (!is_text) return;
    part.text = to_utf8(content_of(leaf, mail_.is_cut), charset);
    const bool is_returned = part.type == "text/rfc822-headers" || part.type == "message/rfc822-headers" ||
                             part.type == "message/global-headers" || part.type == "text/rfc822" ||
                             part.type == "message/partial" || part.type == "message/rfc822";
    if (is_returned) {
      if (mail_.returned.empty()) mail_.returned = parse_header(part.text, kHeadersMax);
      return;
    }
    if (part.type == "text/html") part.text = text_of_html(part.text);
    mail_.parts.push_back(std::move(part));
  }

  Mail &mail_;
  std::size_t visited_{0};
};

void read_header(GMimeMessage *message, Mail &mail) {
  GMimeHeaderList *headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
  const int count = headers != nullptr ? g_mime_header_list_get_count(headers) : 0;
  for (int i = 0; i < count; ++i) {
    if (mail.header.size() >= kHeadersMax) {
      mail.is_cut = true;
      break;
    }
    GMimeHeader *header = g_mime_header_list_get_header_at(headers, i);
    const char *name = g_mime_header_get_name(header);
    const char *raw = g_mime_header_get_raw_value(header);
    if (name != nullptr && raw != nullptr)
      mail.header.push_back({lower(name), squeeze(decode_header(cut_utf8(raw, std::size_t{64} << 10)))});
  }
}

}  // namespace

Mail read_mail(std::string_view bytes) {
  Mail mail;
  if (trim(bytes.substr(0, std::size_t{64} << 10)).empty()) {
    mail.unreadable_because = "the mail is empty";
    return mail;
  }
  if (bytes.size() > kMailBytesMax) {
    bytes = bytes.substr(0, kMailBytesMax);
    mail.is_cut = true;
  }
  bytes = without_envelope_line(bytes);
  const auto whole = bytes.size();
  bytes = within_limits(bytes);
  if (bytes.size() < whole) mail.is_cut = true;
  start_gmime();
  const auto message = parse(bytes);
  if (!message) {
    mail.unreadable_because = "no header can be found in it";
    return mail;
  }
  read_header(message.get(), mail);
  if (mail.header.empty()) mail.unreadable_because = "no header can be found in it";
  GMimeObject *top = g_mime_message_get_mime_part(message.get());
  if (top != nullptr) {
    GMimeContentType *type = g_mime_object_get_content_type(top);
    mail.type = type_of(type);
    const char *report_type =
        type != nullptr ? g_mime_content_type_get_parameter(type, "report-type") : nullptr;
    if (report_type != nullptr) mail.report_type = lower(report_type);
    Walk(mail).visit(top, 0);
  }
  const auto body = body_of(bytes);
  mail.body = to_utf8(body.substr(0, kPartBytesMax), nullptr);
  const bool has_words = std::any_of(mail.parts.begin(), mail.parts.end(),
                                     [](const Part &part) { return !trim(part.text).empty(); });
  // A multipart whose boundary never comes: all of it is text.
  if (!has_words) mail.parts.push_back({"text/plain", mail.body});
  return mail;
}

}  // namespace relance::report
