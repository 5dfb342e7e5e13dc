// Registered electronic delivery's one exported symbol: a driver for each kind of provider.
#include "plugins/lre/pec/channel.hpp"

#include <relance/channel.hpp>

RELANCE_EXPORT_DRIVERS(relance::lre::pec::PecChannel)
