// A webhook on its way to the plugin and the verdict back: as values, as the C structs of
// relance/abi/webhook.h, and as frames to and from a child. What the plugin wants to answer is held to what
// may stand in an HTTP response before anybody else sees it.
#pragma once

#include "host/channel/frame.hpp"
#include "host/channel/provider.hpp"
#include "host/channel/sealed_bytes.hpp"

#include <relance/plugin.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace relance::channel {

/// A request with its C face, which borrows from what it keeps.
struct AuthenticateCall {
  AuthenticateCall() = default;
  AuthenticateCall(Token t, std::shared_ptr<const WebhookRequest> request);
  AuthenticateCall(const AuthenticateCall &) = delete;
  AuthenticateCall &operator=(const AuthenticateCall &) = delete;

  Token token{0};
  std::vector<relance_kv> headers;
  relance_http_request c{};
  std::shared_ptr<const void> keeps, keeps_body;
};

/// What a provider may be made to hear.
inline constexpr std::size_t kAnswerBodyMax{64u << 10};
inline constexpr std::size_t kAnswerHeadersMax{16};

/// Nothing: no HTTP response. A header that may not stand in one, or that is the listener's own, is left out.
std::optional<WebhookAnswer> to_answer(const relance_http_response &response);
/// What no host knows is forged.
Verdict to_verdict(std::uint32_t verdict);

/// False: nothing was written, as no frame can hold it.
bool encode_authenticate(FrameWriter &w, Token token, const WebhookRequest &request);
using TakeSealedBody = std::function<std::optional<SealedBytes>(std::uint64_t size)>;
/// Null: not of its form.
std::shared_ptr<const AuthenticateCall> decode_authenticate(const Frame &frame,
                                                            const TakeSealedBody &take_sealed);

void encode(FrameWriter &w, const Judgement &judgement);
std::optional<Judgement> decode_judgement(std::string_view payload);

}  // namespace relance::channel
