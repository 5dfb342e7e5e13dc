// A plugin's shared object: looked at as a file before any of its code runs, then loaded once and never
// unloaded (its threads, its thread-local destructors and what it gave to other libraries would outlive it).
// Every refusal names the file, what was found and what was expected.
#pragma once

#include "host/base/result.hpp"

#include <relance/plugin.h>

#include <string>
#include <vector>

namespace relance::channel {

/// "name" → "<directory>/name.so"; what holds a slash is a path already.
std::string plugin_path(const std::string &name_or_path, const std::string &directory);

/// Holds the file to: a regular file, ELF, 64-bit little-endian, this machine's architecture, a shared
/// object, exporting the entry symbol. Runs no code of it. Any thread.
Result<void> check_plugin_file(const std::string &path);

/// Checks the file, loads it and holds each driver's descriptor and functions to the contract. Runs the
/// static constructors and the entry function of the plugin. Any thread; loading a file twice gives the same
/// tables.
Result<std::vector<const relance_plugin *>> load_plugin(const std::string &path);

/// One driver of it; an empty name means the only one.
Result<const relance_plugin *> load_driver(const std::string &path, const std::string &driver);

}  // namespace relance::channel
