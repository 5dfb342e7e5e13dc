// The store's rows as JSON, in the words of docs/openapi.yaml. Amounts are texts ("1234.50 EUR"): no reader's
// floating point gets at them.
#pragma once

#include "host/api/message.hpp"
#include "host/engine/engine.hpp"
#include "host/store/records.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <vector>

namespace relance::api {

Response json_answer(const boost::json::value &value);
/// {"done": true}, for changes that have nothing else to say.
Response done();

boost::json::object to_json(const store::ReminderRow &row);
boost::json::object to_json(const engine::ProviderReport &provider);  ///< handle_providers.cpp
boost::json::object to_json(const store::TaskRow &row);
boost::json::object to_json(const store::ApprovalRow &row);
boost::json::object to_json(const store::SuppressionRow &row);
boost::json::object to_json(const store::JournalRow &row);
boost::json::object to_json(const store::Counters &counters);
boost::json::array to_json(const std::vector<std::string> &texts);

}  // namespace relance::api
