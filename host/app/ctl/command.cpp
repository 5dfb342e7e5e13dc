// Asking and telling, the same for every command.
#include "host/app/ctl/command.hpp"

#include "host/app/ctl/output.hpp"

#include <boost/json.hpp>
#include <boost/url.hpp>
#include <fmt/format.h>

#include <charconv>

namespace relance::ctl {
namespace json = boost::json;

Command group_of(std::string path, std::string help, std::string example) {
  return {std::move(path), std::move(help), std::move(example), {}, nullptr};
}

std::string Run::text(std::string_view option) const {
  const auto found = values_.find(std::string{option});
  return found == values_.end() || found->second.empty() ? std::string{} : found->second.front();
}

std::vector<std::string> Run::texts(std::string_view option) const {
  const auto found = values_.find(std::string{option});
  return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::string Run::target(std::string_view path, const Pairs &query) const {
  boost::urls::url url;
  url.set_path({path.data(), path.size()});
  for (const auto &[name, value] : query)
    if (!value.empty()) url.params().append({name, value});
  if (!creditor_.empty()) url.params().append({"creditor", creditor_});
  return std::string{url.encoded_target().data(), url.encoded_target().size()};
}

int Run::ask(std::string_view method, const std::string &target, const std::string &body,
             const Printer &print) const {
  const auto reply = client.send(method, target, body);
  if (!reply) return unreachable(reply.error());
  if (reply->status != 200) return refused(reply->body);
  json::error_code failed;
  const auto value = json::parse(reply->body, failed);
  if (failed || !value.is_object())
    return refused(R"({"detail":"the answer is not what this relancectl understands"})");
  if (!is_json) return print(value.get_object());
  fmt::print("{}\n", reply->body);
  // The exit code is the same in both forms; only the words are not wanted.
  if (value.get_object().contains("faults") && !flag(value.get_object(), "intact")) return kExitRefused;
  if (value.get_object().contains("issues") && !flag(value.get_object(), "ok")) return kExitRefused;
  return kExitOk;
}

int Run::post(const std::string &target, const json::object &body, const std::string &words) const {
  return ask("POST", target, json::serialize(body), [&](const json::object &) {
    fmt::print("{}\n", words);
    return int{kExitOk};
  });
}

int Run::usage(std::string_view what) const {
  fmt::print(stderr, "relancectl: {}\n", what);
  return kExitUsage;
}

int Run::unreachable(const Error &error) const {
  fmt::print(stderr, "relancectl: {}\n", error.text());
  return kExitUnreachable;
}

int Run::refused(std::string_view problem_json) const {
  if (is_json) {
    fmt::print("{}\n", problem_json);
    return kExitRefused;
  }
  json::error_code failed;
  const auto value = json::parse({problem_json.data(), problem_json.size()}, failed);
  if (failed || !value.is_object()) {
    fmt::print(stderr, "relancectl: {}\n", printable(problem_json));
    return kExitRefused;
  }
  const auto where = member(value.get_object(), "where");
  fmt::print(stderr, "relancectl: {}{}{}\n", printable(where), where.empty() ? "" : ": ",
             printable(member(value.get_object(), "detail"), true));
  return kExitRefused;
}

std::string member(const json::object &object, std::string_view name) {
  const auto *value = object.if_contains({name.data(), name.size()});
  if (value == nullptr || value->is_null()) return {};
  if (const auto *text = value->if_string()) return {text->data(), text->size()};
  if (const auto *list = value->if_array()) {
    std::string out;
    for (const auto &item : *list) {
      if (!out.empty()) out += ", ";
      const auto *text = item.if_string();
      out += text == nullptr ? json::serialize(item) : std::string{text->data(), text->size()};
    }
    return out;
  }
  return json::serialize(*value);
}

std::int64_t seconds_of(std::string_view text) {
  std::int64_t count{0};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), count);
  if (end.ec != std::errc{} || count <= 0 || count > 1'000'000) return 0;
  const std::string_view unit{end.ptr, static_cast<std::size_t>(text.data() + text.size() - end.ptr)};
  if (unit == "s") return count;
  if (unit == "m" || unit == "min") return count * 60;
  if (unit == "h") return count * 3600;
  if (unit == "d") return count * 86400;
  if (unit == "w") return count * 7 * 86400;
  return 0;
}

std::uint64_t number(const json::object &object, std::string_view name) {
  const auto *value = object.if_contains({name.data(), name.size()});
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  return value->is_int64() && value->get_int64() > 0 ? static_cast<std::uint64_t>(value->get_int64()) : 0;
}

bool flag(const json::object &object, std::string_view name) {
  const auto *value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace relance::ctl
