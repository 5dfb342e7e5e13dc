// Requests that claim to be the provider's.
#include "sdk/check/test.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace relance::check {
namespace {

constexpr double kAuthenticateMax{5.0};  ///< ms
constexpr std::size_t kFlipsMax{400};

std::string hex(const std::string &bytes) {
  static constexpr char kDigits[]{"0123456789abcdef"};
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string base64(const std::string &bytes) {
  std::string text(bytes.size() * 4 / 3 + 8, '\0');
  const int length{EVP_EncodeBlock(reinterpret_cast<unsigned char *>(text.data()),
                                   reinterpret_cast<const unsigned char *>(bytes.data()),
                                   static_cast<int>(bytes.size()))};
  text.resize(static_cast<std::size_t>(length));
  return text;
}

void fill_in(std::string &text, std::string_view what, std::string_view by) {
  for (std::size_t at{0}; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
}

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The sample's headers with a signature made at that time.
Headers signed_headers(const WebhookSample &sample, std::int64_t unix_s) {
  auto headers = sample.headers;
  const auto &s = sample.signature;
  if (s.algorithm.empty()) return headers;
  const auto stamp = std::to_string(unix_s);
  const auto fill = [&](std::string text, const std::string &mac) {
    fill_in(text, "${timestamp}", stamp);
    fill_in(text, "${hex}", hex(mac));
    fill_in(text, "${base64}", base64(mac));
    fill_in(text, "${url}", sample.url);
    fill_in(text, "${method}", sample.method);
    fill_in(text, "${body}", sample.body);
    return text;
  };
  const auto over = fill(s.over.empty() ? "${body}" : s.over, "");
  const EVP_MD *const digest{s.algorithm == "hmac-sha1"     ? EVP_sha1()
                             : s.algorithm == "hmac-sha512" ? EVP_sha512()
                                                            : EVP_sha256()};
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int length{0};
  HMAC(digest, s.key.data(), static_cast<int>(s.key.size()),
       reinterpret_cast<const unsigned char *>(over.data()), over.size(), mac, &length);
  headers.emplace_back(s.header,
                       fill(s.value.empty() ? "${hex}" : s.value, {reinterpret_cast<char *>(mac), length}));
  if (!s.timestamp_header.empty()) headers.emplace_back(s.timestamp_header, stamp);
  return headers;
}

const WebhookSample &sample_of(const Bench &bench) {
  if (!bench.profile.webhook) skip("the profile has no \"webhook\"");
  return *bench.profile.webhook;
}

void finish_webhook(Subject &subject) {
  subject.stop();
  if (!subject.wait_for_ends(stop_grace())) subject.host().end_the_rest();
}

std::unique_ptr<Subject> with_webhooks(Bench &bench) {
  auto subject = bench.started();
  if ((subject->capabilities() & RELANCE_CAP_WEBHOOK) == 0)
    skip("this instance has no webhook, by its traits");
  return subject;
}

}  // namespace

void webhook_genuine(Bench &bench) {
  const auto &sample = sample_of(bench);
  auto subject = with_webhooks(bench);
  for (int i{0}; i < 2; ++i) {
    const auto verdict = subject->authenticate(
        sample.method, sample.url, signed_headers(sample, subject->host().wall_ms() / 1'000), sample.body);
    if (verdict != RELANCE_AUTH_GENUINE && verdict != RELANCE_AUTH_POKE)
      finding("the provider's own request (the profile's sample) was judged as " + std::to_string(verdict),
              "correct the signature's check, or the sample: its URL, key, algorithm and what it is over",
              "relance_plugin.authenticate");
    if (verdict == RELANCE_AUTH_POKE)
      note("webhooks are judged as POKE: nothing of their content is believed");
  }
  finish_webhook(*subject);
}

void webhook_forgery(Bench &bench) {
  auto subject = with_webhooks(bench);
  const auto forged = [&](const std::string &what, const std::string &method, const std::string &url,
                          const Headers &headers, const std::string &body) {
    if (subject->authenticate(method, url, headers, body) == RELANCE_AUTH_GENUINE)
      finding("GENUINE although " + what,
              "compute the signature over what the provider signs, compare it whole and in constant time, "
              "and say FORGED for "
              "everything else, a missing header too",
              "relance_plugin.authenticate");
  };
  const std::string url{"https://hooks.relance.test/in"};
  forged("the request is empty", "", "", {}, "");
  forged("nothing is signed", "POST", url, {{"content-type", "application/json"}}, "{}");
  for (const auto *name : {"authorization", "x-signature", "signature", "x-hub-signature-256", "x-token"})
    for (const auto *value : {"", "0", "none", "sha256=", "Bearer ", "=",
                              "0000000000000000000000000000000000000000000000000000000000000000"})
      forged(std::string("the header ") + name + " is \"" + value + "\"", "POST", url, {{name, value}}, "{}");
  if (bench.profile.webhook && !bench.profile.webhook->signature.algorithm.empty()) {
    const auto &sample = *bench.profile.webhook;
    const auto now = subject->host().wall_ms() / 1'000;
    const auto headers = signed_headers(sample, now);
    if (subject->authenticate(sample.method, sample.url, headers, sample.body) != RELANCE_AUTH_GENUINE)
      skip("the sample itself is not GENUINE (see webhook.genuine)");
    const auto stride = std::max<std::size_t>(1, sample.body.size() * 8 / kFlipsMax);
    for (std::size_t bit{0}; bit < sample.body.size() * 8; bit += stride) {
      auto body = sample.body;
      body[bit / 8] = static_cast<char>(body[bit / 8] ^ (1 << (bit % 8)));
      forged("bit " + std::to_string(bit) + " of the body was changed", sample.method, sample.url, headers,
             body);
    }
    forged("the body was cut", sample.method, sample.url, headers,
           sample.body.substr(0, sample.body.size() / 2));
    forged("the body is empty", sample.method, sample.url, headers, "");
    forged("something follows the body", sample.method, sample.url, headers, sample.body + " ");
    forged("no header came", sample.method, sample.url, {}, sample.body);
    const auto &name = sample.signature.header;
    for (std::size_t i{0}; i < headers.size(); ++i) {
      if (headers[i].first != name) continue;
      auto changed = headers;
      changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
      forged("the signature's header is missing", sample.method, sample.url, changed, sample.body);
      for (std::size_t length{0}; length < headers[i].second.size(); ++length) {
        changed = headers;
        changed[i].second.resize(length);
        forged("only " + std::to_string(length) + " characters of the signature came", sample.method,
               sample.url, changed, sample.body);
      }
      for (std::size_t at{0}; at < headers[i].second.size(); ++at) {
        changed = headers;
        changed[i].second[at] = changed[i].second[at] == '0' ? '1' : '0';
        forged("character " + std::to_string(at) + " of the signature was changed", sample.method, sample.url,
               changed, sample.body);
      }
      auto other = sample;
      other.signature.key += "x";
      forged("it was signed with another key", sample.method, sample.url, signed_headers(other, now),
             sample.body);
      other.signature.key = "";
      forged("it was signed with an empty key", sample.method, sample.url, signed_headers(other, now),
             sample.body);
    }
  } else {
    note("the profile has no signed webhook: only unsigned requests were tried");
  }
  finish_webhook(*subject);
}

void webhook_replay(Bench &bench) {
  const auto &sample = sample_of(bench);
  if (sample.replay_window_s == 0)
    skip("the profile has no \"replay_window_s\": this provider signs no time");
  auto subject = with_webhooks(bench);
  const auto now = subject->host().wall_ms() / 1'000;
  for (const auto age : {sample.replay_window_s * 2 + 60, std::int64_t{86'400}, std::int64_t{365} * 86'400,
                         -sample.replay_window_s * 2 - 3'600})
    if (subject->authenticate(sample.method, sample.url, signed_headers(sample, now - age), sample.body) ==
        RELANCE_AUTH_GENUINE)
      finding("a request signed " + std::to_string(age) + " s ago was judged as GENUINE",
              "refuse a signed time further than " + std::to_string(sample.replay_window_s) +
                  " s from host->wall_ms()",
              "relance_plugin.authenticate");
  // The clock that counts is the wall clock.
  subject->host().shift_business(std::int64_t{3'650} * 86'400'000);
  if (subject->authenticate(sample.method, sample.url, signed_headers(sample, now), sample.body) !=
      RELANCE_AUTH_GENUINE)
    finding("a fresh request was refused when the business clock was ten years ahead",
            "signatures are of host->wall_ms()", "relance_host.wall_ms");
  finish_webhook(*subject);
}

void webhook_prompt(Bench &bench) {
  auto subject = with_webhooks(bench);
  subject->pump_for(Milliseconds(50));
  bench.simulator().forget();
  WebhookSample sample;
  sample.method = "POST";
  sample.url = "https://hooks.relance.test/in";
  if (bench.profile.webhook) sample = *bench.profile.webhook;
  for (int i{0}; i < 30; ++i)
    subject->authenticate(sample.method, sample.url,
                          signed_headers(sample, subject->host().wall_ms() / 1'000),
                          i % 2 == 0 ? sample.body : std::string(1u << 20, 'x'));
  auto times = subject->durations().at("authenticate");
  std::sort(times.begin(), times.end());
  if (times[times.size() / 4] > kAuthenticateMax)
    finding("authenticate() took " + std::to_string(times[times.size() / 4]) + " ms",
            "at most 5 ms: compute the signature, ask "
            "nobody, keep keys ready",
            "relance_plugin.authenticate");
  subject->pump_for(Milliseconds(100));
  if (bench.simulator().connections() != 0)
    finding("authenticate() asked the network", "it is pure: fetch keys beforehand, in start() or wake()",
            "relance_plugin.authenticate");
  finish_webhook(*subject);
}

}  // namespace relance::check
