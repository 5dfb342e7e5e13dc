// One message as values, and how it becomes the structs of the interface in guarded memory.
#ifndef RELANCE_CHECK_LETTER_HPP
#define RELANCE_CHECK_LETTER_HPP
#include "sdk/check/recording_host.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace relance::check {

struct LetterPart {
  std::string role, media_type, file_name, bytes;
};

struct Letter {
  std::string idempotency_key;
  std::string channel{"email"}, address{}, name{"Jos\xc3\xa9 Mart\xc3\xadn"}, country{"FR"}, language{"fr"};
  std::string organisation{}, given_name{"Jos\xc3\xa9"}, family_name{"Mart\xc3\xadn"};
  std::vector<std::string> postal_lines{};
  std::uint32_t flags{RELANCE_ADDR_CONSUMER};
  std::string sender_name{"Creditor SA"}, sender_address{"dunning@creditor.example"},
      reply_to{"care@creditor.example"};
  std::vector<std::string> sender_lines{"Creditor SA", "1 rue de la Paix", "75002 PARIS"};
  std::string service{"plain"}, subject{"Invoice 2026-0042 is due"};
  std::vector<LetterPart> parts{};
  std::vector<std::pair<std::string, std::string>> references{{"invoice", "2026-0042"}, {"case", "C-17"}};
  std::uint32_t attempt_number{1};
  std::int64_t dated_ms{1'789'000'000'000};
  std::int64_t not_after_in_ms{600'000};  ///< from the host's wall clock, when it is handed over
  std::int64_t valid_until_ms{0};
};

/// What a channel's messages look like.
[[nodiscard]] Letter letter_for(std::string_view channel);
/// Another key and another text, both from the numbers: the same numbers, the same bytes.
[[nodiscard]] Letter numbered(const Letter &letter, std::uint64_t seed, std::size_t number);

/// Places the message and all that it points to; seals the arena.
[[nodiscard]] const relance_message *place(const Letter &letter, relance_token token, std::int64_t wall_ms,
                                           Age age, Arena &arena);

/// A struct of the interface as a host of that age knows it: cut after its first release, or grown by bytes
/// that mean nothing to us.
template <class T>
T *place_aged(T value, std::size_t first_release, Age age, Arena &arena, const char *what) {
  struct Grown {
    T now;
    std::uint64_t later[8];
  } grown{};
  grown.now = value;
  for (auto &word : grown.later) word = 0xa5a5a5a5a5a5a5a5u;
  grown.now.size = static_cast<std::uint32_t>(age == Age::older   ? first_release
                                              : age == Age::newer ? sizeof grown
                                                                  : sizeof(T));
  return static_cast<T *>(arena.place(&grown, grown.now.size, what));
}

}  // namespace relance::check
#endif
