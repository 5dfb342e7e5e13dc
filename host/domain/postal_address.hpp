// A postal address as its country writes it: from its parts to lines, and from lines to what a post office
// would send back. Pure; a letter's window, a provider's fields and an import use the same lines.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relance::domain {

/// What stands where in an address, by the names that OpenStreetMap's geocoders use: house, house_number,
/// road, suburb, postcode, village, town, city, county, state, country, country_code and their synonyms. A
/// part that none of them knows (hotel, office) stands before the others, as a recipient does.
using AddressParts = std::map<std::string, std::string, std::less<>>;

/// Its lines, in the order and with the separators of `country_code` (ISO 3166-1, in any case); of a country
/// without rules of its own as most of them write. The country's name comes last where it is given. No line
/// is empty, none stands twice.
std::vector<std::string> address_lines(const AddressParts &parts);

/// A town and its postcode, which may be empty: "10115 Berlin", and in countries that write it so on two
/// lines, "London\nE1 6AN".
std::string place_lines(std::string_view postcode, std::string_view town, std::string_view country);

struct AddressFault {
  std::size_t line{0};  ///< from 1; 0: the whole
  std::string reason;   ///< and what to do
};

/// What is wrong with the lines of an envelope (recipient first; place last, or before the country's own
/// line). Empty: nothing that these rules know. Letters are counted, not bytes.
/// @see NF Z 10-011 (France: six lines of 38), DIN 5008 (Germany), UPU S42 for the others
std::vector<AddressFault> check_address(std::span<const std::string> lines, std::string_view country);

/// As the country's post wants them printed: in France the place in capitals without accents or punctuation,
/// elsewhere postcodes with their space or hyphen. Lines that are right already stay as they are. Posted in
/// another country
/// (`from`), the country's name is the last line, in capitals; without `from` it is left as it is.
std::vector<std::string> envelope_lines(std::span<const std::string> lines, std::string_view country,
                                        std::string_view from = {});

/// With the space or hyphen that its country writes; the text itself where it is none.
std::string written_postcode(std::string_view code, std::string_view country);

/// The most that an envelope of this country takes.
struct EnvelopeBounds {
  std::size_t lines{6}, columns{45};
};
EnvelopeBounds envelope_bounds(std::string_view country);

/// "MI" of "Milano"; the text itself where it is a code, empty where nobody knows it.
/// @see ISO 3166-2:IT
std::string_view italian_province(std::string_view name);

}  // namespace relance::domain
