// A proof to be fetched, on its way to a plugin and back: as values, as the C structs of relance/evidence.h,
// and as frames to and from a child.
#pragma once

#include "host/channel/frame.hpp"
#include "host/channel/provider.hpp"

#include <relance/evidence.h>

#include <optional>
#include <string_view>

namespace relance::channel {

/// A wish with its C face, which borrows from it.
struct EvidenceCall {
  explicit EvidenceCall(EvidenceWish w);
  EvidenceCall(const EvidenceCall &) = delete;
  EvidenceCall &operator=(const EvidenceCall &) = delete;
  const EvidenceWish wish;
  relance_evidence_fetch c{};
};
Fetched to_fetched(const relance_evidence_fetched &end);

void encode(FrameWriter &w, const EvidenceWish &wish);
std::optional<EvidenceWish> decode_wish(std::string_view payload);
/// A document that is larger than a frame may be is gone for us, and a person is told why.
void encode(FrameWriter &w, const Fetched &fetched);
std::optional<Fetched> decode_fetched(std::string_view payload);

}  // namespace relance::channel
