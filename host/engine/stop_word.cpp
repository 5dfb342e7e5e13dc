#include "host/engine/stop_word.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace relance::engine {
namespace {

constexpr std::size_t kWordsMax{2};
constexpr std::string_view kBetweenWords{" \t\r\n.,!\"'"};
constexpr std::array<std::string_view, 12> kStopWords{"STOP",     "STOPP",       "STOPALL",  "ARRET",
                                                      "ARRÊT",    "UNSUBSCRIBE", "CANCEL",   "QUIT",
                                                      "ABMELDEN", "BAJA",        "AFMELDEN", "UITSCHRIJVEN"};

/// Of ASCII, and of the one letter beside it that such a word has.
std::string upper(std::string_view word) {
  std::string out{word};
  for (auto &c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  if (const auto at = out.find("ê"); at != out.npos) out.replace(at, std::string_view{"ê"}.size(), "Ê");
  return out;
}

}  // namespace

bool asks_to_stop(std::string_view text) {
  std::vector<std::string> words;
  while (words.size() <= kWordsMax) {
    text.remove_prefix(std::min(text.find_first_not_of(kBetweenWords), text.size()));
    if (text.empty()) break;
    const auto word = text.substr(0, text.find_first_of(kBetweenWords));
    words.push_back(upper(word));
    text.remove_prefix(word.size());
  }
  return !words.empty() && words.size() <= kWordsMax &&
         std::ranges::find(kStopWords, words.front()) != kStopWords.end();
}

}  // namespace relance::engine
