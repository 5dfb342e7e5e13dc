// Registered electronic delivery's one exported symbol: a driver for each kind of provider.
#include "plugins/lre/ar24/channel.hpp"
#include "plugins/lre/pec/channel.hpp"

#include <relance/channel.hpp>

RELANCE_EXPORT_DRIVERS(relance::lre::pec::PecChannel, relance::lre::ar24::Ar24Channel)
