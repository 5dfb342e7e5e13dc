// The version that both programs state.
#pragma once

namespace relance::app {
inline constexpr const char *kVersion{RELANCE_VERSION};
}
