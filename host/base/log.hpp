// Structured logs. Every message has an id from the catalogue (log_catalogue.def), which also holds what it
// means and what to do about it: docs/for-operators/messages.md is made from it. Fields are named values; a
// secret is never one of them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace relance::log {

enum class Level : std::uint8_t { debug, info, warning, error };
enum class Target : std::uint8_t { standard_error, journald };

enum class Id : std::uint16_t {
#define RELANCE_LOG_MESSAGE(id, level, text, explanation) id,
#include "host/base/log_catalogue.def"
#undef RELANCE_LOG_MESSAGE
};

struct Message {
  std::string_view name;  ///< "DISPATCH_ROUTE_NONE"
  Level level;
  std::string_view text;
  std::string_view explanation;
};
const Message &message_of(Id id);

/// One named value; numbers become text here so that callers need no formatting.
struct Field {
  Field(std::string_view field_name, std::string_view field_value) : name{field_name}, value{field_value} {}
  Field(std::string_view field_name, const char *field_value) : name{field_name}, value{field_value} {}
  Field(std::string_view field_name, const std::string &field_value) : name{field_name}, value{field_value} {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  Field(std::string_view field_name, Number field_value)
      : name{field_name}, value{std::to_string(field_value)} {}

  std::string_view name;
  std::string value;
};

/// Before the first event, once. `json`: one object a line on standard error.
void start(Target target, Level least, bool json = false);
/// journald when this process's standard error is the journal's own socket (JOURNAL_STREAM), else standard
/// error.
Target detect_target();
void set_level(Level least);

/// Any thread. Values longer than 2 KiB are cut and say so; control characters are escaped.
void event(Id id, std::initializer_list<Field> fields = {});

/// For tests and the status page: how often a message was logged since the start.
std::uint64_t count_of(Id id);

}  // namespace relance::log
