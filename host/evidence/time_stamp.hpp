// An authority's word that bytes of this hash existed at a moment: asking for it, and reading it, also years
// later.
// @see RFC 3161, RFC 5816
#pragma once

#include "host/evidence/signed_message.hpp"

namespace relance::evidence {

struct StampRequest {
  Sha256 imprint{};
  std::string nonce;  ///< hexadecimal
  std::string der;
};
/// With a fresh nonce, asking for the authority's certificate.
Result<StampRequest> make_stamp_request(const Sha256 &imprint);

struct TimeStamp {
  Instant at{};
  std::string authority, nonce;
  SignedMessage message;
};
/// The token's own statements, once its signature is right and it is over these bytes.
Result<TimeStamp> read_token(std::string_view token, const Sha256 &imprint);

/// The token of an authority's reply, when it answers this request, now, in the name of a trusted
/// certificate.
Result<std::string> token_of_reply(std::string_view reply, const StampRequest &request, const Trust &trust,
                                   Instant now);

}  // namespace relance::evidence
