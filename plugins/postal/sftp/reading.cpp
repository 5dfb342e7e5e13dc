#include "plugins/postal/sftp/reading.hpp"

#include <relance/json.hpp>

#include <algorithm>

namespace relance::postal::sftp {
namespace {

std::vector<Entry> entries_of(const sdk::Json &list) {
  std::vector<Entry> entries;
  for (const auto &item : list.items())
    entries.push_back({.name = item["name"].text(),
                       .size = static_cast<std::uint64_t>(item["size"].integer()),
                       .changed_s = item["changed"].integer(),
                       .is_file = true});
  return entries;
}

std::string list_of(const std::vector<Entry> &entries) {
  std::string text{"["};
  for (const auto &entry : entries) {
    if (text.size() > 1) text += ',';
    text += "{\"name\":" + sdk::json_string(entry.name) + ",\"size\":" + std::to_string(entry.size) +
            ",\"changed\":" + std::to_string(entry.changed_s) + '}';
  }
  return text += ']';
}

}  // namespace

Reading Reading::parse(std::string_view cursor) {
  const auto json = sdk::Json::parse(cursor);
  return {entries_of(json["taken"]), entries_of(json["seen"])};
}

std::string Reading::text() const {
  if (taken.empty() && seen.empty()) return {};
  return "{\"taken\":" + list_of(taken) + ",\"seen\":" + list_of(seen) + '}';
}

bool is_same_file(const Entry &a, const Entry &b) {
  return a.name == b.name && a.size == b.size && a.changed_s == b.changed_s;
}

bool is_acknowledgement(std::string_view name, std::string_view suffix) {
  return name.size() > suffix.size() && name.ends_with(suffix) && name.front() != '.' &&
         !name.ends_with(".part") && !name.ends_with(".tmp") && std::ranges::all_of(name, [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && c != '/' && c != 0x7F;
         });
}

}  // namespace relance::postal::sftp
