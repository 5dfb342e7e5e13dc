#include "tests/protocol/mime_reading.hpp"

#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>
#include <gmime/gmime.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

namespace relance::mime::test {
namespace {

std::string text_or_empty(const char *text) {
  return text == nullptr ? std::string{} : std::string{text};
}

void collect(GMimeObject *, GMimeObject *object, gpointer into) {
  if (!GMIME_IS_PART(object)) return;
  auto *part = GMIME_PART(object);
  auto *stream = g_mime_stream_mem_new();
  g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(part), stream);
  const auto *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
  auto *type = g_mime_object_get_content_type(object);
  ReadPart read{text_or_empty(g_mime_content_type_get_media_type(type)) + "/" +
                    text_or_empty(g_mime_content_type_get_media_subtype(type)),
                text_or_empty(g_mime_part_get_filename(part)),
                std::string{reinterpret_cast<const char *>(bytes->data), bytes->len}};
  static_cast<ReadMessage *>(into)->parts.push_back(std::move(read));
  g_object_unref(stream);
}

std::string addresses(InternetAddressList *list) {
  if (list == nullptr) return {};
  auto *text = internet_address_list_to_string(list, nullptr, FALSE);
  const auto copy = text_or_empty(text);
  g_free(text);
  return copy;
}

}  // namespace

ReadMessage read_with_gmime(const std::string &bytes) {
  g_mime_init();
  auto *stream = g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size());
  auto *parser = g_mime_parser_new_with_stream(stream);
  auto *message = g_mime_parser_construct_message(parser, nullptr);
  if (message == nullptr) throw std::runtime_error{"GMime reads no message"};
  ReadMessage read;
  read.subject = text_or_empty(g_mime_message_get_subject(message));
  read.from = addresses(g_mime_message_get_from(message));
  read.to = addresses(g_mime_message_get_to(message));
  read.reply_to = addresses(g_mime_message_get_reply_to(message));
  read.message_id = text_or_empty(g_mime_message_get_message_id(message));
  auto *date = g_mime_message_get_date(message);
  if (date != nullptr) {
    auto *text = g_date_time_format_iso8601(date);
    read.date = text_or_empty(text);
    g_free(text);
  }
  g_mime_message_foreach(message, collect, &read);
  g_object_unref(message);
  g_object_unref(parser);
  g_object_unref(stream);
  return read;
}

ReadMessage read_with_python(const std::string &bytes) {
  const auto folder = std::filesystem::temp_directory_path();
  const auto file = folder / ("mime_build_test." + std::to_string(::getpid()) + ".eml");
  std::ofstream{file, std::ios::binary} << bytes;
  const auto script = relance::test::source_dir() / "tests/protocol/mime_read.py";
  const auto command = "python3 '" + script.string() + "' < '" + file.string() + "'";
  auto *pipe = ::popen(command.c_str(), "r");
  BOOST_REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> buffer{};
  for (auto count = std::fread(buffer.data(), 1, buffer.size(), pipe); count > 0;
       count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), count);
  }
  BOOST_REQUIRE_EQUAL(::pclose(pipe), 0);
  std::filesystem::remove(file);

  std::vector<std::string> fields;
  std::size_t begin{0};
  while (begin < output.size()) {
    const auto end = output.find('\n', begin);
    std::string field;
    for (auto at = begin + 1; at + 1 < end; at += 2) {
      field += static_cast<char>(std::stoi(output.substr(at, 2), nullptr, 16));
    }
    fields.push_back(std::move(field));
    begin = end + 1;
  }
  BOOST_REQUIRE_GE(fields.size(), 6u);
  ReadMessage read{fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], {}};
  // Python gives text with LF, GMime as it was written.
  for (std::size_t at{6}; at + 2 < fields.size(); at += 3) {
    if (fields[at].starts_with("text/") && fields[at + 2].find('\r') == std::string::npos) {
      for (auto end = fields[at + 2].find('\n'); end != std::string::npos;
           end = fields[at + 2].find('\n', end + 2)) {
        fields[at + 2].insert(end, 1, '\r');
      }
    }
  }
  for (std::size_t at{6}; at + 2 < fields.size(); at += 3)
    read.parts.push_back({fields[at], fields[at + 1], fields[at + 2]});
  return read;
}

std::string broken_line_rule(const std::string &bytes, std::size_t longest_line) {
  std::size_t begin{0};
  bool is_header{true};
  while (begin < bytes.size()) {
    const auto end = bytes.find("\r\n", begin);
    if (end == std::string::npos) return "the last line has no CR LF";
    const auto line = bytes.substr(begin, end - begin);
    if (line.find_first_of("\r\n") != std::string::npos) return "a bare CR or LF: " + line;
    if (line.size() > longest_line) return "too long: " + line;
    if (is_header && line.find_first_not_of(" \t") == std::string::npos && !line.empty())
      return "a blank header line";
    for (const char character : line) {
      if (static_cast<unsigned char>(character) >= 0x80 || character == '\0') return "not 7 bit: " + line;
    }
    is_header = is_header && !line.empty();
    begin = end + 2;
  }
  return {};
}

}  // namespace relance::mime::test
