#include "plugins/postal/sftp/acknowledgement.hpp"

#include "plugins/postal/letter.hpp"
#include "plugins/postal/sftp/table.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"

#include <algorithm>

namespace relance::postal::sftp {
namespace {

/// Files beyond it are of somebody else's making: a day's jobs of a print house are thousands.
constexpr std::size_t kReceiptsMax{20'000};

struct Said {
  std::string key, state, time, reason;
};

void add(const Acknowledgements &settings, const Said &said, sdk::Parsed &parsed) {
  if (!is_key(said.key) || said.state.empty() || parsed.receipts.size() >= kReceiptsMax) return;
  const auto known = settings.states.find(lower(said.state));
  auto receipt = to_receipt(known == settings.states.end() ? Meaning{} : known->second);
  receipt.ref = said.key;
  receipt.idempotency_key = said.key;
  receipt.code = words_of(said.state);
  receipt.text = words_of(said.reason);
  receipt.provider_time_ms = gateway::read_time_ms(said.time);
  parsed.receipts.push_back(std::move(receipt));
}

sdk::Parsed read_rows(const Acknowledgements &settings, std::string_view bytes) {
  const auto rows = read_table(bytes, settings.delimiter);
  if (rows.empty()) return sdk::Parsed::unreadable("the file has no line");
  const auto column = [&](const std::string &name) {
    const auto found = name.empty() ? rows[0].end() : std::ranges::find(rows[0], name);
    return static_cast<std::size_t>(found - rows[0].begin());
  };
  const auto key = column(settings.key), state = column(settings.state), time = column(settings.time),
             reason = column(settings.reason);
  if (key >= rows[0].size() || state >= rows[0].size())
    return sdk::Parsed::unreadable("the first line has no column \"" +
                                   (key >= rows[0].size() ? settings.key : settings.state) + '"');
  const auto at = [](const Row &row, std::size_t index) {
    return index < row.size() ? row[index] : std::string{};
  };
  sdk::Parsed parsed;
  for (std::size_t i{1}; i < rows.size(); ++i)
    add(settings, {at(rows[i], key), at(rows[i], state), at(rows[i], time), at(rows[i], reason)}, parsed);
  return parsed;
}

void add_object(const Acknowledgements &settings, const sdk::Json &object, sdk::Parsed &parsed) {
  const auto at = [&](const std::string &name) { return name.empty() ? std::string{} : object[name].text(); };
  add(settings, {at(settings.key), at(settings.state), at(settings.time), at(settings.reason)}, parsed);
}

sdk::Parsed read_objects(const Acknowledgements &settings, std::string_view bytes) {
  sdk::Parsed parsed;
  const auto whole = sdk::Json::parse(bytes);
  if (whole.kind() == sdk::Json::Kind::object) {
    add_object(settings, whole, parsed);
    return parsed;
  }
  if (whole.kind() == sdk::Json::Kind::array) {
    for (const auto &item : whole.items()) add_object(settings, item, parsed);
    return parsed;
  }
  bool has_object{false};
  while (!bytes.empty()) {  // one object a line
    const auto end = std::min(bytes.find('\n'), bytes.size());
    const auto line = sdk::Json::parse(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    has_object |= line.kind() == sdk::Json::Kind::object;
    if (line.kind() == sdk::Json::Kind::object) add_object(settings, line, parsed);
  }
  return has_object ? parsed : sdk::Parsed::unreadable("the file has no JSON object");
}

}  // namespace

sdk::Parsed read_acknowledgement(const Acknowledgements &settings, std::string_view bytes) {
  return settings.form == Form::csv ? read_rows(settings, bytes) : read_objects(settings, bytes);
}

}  // namespace relance::postal::sftp
