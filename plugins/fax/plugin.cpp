// The fax channel's one exported symbol: a fax server of one's own, or a service over HTTP.
#include "plugins/fax/http/channel.hpp"
#include "plugins/fax/hylafax/channel.hpp"

#include <relance/channel.hpp>

RELANCE_EXPORT_DRIVERS(relance::fax::hylafax::HylafaxChannel, relance::fax::http::HttpChannel)
