// Messages with a letter in them, for tests of the postal drivers.
#pragma once

#include <relance/testkit.hpp>

#include <string>

namespace relance::test {

inline std::string pdf_of(int pages, std::size_t bytes_min = 0) {
  std::string text{
      "%PDF-1.5\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Count 1>> endobj\n"};
  for (int i{0}; i < pages; ++i)
    text += std::to_string(i + 3) + " 0 obj <</Type /Page /Parent 2 0 R>> endobj\n";
  if (text.size() < bytes_min) text.append(bytes_min - text.size(), '%');
  return text += "\n%%EOF\n";
}

inline testkit::TestMessage letter_of(std::string key, std::string service = "plain",
                                      std::string pdf = pdf_of(1)) {
  testkit::TestMessage message;
  message.channel = "postal";
  message.idempotency_key = std::move(key);
  message.postal_lines = {"Camille Martin", "12 rue de la Paix", "75002 Paris", "FR"};
  message.service = std::move(service);
  message.parts = {{.bytes = "Bonjour"},
                   {.role = "letter",
                    .media_type = "application/pdf",
                    .file_name = "letter.pdf",
                    .bytes = std::move(pdf)}};
  return message;
}

/// 26 characters, as the host makes them.
inline std::string key_of(int number) {
  auto text = std::to_string(number);
  return "01JD3POSTAL0000" + std::string(11 - text.size(), '0') + text;
}

}  // namespace relance::test
