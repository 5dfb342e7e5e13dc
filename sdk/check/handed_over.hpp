// Looking at what a plugin hands over: texts, sizes, receipts.
#ifndef RELANCE_CHECK_HANDED_OVER_HPP
#define RELANCE_CHECK_HANDED_OVER_HPP
#include "sdk/check/recording_host.hpp"

namespace relance::check {

constexpr std::size_t kTextMax{32u << 20};  ///< bytes of one relance_str; a longer one was never filled

[[nodiscard]] std::string copy(relance_str text, const char *where);
[[nodiscard]] std::string copy_text(relance_str text, const char *where);  ///< and it must be UTF-8
/// What a later release may give a meaning must mean nothing now.
void is_zero(std::uint32_t field, const char *name);
[[nodiscard]] bool has_size(std::uint32_t size, std::size_t least, const char *name);
[[nodiscard]] std::string meaning_of(const relance_parsed &parsed);

}  // namespace relance::check
#endif
