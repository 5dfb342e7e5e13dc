// Asio's and Beast's own code, compiled once for both programs (BOOST_ASIO_SEPARATE_COMPILATION and its Beast
// twin).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
