// The fax channel's one exported symbol.
#include "plugins/fax/hylafax/channel.hpp"

#include <relance/channel.hpp>

RELANCE_EXPORT_DRIVERS(relance::fax::hylafax::HylafaxChannel)
