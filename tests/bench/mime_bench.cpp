// How many reminders a second our builder makes, beside mime_peer.js in the same run (figures.py, "mime").
// Usage: mime_bench TEXT HTML PDF: files, PDF may be "-". Each line read on standard input is a number of
// milliseconds to build for; each answer is one line, the messages built a second.
#include "plugins/protocol/mime/mime.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
/// Clock readings are no part of the work.
constexpr int kBetweenLooks{50};

std::string read_file(const char *path) {
  if (std::string_view{path} == "-") return {};
  std::ostringstream text;
  text << std::ifstream{path, std::ios::binary}.rdbuf();
  return text.str();
}

}  // namespace

int main(int count, char **words) {
  if (count != 4) {
    std::fputs("usage: mime_bench TEXT HTML PDF\n", stderr);
    return 2;
  }
  using namespace relance;
  const auto text = read_file(words[1]);
  const auto html = read_file(words[2]);
  const auto pdf = read_file(words[3]);
  const std::array<mime::Address, 1> to{{{"Élodie Durand, comptabilité", "elodie.durand@debtor.example"}}};
  const std::array<mime::Attachment, 1> attachments{{{"application/pdf", "Relevé 2026-0042.pdf", pdf}}};
  mime::Message message;
  message.from = {"Créancier SA", "compta@creditor.example"};
  message.to = to;
  message.reply_to = {{}, "compta@creditor.example"};
  message.subject = "Facture 2026-0042 échue depuis 15 jours – merci de vérifier votre règlement";
  message.date_unix_s = 1'767'225'600;
  message.message_id = "01KAMRZXEY0000000000000001@creditor.example";
  message.text = text;
  message.html = html;
  if (!pdf.empty()) message.attachments = attachments;
  if (mime::build(message).has_error()) {
    std::fputs("mime_bench: the message is refused\n", stderr);
    return 1;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::milliseconds{std::stol(line)};
    std::size_t built{0};
    std::size_t bytes{0};
    auto now = begin;
    while (now < end) {
      for (int number{0}; number < kBetweenLooks; ++number) bytes += mime::build(message)->bytes.size();
      built += kBetweenLooks;
      now = Clock::now();
    }
    std::printf("%.1f %zu\n", static_cast<double>(built) / std::chrono::duration<double>(now - begin).count(),
                bytes / built);
    std::fflush(stdout);
  }
  return 0;
}
