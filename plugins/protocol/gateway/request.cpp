#include "plugins/protocol/gateway/request.hpp"

#include "plugins/protocol/gateway/url.hpp"

#include <algorithm>

namespace relance::gateway {
namespace {

struct Filler {
  const Variables &variables;
  std::string missing{};

  std::optional<std::string> operator()(const std::string &pattern,
                                        Template::Escape escape = Template::Escape::none) {
    auto filled = Template{pattern}.fill(variables, escape);
    if (!filled.missing.empty()) missing = filled.missing;
    if (filled.is_left_out) return std::nullopt;
    return std::move(filled.text);
  }
  Parameters pairs(const std::vector<std::pair<std::string, std::string>> &patterns) {
    Parameters out;
    for (const auto &[name, pattern] : patterns)
      if (auto value = (*this)(pattern)) out.emplace_back(name, std::move(*value));
    return out;
  }
};

/// Within quotes of a part's header.
std::string form_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"')
      out += "%22";
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

/// Up to the path of a URL, or, of one that begins with a variable, up to the end of that.
std::size_t begin_of_url(std::string_view pattern) {
  if (pattern.starts_with('{')) return std::min(pattern.find('}'), pattern.size() - 1) + 1;
  const auto scheme = pattern.find("://");
  bool is_inside{false};
  for (auto at = scheme == pattern.npos ? pattern.size() : scheme + 3; at < pattern.size(); ++at) {
    if (pattern[at] == '{' || pattern[at] == '}') is_inside = pattern[at] == '{';
    if (!is_inside && (pattern[at] == '/' || pattern[at] == '?' || pattern[at] == '#')) return at;
  }
  return pattern.size();
}

/// What a host and its port are written with: a value of these alone names a place and nothing behind it.
bool is_authority(std::string_view url) {
  const auto begin = std::min(url.find("://"), url.size());
  return url.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:[]",
                               begin + 3) == url.npos;
}

/// A variable at its very beginning is a URL as it is; one in its authority may hold a port; all behind is a
/// part of the path.
std::string url_of(const std::string &pattern, Filler &fill) {
  const auto begin = begin_of_url(pattern);
  auto first = fill(pattern.substr(0, begin)).value_or("");
  if (!pattern.starts_with('{') && !is_authority(first))
    first = fill(pattern.substr(0, begin), Template::Escape::url).value_or("");
  return first + fill(pattern.substr(begin), Template::Escape::url).value_or("");
}

struct Part {
  std::string head, content;
};

std::vector<Part> parts_of(const Request &d, Filler &fill, const Lists &lists) {
  std::vector<Part> parts;
  for (const auto &[name, value] : fill.pairs(d.form))
    parts.push_back({"Content-Disposition: form-data; name=\"" + form_quoted(name) + "\"\r\n\r\n", value});
  for (const auto &file : d.files) {
    std::vector<Variables> items{{}};
    if (!file.each.empty()) {
      const auto list = lists.find(file.each);
      items = list == lists.end() ? std::vector<Variables>{} : list->second;
    }
    for (const auto &item : items) {
      auto all = fill.variables;
      for (const auto &[field, content] : item) all[file.each + '.' + field] = content;
      Filler inner{all};
      const auto name = inner(file.file_name), type = inner(file.media_type), content = inner(file.content);
      if (!inner.missing.empty()) fill.missing = inner.missing;
      if (!content) continue;
      parts.push_back({"Content-Disposition: form-data; name=\"" + form_quoted(file.field) +
                           "\"; filename=\"" + form_quoted(name.value_or("file")) + "\"\r\nContent-Type: " +
                           form_quoted(type.value_or("application/octet-stream")) + "\r\n\r\n",
                       *content});
    }
  }
  return parts;
}

/// @see RFC 7578
void add_multipart(const std::vector<Part> &parts, std::string_view key, sdk::HttpRequest &request) {
  auto boundary = "relance-" + to_hex(digest(Hash::sha256, key)).substr(0, 32);
  const auto is_inside = [&](const Part &part) { return part.content.find(boundary) != std::string::npos; };
  while (std::ranges::any_of(parts, is_inside)) boundary += 'x';
  for (const auto &part : parts) request.body += "--" + boundary + "\r\n" + part.head + part.content + "\r\n";
  request.body += "--" + boundary + "--\r\n";
  request.headers.emplace_back("content-type", "multipart/form-data; boundary=" + boundary);
}

void add_body(const Request &d, Filler &fill, const Lists &lists, sdk::HttpRequest &request) {
  switch (d.body) {
    case Request::Body::none:
      return;
    case Request::Body::json: {
      auto filled = fill_document(d.json, fill.variables, lists);
      if (!filled.missing.empty()) fill.missing = filled.missing;
      request.body = std::move(filled.text);
      request.headers.emplace_back("content-type", "application/json");
      return;
    }
    case Request::Body::form:
      request.body = to_form(fill.pairs(d.form));
      request.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
      return;
    case Request::Body::multipart: {
      const auto key = fill.variables.find("key");
      return add_multipart(parts_of(d, fill, lists), key == fill.variables.end() ? "" : key->second, request);
    }
    case Request::Body::text:
      break;
  }
  request.body = fill(d.text, d.escape).value_or("");
  request.headers.emplace_back("content-type", d.content_type);
}

}  // namespace

BuiltRequest build_request(const Request &d, const Variables &variables, const Lists &lists,
                           std::int64_t wall_ms) {
  Filler fill{variables};
  BuiltRequest built;
  auto &request = built.request;
  request.method = d.method;
  request.url = url_of(d.url, fill);
  if (const auto query = to_form(fill.pairs(d.query)); !query.empty())
    request.url += (request.url.find('?') == std::string::npos ? '?' : '&') + query;
  for (auto &[name, value] : fill.pairs(d.headers)) {
    std::erase_if(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    request.headers.emplace_back(name, std::move(value));
  }
  add_body(d, fill, lists, request);
  request.options.timeout_ms = d.timeout_ms;
  built.missing = std::move(fill.missing);
  if (built.missing.empty()) authenticate_request(d, request, wall_ms);
  return built;
}

}  // namespace relance::gateway
