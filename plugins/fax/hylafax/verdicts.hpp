// From the fax server's words about a job to the host's about a fax. A job is told as raw JSON first and read
// later, so that a better reading can be made of what is stored.
#pragma once

#include "plugins/protocol/hylafax/job.hpp"

#include <relance/parsed.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace relance::fax::hylafax {

/// What a fax is known by: the job's number, which the server gives out again after 32,000 jobs, with our own
/// key, which tells whether it is still that job.
struct Reference {
  std::string job{}, key{};
  [[nodiscard]] std::string text() const { return job + "/" + key; }
};
[[nodiscard]] std::optional<Reference> read_reference(std::string_view text);
/// 26 to 36 characters of [0-9A-Za-z-].
[[nodiscard]] bool is_key(std::string_view text);

/// What is stored, and its name: another one whenever something has happened.
[[nodiscard]] sdk::Inbound to_inbound(const relance::hylafax::Job &job);
[[nodiscard]] sdk::Parsed read_inbound(std::string_view bytes);

/// One line of printable characters: it goes into the journal.
[[nodiscard]] std::string words_of(std::string_view status);

/// The job was taken back by us, or by somebody at the fax server.
[[nodiscard]] bool is_cancelled(const relance::hylafax::Job &job);
/// What a job that the server's scheduler refused says of the fax.
[[nodiscard]] sdk::Outcome refusal(const relance::hylafax::Job &job);

}  // namespace relance::fax::hylafax
