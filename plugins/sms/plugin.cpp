// The SMS channel's one exported symbol: a driver for each way to a gateway.
#include "plugins/sms/http/channel.hpp"
#include "plugins/sms/kannel/channel.hpp"
#include "plugins/sms/smpp/channel.hpp"

#include <relance/channel.hpp>

RELANCE_EXPORT_DRIVERS(relance::sms::kannel::KannelChannel, relance::sms::http::HttpChannel,
                       relance::sms::smpp::SmppChannel)
