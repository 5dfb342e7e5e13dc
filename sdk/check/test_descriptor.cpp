// What a driver says of itself, held against what it has.
#include "sdk/check/handed_over.hpp"
#include "sdk/check/schema.hpp"
#include "sdk/check/test.hpp"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <set>

namespace relance::check {
namespace {

constexpr std::size_t kNameMax{100};  ///< bytes of a name that an operator reads in a table

bool is_name(std::string_view name, std::string_view also) {
  return !name.empty() && name.size() <= kNameMax && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  });
}

// Of release 1.0: no plugin has less.
constexpr std::size_t kPluginBytesFirst{160}, kDescriptorBytesFirst{72};

void judge_text(const char *text, const char *field) {
  if (text == nullptr || *text == '\0' || !is_utf8(text) || std::strlen(text) > kNameMax)
    finding(std::string("descriptor.") + field + " is " +
                (text == nullptr ? "NULL" : "\"" + std::string(text).substr(0, 120) + "\""),
            "a text for people, in UTF-8, of 1 to 100 bytes", "relance_descriptor");
}

}  // namespace

void descriptor_fields(Bench &bench) {
  const auto &d = *bench.plugin->descriptor;
  static_cast<void>(has_size(bench.plugin->size, kPluginBytesFirst, "relance_plugin"));
  static_cast<void>(has_size(d.size, kDescriptorBytesFirst, "relance_descriptor"));
  is_zero(bench.plugin->zero, "relance_plugin.zero");
  if (d.id == nullptr || !is_name(d.id, ".-") || std::strchr(d.id, '.') == nullptr || d.id[0] == '.')
    finding(std::string("descriptor.id is ") + (d.id == nullptr ? "NULL" : "\"" + std::string(d.id) + "\""),
            "a name that is yours, from a domain that is yours, in lower case: \"com.example.sms\"; it never "
            "changes",
            "relance_descriptor.id");
  if (d.driver == nullptr || !is_name(d.driver, "_-"))
    finding(std::string("descriptor.driver is ") +
                (d.driver == nullptr ? "NULL" : "\"" + std::string(d.driver) + "\""),
            "lower case letters, digits, - and _: operators write it into files (\"smpp\")",
            "relance_descriptor.driver");
  judge_text(d.name, "name");
  judge_text(d.version, "version");
  judge_text(d.vendor, "vendor");
  const std::set<std::string_view> channels{"email", "sms", "fax", "lre", "postal"};
  if (d.channel == nullptr || !channels.contains(d.channel))
    finding(std::string("descriptor.channel is ") +
                (d.channel == nullptr ? "NULL" : "\"" + std::string(d.channel) + "\""),
            "one of \"email\", \"sms\", \"fax\", \"lre\", \"postal\"", "relance_descriptor.channel");
  if (d.abi_minor > RELANCE_ABI_MINOR)
    note("it was built with a newer interface (minor " + std::to_string(d.abi_minor) +
         "); this relance-check knows " + std::to_string(RELANCE_ABI_MINOR));
  if (d.min_host_minor > d.abi_minor)
    finding("min_host_minor is " + std::to_string(d.min_host_minor) + ", but it was built with minor " +
                std::to_string(d.abi_minor),
            "the oldest host that can run it cannot be newer than the header it was built with",
            "relance_descriptor.min_host_minor");
  // Unique within the plugin, and one plugin's drivers have one id.
  using Entry = const relance_plugin *(*)(std::uint32_t);
  auto *const entry = reinterpret_cast<Entry>(
      ::dlsym(::dlopen(bench.assignment.plugin_file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD),
              RELANCE_ENTRY_SYMBOL));
  for (std::uint32_t i{0}; i < 64 && entry(i) != nullptr; ++i) {
    const auto *other = entry(i)->descriptor;
    if (i == bench.assignment.driver_index || other == nullptr || other->id == nullptr ||
        other->driver == nullptr)
      continue;
    if (d.id != nullptr && std::strcmp(d.id, other->id) != 0)
      finding(
          std::string("two drivers of one plugin have the ids \"") + d.id + "\" and \"" + other->id + "\"",
          "the id is the plugin's, `driver` tells its drivers apart", "relance_descriptor.id");
    if (d.driver != nullptr && std::strcmp(d.driver, other->driver) == 0)
      finding(std::string("two drivers are called \"") + d.driver + "\"", "`driver` is unique in the plugin",
              "relance_descriptor.driver");
  }
}

