// Asio's TLS, compiled once (BOOST_ASIO_SEPARATE_COMPILATION); only the webhook listener speaks it.
#include <boost/asio/ssl/impl/src.hpp>
