// What a provider says, whatever form it says it in, as one kind of document.
#pragma once

#include "plugins/protocol/gateway/url.hpp"

#include <relance/json.hpp>

#include <optional>
#include <string_view>

namespace relance::gateway {

enum class Format : std::uint8_t {
  none,
  json,
  form,
  query,
  xml,
  text,
  automatic,  ///< of a callback: the query of a GET, else what its content type says
};

std::optional<Format> format_named(std::string_view name);

/// Absent when the bytes are not of that format. Of `text`, a string. Of a form, an object of strings; a
/// parameter that stands there twice with two values is an array, so that nobody takes one of them for the
/// value.
sdk::Json read_document(Format format, std::string_view bytes);
sdk::Json to_document(const Parameters &parameters);

}  // namespace relance::gateway
