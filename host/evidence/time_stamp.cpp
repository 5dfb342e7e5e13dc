// OpenSSL encodes and decodes; the questions that a token must answer are asked here, one by one.
#include "host/evidence/time_stamp.hpp"

#include "host/base/id.hpp"
#include "host/evidence/openssl_handles.hpp"

#include <openssl/bn.h>

#include <ctime>

namespace relance::evidence {
namespace {

using RequestHandle = std::unique_ptr<TS_REQ, Frees<TS_REQ_free>>;
using ReplyHandle = std::unique_ptr<TS_RESP, Frees<TS_RESP_free>>;
using InfoHandle = std::unique_ptr<TS_TST_INFO, Frees<TS_TST_INFO_free>>;
using NumberHandle = std::unique_ptr<BIGNUM, Frees<BN_free>>;

constexpr std::size_t kNonceBytes{16};
/// Our clock and the authority's; more apart, one of them is wrong and a person must look.
constexpr Milliseconds kClocksApartMax{std::chrono::hours{1}};

std::string hex_of(const ASN1_INTEGER *number) {
  if (number == nullptr) return {};
  const NumberHandle value{ASN1_INTEGER_to_BN(number, nullptr)};
  char *text{BN_bn2hex(value.get())};
  std::string out{text};
  OPENSSL_free(text);
  for (auto &c : out)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

Result<Instant> instant_of(const ASN1_GENERALIZEDTIME *time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return invalid("the time-stamp has no time");
  return from_ms(static_cast<std::int64_t>(timegm(&parts)) * 1000);
}

bool is_over(TS_TST_INFO *info, const Sha256 &imprint) {
  auto *stated = TS_TST_INFO_get_msg_imprint(info);
  const ASN1_OBJECT *algorithm{nullptr};
  X509_ALGOR_get0(&algorithm, nullptr, nullptr, TS_MSG_IMPRINT_get_algo(stated));
  const auto *bytes = TS_MSG_IMPRINT_get_msg(stated);
  return OBJ_obj2nid(algorithm) == NID_sha256 &&
         as_bytes(imprint) == std::string_view{reinterpret_cast<const char *>(ASN1_STRING_get0_data(bytes)),
                                               static_cast<std::size_t>(ASN1_STRING_length(bytes))};
}

/// Why an authority refused, in its own words.
std::string refusal_of(TS_STATUS_INFO *status) {
  std::string words;
  const auto *texts = TS_STATUS_INFO_get0_text(status);
  for (int i{0}; i < sk_ASN1_UTF8STRING_num(texts); ++i) {
    const auto *text = sk_ASN1_UTF8STRING_value(texts, i);
    for (int at{0}; at < ASN1_STRING_length(text) && words.size() < 300; ++at) {
      const auto c = static_cast<char>(ASN1_STRING_get0_data(text)[at]);
      words += c >= ' ' && c <= '~' ? c : '?';
    }
  }
  return words.empty() ? "it gives no reason" : words;
}

}  // namespace

Result<StampRequest> make_stamp_request(const Sha256 &imprint) {
  StampRequest request{imprint, "1" + random_hex(kNonceBytes).substr(1), {}};  // no leading zero to lose
  BIGNUM *value{nullptr};
  BN_hex2bn(&value, request.nonce.c_str());
  const NumberHandle number{value};
  const std::unique_ptr<ASN1_INTEGER, Frees<ASN1_INTEGER_free>> nonce{BN_to_ASN1_INTEGER(value, nullptr)};
  const std::unique_ptr<X509_ALGOR, Frees<X509_ALGOR_free>> algorithm{X509_ALGOR_new()};
  const std::unique_ptr<TS_MSG_IMPRINT, Frees<TS_MSG_IMPRINT_free>> stated{TS_MSG_IMPRINT_new()};
  const RequestHandle made{TS_REQ_new()};
  auto bytes = imprint;
  if (!nonce || X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nullptr) != 1 ||
      TS_MSG_IMPRINT_set_algo(stated.get(), algorithm.get()) != 1 ||
      TS_MSG_IMPRINT_set_msg(stated.get(), bytes.data(), static_cast<int>(bytes.size())) != 1 ||
      TS_REQ_set_version(made.get(), 1) != 1 || TS_REQ_set_msg_imprint(made.get(), stated.get()) != 1 ||
      TS_REQ_set_nonce(made.get(), nonce.get()) != 1 || TS_REQ_set_cert_req(made.get(), 1) != 1)
    return internal("no time-stamp request can be made: " + openssl_error());
  request.der = der_of<i2d_TS_REQ>(made.get());
  return request;
}

Result<TimeStamp> read_token(std::string_view token, const Sha256 &imprint) {
  auto message = SignedMessage::read(token, std::nullopt);
  if (!message) return message.error();
  if (!message->is_time_stamp()) return invalid("the token is no time-stamp");
  const auto *at = reinterpret_cast<const unsigned char *>(message->content().data());
  const auto *const end = at + message->content().size();
  const InfoHandle info{d2i_TS_TST_INFO(nullptr, &at, static_cast<long>(message->content().size()))};
  if (!info || at != end) return invalid("the time-stamp cannot be read (" + openssl_error() + ")");
  if (!is_over(info.get(), imprint)) return invalid("the time-stamp is over other bytes");
  const auto time = instant_of(TS_TST_INFO_get_time(info.get()));
  if (!time) return time.error();
  auto authority = message->signer();
  return TimeStamp{*time, std::move(authority), hex_of(TS_TST_INFO_get_nonce(info.get())),
                   std::move(*message)};
}

Result<std::string> token_of_reply(std::string_view reply, const StampRequest &request, const Trust &trust,
                                   Instant now) {
  ERR_clear_error();
  const auto *at = reinterpret_cast<const unsigned char *>(reply.data());
  const auto *const end = at + reply.size();
  const ReplyHandle read{d2i_TS_RESP(nullptr, &at, static_cast<long>(reply.size()))};
  if (!read || at != end)
    return unavailable("the authority's reply is no time-stamp reply (" + openssl_error() + ")");
  auto *status = TS_RESP_get_status_info(read.get());
  const auto code = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
  auto *token = TS_RESP_get_token(read.get());
  if ((code != TS_STATUS_GRANTED && code != TS_STATUS_GRANTED_WITH_MODS) || token == nullptr)
    return unavailable("the authority refused: " + refusal_of(status));
  const auto der = der_of<i2d_PKCS7>(token);
  const auto stamp = read_token(der, request.imprint);
  if (!stamp) return unavailable(stamp.error().message);
  if (stamp->nonce != request.nonce)
    return unavailable("the time-stamp answers another request (its nonce is another)");
  if (std::chrono::abs(stamp->at - now) > kClocksApartMax)
    return unavailable("the authority says that it is " + format_instant(stamp->at) + ", this machine says " +
                       format_instant(now) + ": set the clock that is wrong");
  // Now, not at the moment that it states: a key whose certificate has ended may be anybody's.
  auto kept = stamp->message.without_idle_certificates(SignerRole::time_stamper, trust, now);
  if (!kept) return unavailable("the authority is not believed: " + kept.error().message);
  return kept;
}

}  // namespace relance::evidence
