// XML as a document that pointers can walk: an element is an object of its children, an attribute a member
// "@name", text the value of an element that has nothing else ("#text" beside attributes). Repeated children
// are an array.
#pragma once

#include <relance/json.hpp>

#include <string_view>

namespace relance::gateway {

/// Absent when it is no XML, or larger or deeper than any answer of a gateway.
sdk::Json parse_xml(std::string_view text);

}  // namespace relance::gateway
