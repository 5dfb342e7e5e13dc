// JSON Schema as far as the kit needs it: is it one, what settings would fit it, which would not.
#ifndef RELANCE_CHECK_SCHEMA_HPP
#define RELANCE_CHECK_SCHEMA_HPP
#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::check {

/// (JSON pointer into the schema, what is wrong there)
[[nodiscard]] std::vector<std::pair<std::string, std::string>> faults_of_schema(std::string_view schema);

/// A value that fits; of objects, what is required and what says where the provider is.
[[nodiscard]] boost::json::value sample_of(const boost::json::value &schema, std::string_view name);

}  // namespace relance::check
#endif
