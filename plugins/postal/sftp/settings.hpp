// What an operator set for one instance of the driver "sftp", typed and checked beyond what the schema says.
#pragma once

#include "plugins/postal/sftp/session.hpp"
#include "plugins/postal/states.hpp"

#include <relance/driver.hpp>
#include <relance/json.hpp>

#include <map>
#include <string>
#include <string_view>

namespace relance::postal::sftp {

enum class Form : std::uint8_t { json, csv };

/// How the print service says what became of a job.
struct Acknowledgements {
  std::string folder;  ///< empty: it says nothing
  std::string suffix{".csv"};
  Form form{Form::csv};
  char delimiter{';'};
  std::string key{"key"}, state{"state"}, time, reason;  ///< columns, or members of the objects
  std::map<std::string, Meaning, std::less<>> states;    ///< by the service's words in lower case
  std::string archive;                                   ///< where to move what was read; empty: delete
};

struct Settings {
  Server server;
  std::string folder;
  Form manifest{Form::json};
  char delimiter{';'};
  std::uint32_t sessions{2}, pages_max{0}, max_in_flight{16};
  std::size_t bytes_max{0};
  std::int64_t orphan_age_s{0}, receipts_within_ms{0};
  Acknowledgements acknowledgements;
};

/// Reports every fault with its JSON pointer; what it returns then is not to be used.
[[nodiscard]] Settings read_settings(std::string_view json, sdk::Issues &issues);

/// ASCII letters only: words of a table, not of a language.
[[nodiscard]] std::string lower(std::string_view text);

}  // namespace relance::postal::sftp
