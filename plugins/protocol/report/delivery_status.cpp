#include "plugins/protocol/report/delivery_status.hpp"

#include "plugins/protocol/report/address.hpp"
#include "plugins/protocol/report/ascii.hpp"

#include <algorithm>
#include <utility>

namespace relance::report {
namespace {

/// The address of an address field; when its value is a command line or a pipe, the address named in it.
std::string address_in(std::string_view value) {
  const auto typed = typed_value(value);
  const auto text = typed.type == "utf-8" ? decode_utf8_address(typed.value) : typed.value;
  if (auto address = address_of(text); !address.empty()) return address;
  const auto found = find_addresses(text, 1);
  return found.empty() ? std::string{} : found.front().address;
}

struct ActionWord {
  std::string_view word;
  Action action;
};
/// RFC 3464 §2.3.3, and the words that servers made up.
constexpr ActionWord kActionWords[] = {
    {"failed", Action::failed},        {"failure", Action::failed},        {"fail", Action::failed},
    {"error", Action::failed},         {"expired", Action::failed},        {"denied", Action::failed},
    {"undeliverable", Action::failed}, {"delayed", Action::delayed},       {"deferred", Action::delayed},
    {"delivered", Action::delivered},  {"deliverable", Action::delivered}, {"relayed", Action::relayed},
    {"expanded", Action::expanded},
};

Action action_of(std::string_view value) {
  const auto word = lower(without_comments(value));
  for (const auto &known : kActionWords)
    if (starts_with_ignoring_case(word, known.word)) return known.action;
  return Action::unknown;
}

bool is_about_recipient(const Fields &group) {
  return has(group, "final-recipient") || has(group, "original-recipient") ||
         has(group, "x-actual-recipient");
}

bool is_about_delivery(const Fields &group) {
  return has(group, "action") || has(group, "status") || has(group, "diagnostic-code");
}

bool is_complete(const Fields &group) {
  return is_about_recipient(group) && has(group, "action") && has(group, "status");
}

bool share_a_name(const Fields &a, const Fields &b) {
  return std::any_of(a.begin(), a.end(), [&b](const Field &field) { return has(b, field.name); });
}

/// Groups that empty lines tore apart belong together while the first lacks something and they repeat
/// nothing.
std::vector<Fields> mended(std::vector<Fields> groups) {
  std::vector<Fields> whole;
  for (auto &group : groups) {
    const bool goes_on = !whole.empty() && !is_complete(whole.back()) && !share_a_name(whole.back(), group) &&
                         !(is_about_recipient(whole.back()) && is_about_recipient(group));
    if (goes_on)
      std::move(group.begin(), group.end(), std::back_inserter(whole.back()));
    else
      whole.push_back(std::move(group));
  }
  return whole;
}

StatedRecipient recipient_of(const Fields &group) {
  StatedRecipient recipient;
  recipient.address = address_in(value_of(group, "final-recipient"));
  recipient.original_address = address_in(decode_xtext(value_of(group, "original-recipient")));
  if (recipient.address.empty()) recipient.address = recipient.original_address;
  if (recipient.address.empty()) recipient.address = address_in(value_of(group, "x-actual-recipient"));
  recipient.has_action = has(group, "action");
  recipient.action = action_of(value_of(group, "action"));
  recipient.status = without_comments(value_of(group, "status"));
  recipient.diagnostic = typed_value(value_of(group, "diagnostic-code")).value;
  recipient.remote_mta = typed_value(value_of(group, "remote-mta")).value;
  return recipient;
}

/// The same recipient twice: what is over replaces what is not.
void add(std::vector<StatedRecipient> &recipients, StatedRecipient recipient) {
  if (!recipient.address.empty())
    for (auto &known : recipients)
      if (same_address(known.address, recipient.address)) {
        if (known.action == Action::delayed && recipient.action != Action::delayed)
          known = std::move(recipient);
        return;
      }
  recipients.push_back(std::move(recipient));
}

}  // namespace

DeliveryStatus parse_delivery_status(std::string_view text) {
  DeliveryStatus status;
  for (const auto &group : mended(parse_groups(text, kFieldGroupsMax))) {
    if (status.reporting_mta.empty())
      status.reporting_mta = typed_value(value_of(group, "reporting-mta")).value;
    if (status.envelope_id.empty())
      status.envelope_id = decode_xtext(value_of(group, "original-envelope-id"));
    if (!is_about_recipient(group) && !is_about_delivery(group)) continue;
    if (status.recipients.size() >= kRecipientsMax) {
      status.is_cut = true;
      break;
    }
    add(status.recipients, recipient_of(group));
  }
  // What is said of nobody counts only when nobody else is named.
  const auto is_nameless = [](const StatedRecipient &recipient) { return recipient.address.empty(); };
  if (!std::all_of(status.recipients.begin(), status.recipients.end(), is_nameless))
    std::erase_if(status.recipients, is_nameless);
  return status;
}

bool holds_delivery_status(std::string_view text) {
  const auto words = lower(text);
  const auto at_line_start = [&words](std::string_view field) {
    for (auto at = words.find(field); at != std::string::npos; at = words.find(field, at + 1))
      if (at == 0 || words[at - 1] == '\n') return true;
    return false;
  };
  return at_line_start("final-recipient:") ||
         (at_line_start("original-recipient:") && at_line_start("action:"));
}

}  // namespace relance::report
