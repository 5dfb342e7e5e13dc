#include "plugins/protocol/wire/line.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <utility>

namespace relance::wire {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {
std::string text_of(const error_code &error) {
  return error ? error.message() : std::string{};
}
}  // namespace

struct Line::Network {
  explicit Network(boost::asio::io_context &io) : resolver{io}, socket{io} {}

  void connect(const tcp::resolver::results_type &endpoints, std::function<void(std::string)> then) {
    boost::asio::async_connect(
        socket, endpoints, [this, then = std::move(then)](const error_code &failed, const tcp::endpoint &) {
          if (failed) return then("connect: " + failed.message());
          error_code ignored;
          socket.set_option(tcp::no_delay{true}, ignored);
          socket.non_blocking(true, ignored);
          then({});
        });
  }

  tcp::resolver resolver;
  tcp::socket socket;
  bool is_closed{false};
};

Line::Line(boost::asio::io_context &io) : network_{std::make_unique<Network>(io)} {}
Line::~Line() = default;

void Line::dial(const std::string &host, std::uint16_t port, std::function<void(std::string)> then) {
  error_code is_name;
  const auto address = boost::asio::ip::make_address(host, is_name);
  if (!is_name) {
    return network_->connect(tcp::resolver::results_type::create(tcp::endpoint{address, port}, host, ""),
                             std::move(then));
  }
  network_->resolver.async_resolve(
      host, std::to_string(port),
      [network = network_.get(), then = std::move(then)](const error_code &failed,
                                                         const tcp::resolver::results_type &endpoints) {
        if (failed) return then("resolve: " + failed.message());
        if (network->is_closed) return then("resolve: given up");
        network->connect(endpoints, then);
      });
}

void Line::read(std::span<char> buffer, std::function<void(std::string, std::size_t)> then) {
  network_->socket.async_read_some(
      boost::asio::buffer(buffer.data(), buffer.size()),
      [then = std::move(then)](const error_code &error, std::size_t count) { then(text_of(error), count); });
}

void Line::await_writable(std::function<void(std::string)> then) {
  network_->socket.async_wait(tcp::socket::wait_write,
                              [then = std::move(then)](const error_code &error) { then(text_of(error)); });
}

std::size_t Line::read_now(std::span<char> buffer) {
  error_code error;
  const auto count = network_->socket.read_some(boost::asio::buffer(buffer.data(), buffer.size()), error);
  return error ? 0 : count;
}

int Line::socket() {
  return network_->socket.native_handle();
}

std::string Line::local_address_literal() const {
  error_code ignored;
  const auto address = network_->socket.local_endpoint(ignored).address();
  return (address.is_v6() ? "[IPv6:" : "[") + address.to_string() + "]";
}

void Line::close() {
  error_code ignored;
  network_->is_closed = true;
  network_->resolver.cancel();
  network_->socket.close(ignored);
}

}  // namespace relance::wire
