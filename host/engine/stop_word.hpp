// Whether a short message that came back asks for no more of them. Networks and laws know it by single words,
// and whichever plugin a text came by, they mean the same.
#pragma once

#include <string_view>

namespace relance::engine {

/// "Stop.", "ARRÊT" and "stop 36180" are the same wish; "stop by tomorrow for the cheque" is a letter: only a
/// text of up to two words counts. UTF-8.
[[nodiscard]] bool asks_to_stop(std::string_view text);

}  // namespace relance::engine
