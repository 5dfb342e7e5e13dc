#include "plugins/protocol/report/address.hpp"

#include "plugins/protocol/report/ascii.hpp"
#include "plugins/protocol/report/field.hpp"

#include <algorithm>

namespace relance::report {
namespace {

// RFC 5321 §4.5.3.1 gives 64 and 255; bounces quote longer ones (VERP within VERP).
constexpr std::size_t kLocalBytesMax = 256;
constexpr std::size_t kDomainBytesMax = 255;

bool is_atext(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~.";
  return is_alnum(c) || kOthers.find(c) != std::string_view::npos;
}

bool is_domain_char(char c) {
  return is_alnum(c) || c == '.' || c == '-' || c == '_';
}

/// Where the local part that ends before `at` begins.
std::size_t local_begin(std::string_view text, std::size_t at) {
  const std::size_t least = at > kLocalBytesMax ? at - kLocalBytesMax : 0;
  if (at > 0 && text[at - 1] == '"') {
    for (std::size_t i = at - 1; i > least; --i) {
      if (text[i - 1] == '\n') break;
      if (text[i - 1] == '"') return i - 1;
    }
    return at;
  }
  std::size_t begin = at;
  while (begin > least && is_atext(text[begin - 1])) --begin;
  // Punctuation of the sentence around it.
  constexpr std::string_view kOutside = "'*`|/=-.";
  while (begin < at && kOutside.find(text[begin]) != std::string_view::npos) ++begin;
  // "rcpt=someone@…", "to=someone@…"
  const auto equals = text.substr(begin, at - begin).find('=');
  if (equals != std::string_view::npos) {
    const auto key = lower(text.substr(begin, equals));
    if (key == "to" || key == "rcpt" || key == "recipient" || key == "addr" || key == "orcpt" ||
        key == "email")
      begin += equals + 1;
  }
  return begin;
}

/// Where the domain that begins at `at` ends.
std::size_t domain_end(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (end < text.size() && text[end] == '[') {
    const auto close = text.substr(end, 60).find(']');
    return close == std::string_view::npos ? at : end + close + 1;
  }
  while (end < text.size() && end - at < kDomainBytesMax && is_domain_char(text[end])) ++end;
  while (end > at && (text[end - 1] == '.' || text[end - 1] == '-' || text[end - 1] == '_')) --end;
  return end;
}

/// "<…@…>" around `at`, for the addresses that plain atext cannot hold (spaces, UTF-8).
bool take_bracketed(std::string_view text, std::size_t at, FoundAddress &found) {
  const std::size_t least = at > kLocalBytesMax ? at - kLocalBytesMax : 0;
  std::size_t open = at;
  while (open > least && text[open - 1] != '<' && text[open - 1] != '>' && text[open - 1] != '\n') --open;
  if (open == 0 || text[open - 1] != '<') return false;
  const auto close = text.substr(at, kDomainBytesMax).find_first_of("<>\n ");
  if (close == std::string_view::npos || text[at + close] != '>') return false;
  found.address = address_of(text.substr(open, at + close - open));
  found.begin = open - 1;
  found.end = at + close + 1;
  found.is_bracketed = true;
  return !found.address.empty();
}

}  // namespace

std::vector<FoundAddress> find_addresses(std::string_view text, std::size_t most) {
  std::vector<FoundAddress> all;
  std::size_t after = 0;
  for (std::size_t at = text.find('@'); at != std::string_view::npos && all.size() < most;
       at = text.find('@', at + 1)) {
    if (at < after) continue;
    FoundAddress found;
    if (!take_bracketed(text, at, found)) {
      found.begin = local_begin(text, at);
      found.end = domain_end(text, at + 1);
      const auto domain = text.substr(at + 1, found.end - at - 1);
      const bool is_whole = found.begin < at && found.begin >= after && found.end > at + 1 &&
                            (domain[0] == '[' || domain.find('.') != std::string_view::npos);
      if (!is_whole) continue;
      found.address = std::string(text.substr(found.begin, found.end - found.begin));
    }
    after = found.end;
    all.push_back(std::move(found));
  }
  return all;
}

std::string address_of(std::string_view value) {
  std::string text = without_comments(value);
  std::string_view address = text;
  const auto open = address.find('<');
  if (open != std::string_view::npos) {
    const auto close = address.find('>', open);
    address = address.substr(open + 1, close == std::string_view::npos ? close : close - open - 1);
  }
  address = trim(address);
  for (const std::string_view prefix : {"mailto:", "smtp:", "rfc822;", "rfc822:", "rfc822="})
    if (starts_with_ignoring_case(address, prefix)) address = trim(address.substr(prefix.size()));
  // "@relay,@other:someone@example.org": RFC 5321 appendix C, the route is ignored.
  if (!address.empty() && address[0] == '@') {
    const auto colon = address.find(':');
    if (colon == std::string_view::npos) return {};
    address.remove_prefix(colon + 1);
  }
  while (!address.empty() && (address.front() == '\'' || address.front() == '|')) address.remove_prefix(1);
  while (!address.empty() && (address.back() == '\'' || address.back() == '.' || address.back() == ','))
    address.remove_suffix(1);
  return is_address(address) ? std::string(address) : std::string{};
}

bool is_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 >= text.size()) return false;
  if (at > kLocalBytesMax || text.size() - at > kDomainBytesMax) return false;
  const bool is_quoted = text[0] == '"' && text[at - 1] == '"';
  return std::none_of(text.begin(), text.end(), [is_quoted](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F ||
           (!is_quoted && (c == ' ' || c == ',' || c == ';'));
  });
}

bool same_address(std::string_view a, std::string_view b) {
  return equals_ignoring_case(a, b);
}

std::string_view local_part(std::string_view address) {
  return address.substr(0, address.rfind('@'));
}

std::string_view domain_part(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

}  // namespace relance::report
