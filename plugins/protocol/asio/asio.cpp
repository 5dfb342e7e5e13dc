// Asio's own code, compiled once for everything under plugins/.
#include <boost/asio/impl/src.hpp>
