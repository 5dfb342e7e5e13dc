// The shared object's one exported symbol.
#include "plugins/esp/channel.hpp"

#include <relance/channel.hpp>

RELANCE_EXPORT_DRIVERS(relance::esp::EspChannel)
