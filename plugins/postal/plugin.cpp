// The postal channel's one exported symbol: a driver for each way to have a letter printed and posted.
#include "plugins/postal/ipp/channel.hpp"
#include "plugins/postal/lob/channel.hpp"
#include "plugins/postal/maileva/channel.hpp"
#include "plugins/postal/pingen/channel.hpp"
#include "plugins/postal/sftp/channel.hpp"

#include <relance/channel.hpp>

RELANCE_EXPORT_DRIVERS(relance::postal::sftp::SftpChannel, relance::postal::ipp::IppChannel,
                       relance::postal::maileva::MailevaChannel, relance::postal::pingen::PingenChannel,
                       relance::postal::lob::LobChannel)