void descriptor_capabilities(Bench &bench) {
  const auto &p = *bench.plugin;
  const auto capabilities = p.descriptor->capabilities;
  const auto needs = [&](std::uint32_t bit, bool is_there, const char *capability, const char *function) {
    if ((capabilities & bit) != 0 && !is_there)
      finding(std::string("the descriptor has ") + capability + ", but the table has no " + function + "()",
              std::string("set relance_plugin.") + function + ", or drop the capability", capability);
  };
  const auto always = [&](bool is_there, const char *function) {
    if (!is_there)
      finding(std::string("the table has no ") + function + "()",
              "create, traits, start, submit, stop and destroy are never NULL", "relance_plugin");
  };
  always(p.create != nullptr, "create"), always(p.traits != nullptr, "traits"),
      always(p.start != nullptr, "start");
  always(p.submit != nullptr, "submit"), always(p.stop != nullptr, "stop"),
      always(p.destroy != nullptr, "destroy");
  needs(RELANCE_CAP_QUERY_BY_REF, p.query != nullptr, "RELANCE_CAP_QUERY_BY_REF", "query");
  needs(RELANCE_CAP_QUERY_BY_KEY, p.query != nullptr, "RELANCE_CAP_QUERY_BY_KEY", "query");
  needs(RELANCE_CAP_RECALL, p.recall != nullptr, "RELANCE_CAP_RECALL", "recall");
  needs(RELANCE_CAP_TWO_PHASE, p.commit != nullptr, "RELANCE_CAP_TWO_PHASE", "commit");
  needs(RELANCE_CAP_TWO_PHASE, p.discard != nullptr, "RELANCE_CAP_TWO_PHASE", "discard");
  needs(RELANCE_CAP_RECEIVE, p.stored != nullptr, "RELANCE_CAP_RECEIVE", "stored");
  needs(RELANCE_CAP_RECEIVE, p.room != nullptr, "RELANCE_CAP_RECEIVE", "room");
  needs(RELANCE_CAP_RECEIVE, p.parse != nullptr, "RELANCE_CAP_RECEIVE", "parse");
  needs(RELANCE_CAP_WEBHOOK, p.authenticate != nullptr, "RELANCE_CAP_WEBHOOK", "authenticate");
  needs(RELANCE_CAP_WEBHOOK, p.parse != nullptr, "RELANCE_CAP_WEBHOOK", "parse");
  needs(RELANCE_CAP_POLL, p.poll != nullptr, "RELANCE_CAP_POLL", "poll");
  needs(RELANCE_CAP_POLL, p.stored != nullptr, "RELANCE_CAP_POLL", "stored");
  needs(RELANCE_CAP_POLL, p.room != nullptr, "RELANCE_CAP_POLL", "room");
  needs(RELANCE_CAP_POLL, p.parse != nullptr, "RELANCE_CAP_POLL", "parse");
  needs(RELANCE_CAP_QUOTE, p.quote != nullptr, "RELANCE_CAP_QUOTE", "quote");
  needs(RELANCE_CAP_EVIDENCE, p.extension != nullptr, "RELANCE_CAP_EVIDENCE", "extension");
}

void descriptor_schema(Bench &bench) {
  const auto *schema = bench.plugin->descriptor->settings_schema;
  if (schema == nullptr) {
    note("it has no settings_schema: operators get no help with their settings, and every key is accepted");
    return;
  }
  for (const auto &[place, fault] : faults_of_schema(schema))
    finding(
        "settings_schema" + place + ": " + fault,
        "a JSON Schema, draft 7, of an object; the host refuses to load a plugin whose schema it cannot read",
        "relance_descriptor.settings_schema");
}

}  // namespace relance::check
