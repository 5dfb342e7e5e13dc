// Pingen's words (JSON:API): how a letter is described to it, what its states, its letters' events and its
// webhooks become. Types and codes that appear unannounced are interim.
#pragma once

#include "plugins/postal/letter.hpp"
#include "plugins/postal/pingen/settings.hpp"
#include "plugins/postal/states.hpp"

#include <relance/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace relance::postal::pingen {

/// Pingen's own bound of 8 MB; what its window shows.
inline constexpr LetterLimits kLimits{.bytes_max = 8'000'000, .lines_max = 6, .line_characters_max = 50};

/// delivery_product; empty: this instance has no such service.
[[nodiscard]] std::string product_for(const Settings &settings, std::string_view service);
/// What the file is called there: with our key, by which a letter is found again.
[[nodiscard]] std::string file_name(std::string_view key);
/// Our key in such a name; empty: none.
[[nodiscard]] std::string key_in(std::string_view file_name);

[[nodiscard]] std::string letter_json(const Settings &settings, const sdk::Message &message,
                                      const std::string &file_url, const std::string &signature);
[[nodiscard]] std::string send_json(const Settings &settings, const std::string &id,
                                    const std::string &product);

[[nodiscard]] Meaning meaning_of_state(std::string_view state);
/// Whether a letter was released, by its record's attributes. Pingen publishes no complete list of states:
/// one that is not known here, without a date of submission, may be either.
enum class Standing : std::uint8_t { untold, draft, refused, released, unclear };
[[nodiscard]] Standing standing_of(const sdk::Json &attributes);

/// A webhook's body: which letter, what. Nothing: no news of a letter.
[[nodiscard]] std::optional<sdk::Receipt> read_news(std::string_view body);
/// A letter's own record: {"data": {…}} of GET /letters/ID, or an item of a list.
[[nodiscard]] std::optional<sdk::Receipt> read_letter_record(const sdk::Json &item);

}  // namespace relance::postal::pingen
