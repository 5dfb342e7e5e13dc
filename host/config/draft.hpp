// What the readers of the single files have in common: the configuration as far as it is read, and every name
// that must turn out to exist once all files are.
#pragma once

#include "host/config/configuration.hpp"
#include "host/config/section.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::config {

enum class Mentioned : std::uint8_t { region, provider, template_id, language };

/// A name in one file that another file must define.
struct Mention {
  Mentioned what{};
  std::string name;
  Position at;
  std::string channel{};  ///< of a provider: the list it stands in; of a template: "sms" where it may be one
  std::string by{};       ///< "region FR", "scenario standard, step call": for messages
};

struct Draft {
  Configuration configuration;
  Issues issues;
  std::vector<Mention> mentions;
  std::vector<std::pair<std::string, Position>>
      replaced;  ///< ids of former scenarios, where a file takes them over
  std::map<std::string, Position> creditors, regions, providers, scenarios,
      templates;  ///< where each was defined
  std::map<std::string, Position> letterheads;  ///< of creditors that have one of their own
  LoadOptions options;
};

/// Notes a definition; a second one of the same name is an error that shows the first. False then.
bool define(Draft &draft, std::map<std::string, Position> &defined, std::string_view kind,
            const std::string &name, const Position &at);

void read_daemon(Draft &draft, const Document &document);
/// [hooks] of the daemon.
void read_hooks(Section &table, Hooks &hooks, const std::filesystem::path &base);
void read_creditors(Draft &draft, Section &root);
/// [evidence] of the daemon's file.
void read_evidence(Draft &draft, const Document &document, Section &root);
/// [retention] of the daemon's file.
void read_retention(Draft &draft, Section &root);
void read_region(Draft &draft, const Document &document, std::string_view stem);
void read_provider(Draft &draft, const Document &document, std::string_view stem);
/// [limits], [price], [breaker] and [[maintenance]] of a provider. `window`: its credit_window, which limits.parallel
/// names too.
SendLimits read_send_limits(Section &root, std::uint32_t &window);
/// "08:30" → 510, -1 when it is none; "24:00" is the end of the day.
int parse_minute(std::string_view text);
/// The index of a day's English name, Sunday 0; -1 when it is none.
int day_index(std::string_view name);
std::span<const std::string_view> day_names();
/// [sandbox] of a provider.
Sandbox read_sandbox(Draft &draft, Section &table);
/// [letter] of a provider.
LetterSettings read_letter_settings(Section &table);
/// [creditor.letterhead]; `base`: what its logo's path is relative to.
Letterhead read_letterhead(Section &table, const std::filesystem::path &base);
/// [letter] of a template.
void read_letter_words(Draft &draft, Section &table, Template &made);
/// A body of a template: long, with line breaks. `at`: its first character.
std::string read_body(Section &root, std::string_view key, bool is_required, Position &at);
/// A path that a plugin's setting names: absolute, and none of the daemon's own.
bool may_be_granted(const Configuration &configuration, const std::filesystem::path &file);
void read_scenario(Draft &draft, const Document &document, std::string_view stem);
/// `id.language` is the file's stem.
void read_template(Draft &draft, const Document &document, std::string_view stem);

/// Everything that concerns more than one file.
void check_whole(Draft &draft);

/// ISO 639-1 with an optional country: "fr", "de-AT".
bool is_language(std::string_view text);
bool is_country(std::string_view text);

}  // namespace relance::config
