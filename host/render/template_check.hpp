// What is wrong inside a template, with its line and column, before anything is sent with it.
#pragma once

#include "host/config/configuration.hpp"

namespace relance::render {

/// Unknown names, names in the wrong place, sections left open, words that a reminder must not use. For
/// config::LoadOptions::check_template. Any thread.
void check_template(const config::Template &made, config::Issues &issues);

}  // namespace relance::render
