// Boost.JSON behind Body; positions of syntax faults as line and column.
#include "host/api/body.hpp"

#include "host/api/message.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <set>

namespace relance::api {
namespace json = boost::json;

struct Body::Members {
  json::object object;
  std::set<std::string, std::less<>> asked;
  std::optional<Error> fault;
};

namespace {

std::string pointer(std::string_view name) {
  std::string out{"/"};
  out += name;
  return out;
}

std::string position(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto start = before.rfind('\n');
  return "body:" + std::to_string(line) + ':' +
         std::to_string(at - (start == std::string_view::npos ? 0 : start + 1) + 1);
}

bool is_plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
  });
}

}  // namespace

Result<Body> Body::parse(std::string_view text) {
  auto members = std::make_unique<Members>();
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return Body{std::move(members)};
  json::stream_parser parser;
  json::error_code failed;
  const auto taken = parser.write_some(text.data(), text.size(), failed);
  if (!failed && text.find_first_not_of(" \t\r\n", taken) != std::string_view::npos)
    failed = json::error::extra_data;
  if (!failed) parser.finish(failed);
  if (failed) return invalid("this is not JSON: " + failed.message(), position(text, taken));
  auto value = parser.release();
  if (!value.is_object()) return invalid("a JSON object is expected", "");
  members->object = std::move(value.get_object());
  return Body{std::move(members)};
}

Result<Body> read_body(Exchange &exchange) {
  constexpr std::size_t kBytesMax{4096};
  std::string text(kBytesMax, '\0');
  std::size_t size{0};
  for (;;) {
    const auto got = exchange.read_body({text.data() + size, text.size() - size});
    if (!got) return got.error();
    if (*got == 0) break;
    size += *got;
    if (size == text.size()) return invalid("the body is too long for this path");
  }
  return Body::parse(std::string_view{text}.substr(0, size));
}

Body::Body(std::unique_ptr<Members> members) : members_{std::move(members)} {}
Body::~Body() = default;
Body::Body(Body &&) noexcept = default;
Body &Body::operator=(Body &&) noexcept = default;

void Body::fault(std::string_view name, std::string message) {
  if (!members_->fault) members_->fault = invalid(std::move(message), pointer(name));
}

bool Body::has(std::string_view name) const {
  const auto *value = members_->object.if_contains({name.data(), name.size()});
  return value != nullptr && !value->is_null();
}

std::string Body::text(std::string_view name) {
  members_->asked.emplace(name);
  const auto *value = members_->object.if_contains({name.data(), name.size()});
  const auto *text = value == nullptr ? nullptr : value->if_string();
  if (value == nullptr) {
    fault(name, "this member is missing");
  } else if (text == nullptr) {
    fault(name, "a text is expected");
  } else if (text->empty()) {
    fault(name, "this must not be empty");
  } else if (text->size() > kTextBytesMax) {
    fault(name, "longer than " + std::to_string(kTextBytesMax) + " bytes");
  } else if (!is_plain({text->data(), text->size()})) {
    fault(name, "control characters are not taken");
  } else {
    return {text->data(), text->size()};
  }
  return {};
}

std::string Body::text_or(std::string_view name, std::string_view fallback) {
  members_->asked.emplace(name);
  return has(name) ? text(name) : std::string{fallback};
}

std::string Body::one_of(std::string_view name, std::span<const std::string_view> allowed) {
  auto value = text(name);
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  std::string list;
  for (const auto word : allowed) list += (list.empty() ? "" : ", ") + std::string{word};
  fault(name, "one of: " + list);
  return {};
}

CivilDate Body::date(std::string_view name) {
  const auto written = text(name);
  const auto date = parse_date(written);
  if (date) return *date;
  fault(name, "a date is written 2026-12-31");
  return {};
}

std::optional<CivilDate> Body::optional_date(std::string_view name) {
  members_->asked.emplace(name);
  return has(name) ? std::optional{date(name)} : std::nullopt;
}

bool Body::flag(std::string_view name, bool fallback) {
  members_->asked.emplace(name);
  return has(name) ? required_flag(name) : fallback;
}

bool Body::required_flag(std::string_view name) {
  members_->asked.emplace(name);
  const auto *value = members_->object.if_contains({name.data(), name.size()});
  if (value == nullptr) {
    fault(name, "this member is missing");
  } else if (!value->is_bool()) {
    fault(name, "true or false is expected");
  } else {
    return value->get_bool();
  }
  return false;
}

std::int64_t Body::number(std::string_view name, std::int64_t least, std::int64_t most) {
  members_->asked.emplace(name);
  const auto *value = members_->object.if_contains({name.data(), name.size()});
  if (value == nullptr) {
    fault(name, "this member is missing");
  } else if (!value->is_int64() || value->get_int64() < least || value->get_int64() > most) {
    fault(name,
          "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is expected");
  } else {
    return value->get_int64();
  }
  return least;
}

std::vector<std::int64_t> Body::numbers(std::string_view name) {
  members_->asked.emplace(name);
  std::vector<std::int64_t> out;
  const auto *value = members_->object.if_contains({name.data(), name.size()});
  const auto *array = value == nullptr ? nullptr : value->if_array();
  if (array == nullptr || array->size() > kNumbersMax) {
    fault(name, "a list of at most " + std::to_string(kNumbersMax) + " whole numbers is expected");
    return out;
  }
  for (std::size_t i{0}; i < array->size(); ++i) {
    const auto &item = (*array)[i];
    if (!item.is_int64()) {
      fault(std::string{name} + '/' + std::to_string(i), "a whole number is expected");
      return out;
    }
    out.push_back(item.get_int64());
  }
  return out;
}

Result<void> Body::end() {
  if (!members_->fault)
    for (const auto &member : members_->object)
      if (!members_->asked.contains(std::string_view{member.key().data(), member.key().size()}))
        fault({member.key().data(), member.key().size()}, "nothing is known by this name");
  if (members_->fault) return *members_->fault;
  return {};
}

}  // namespace relance::api
