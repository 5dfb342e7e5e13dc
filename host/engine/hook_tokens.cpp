#include "host/engine/hook_tokens.hpp"

#include "host/store/store.hpp"

#include <relance/signature.hpp>

#include <charconv>
#include <sys/random.h>

namespace relance::engine {
namespace {

constexpr const char *kSecretSetting{"hook_secret"};
constexpr std::size_t kSecretBytes{32};

std::string setting_of(const std::string &provider) {
  return "hook_token:" + provider;  // "GENERATION FORMER_UNTIL_MS"
}

/// Hexadecimal, as a setting is text.
Result<std::string> new_secret() {
  sdk::Sha256::Digest bytes{};
  static_assert(sizeof bytes == kSecretBytes);
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return internal("the system gives no random bytes for the webhooks' secret");
  return sdk::to_hex(bytes);
}

}  // namespace

Result<void> HookTokens::open(store::Store &store) {
  auto kept = store.setting(kSecretSetting);
  if (!kept) return kept.error();
  if (kept->empty()) {
    auto made = new_secret();
    if (!made) return made.error();
    if (auto set = store.set_setting(kSecretSetting, *made); !set) return set;
    *kept = std::move(*made);
  }
  secret_ = std::move(*kept);
  return {};
}

std::string HookTokens::token_of(std::string_view provider, std::uint32_t generation) const {
  const auto digest =
      sdk::hmac_sha256(secret_, "webhook/" + std::to_string(generation) + "/" + std::string{provider});
  auto text = sdk::to_base64(sdk::to_view(digest)).substr(0, kHookTokenBytes);
  for (auto &c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

Result<void> HookTokens::add(store::Store &store, const std::string &provider) {
  {
    const std::scoped_lock lock{mutex_};
    if (tokens_.contains(provider)) return {};
  }
  const auto kept = store.setting(setting_of(provider));
  if (!kept) return kept.error();
  HookToken token;
  std::int64_t until_ms{0};
  const auto *const end = kept->data() + kept->size();
  if (const auto read = std::from_chars(kept->data(), end, token.generation);
      read.ptr != end && *read.ptr == ' ')
    std::from_chars(read.ptr + 1, end, until_ms);
  token.current = token_of(provider, token.generation);
  if (token.generation > 0) {
    token.former = token_of(provider, token.generation - 1);
    token.former_until = from_ms(until_ms);
  }
  const std::scoped_lock lock{mutex_};
  tokens_.emplace(provider, std::move(token));
  return {};
}

Result<void> HookTokens::rotate(store::Store &store, const std::string &provider, Instant former_until) {
  auto next = of(provider);
  if (next.current.empty()) return not_found("there is no provider " + provider);
  ++next.generation;
  next.former = std::exchange(next.current, token_of(provider, next.generation));
  next.former_until = former_until;
  if (auto set = store.set_setting(
          setting_of(provider), std::to_string(next.generation) + " " + std::to_string(to_ms(former_until)));
      !set)
    return set;
  const std::scoped_lock lock{mutex_};
  tokens_[provider] = std::move(next);
  return {};
}

HookToken HookTokens::of(const std::string &provider) const {
  const std::scoped_lock lock{mutex_};
  const auto found = tokens_.find(provider);
  return found == tokens_.end() ? HookToken{} : found->second;
}

bool HookTokens::is_right(std::string_view provider, std::string_view token, Instant wall) const {
  static const std::string kNone(kHookTokenBytes, '-');
  const std::scoped_lock lock{mutex_};
  const auto found = tokens_.find(provider);
  const bool is_known{found != tokens_.end()};
  const auto &current = is_known ? found->second.current : kNone;
  const bool has_former{is_known && !found->second.former.empty() && wall < found->second.former_until};
  const auto &former = has_former ? found->second.former : kNone;
  const bool is_current{sdk::is_same_secret(token, current)}, is_former{sdk::is_same_secret(token, former)};
  return is_known && (is_current || (is_former && has_former));
}

}  // namespace relance::engine
