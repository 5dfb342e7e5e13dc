// Mail addresses inside running text. RFC 5322 says how an address may look; text says where one begins and
// ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relance::report {

struct FoundAddress {
  std::string address;
  std::size_t begin{0};  ///< in the searched text, brackets included
  std::size_t end{0};
  bool is_bracketed{false};
};

/// In order of appearance; at most `most`.
std::vector<FoundAddress> find_addresses(std::string_view text, std::size_t most);

/// The address that a field's value names: brackets, quotes, "mailto:", source routes and comments taken
/// away. Empty when the value is no address.
std::string address_of(std::string_view value);

/// Looks like local@domain.
bool is_address(std::string_view text);

bool same_address(std::string_view a, std::string_view b);

std::string_view local_part(std::string_view address);
std::string_view domain_part(std::string_view address);

}  // namespace relance::report
