// Where the bytes of an import come from. One function that fills a buffer, so that a file, a socket's body
// and a test's string are read by the same code, and nobody has to hold a whole file.
#pragma once

#include "host/base/result.hpp"

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>

namespace relance::intake {

/// Fills the front of the buffer and says how many bytes it put there; 0 is the end. Called from one thread
/// only.
using ByteSource = std::function<Result<std::size_t>(std::span<char>)>;

/// The stream must outlive the source.
ByteSource from_stream(std::istream &in);
/// The descriptor stays the caller's; interrupted reads are repeated.
ByteSource from_descriptor(int fd);
/// Hands the text out in pieces of at most `piece` bytes: what a slow peer would do.
ByteSource from_text(std::string text, std::size_t piece = 65536);

}  // namespace relance::intake
