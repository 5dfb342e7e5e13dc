// Beast's one unit of relancectl. What is sent and what is answered may both be long: they run on two
// threads, so that neither waits for the other.
#include "host/app/ctl/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <array>
#include <thread>
#include <unistd.h>

namespace relance::ctl {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Socket = asio::local::stream_protocol::socket;

constexpr std::size_t kPieceBytes{64 * 1024};

Result<void> connect(Socket &socket, const std::filesystem::path &path) {
  beast::error_code failed;
  if (path.string().size() >= sizeof(sockaddr_un::sun_path)) {
    failed = asio::error::name_too_long;
  } else {
    socket.connect({path.string()}, failed);
  }
  if (!failed) return {};
  return unavailable("relanced does not answer at " + path.string() + " (" + failed.message() +
                     "); start it, or name its socket with --socket or RELANCE_SOCKET");
}

/// Sends text and file as chunks. Errors end it silently: the answer, or its absence, says what happened.
void send_body(Socket &socket, const Upload &upload) {
  beast::error_code failed;
  if (!upload.text.empty()) asio::write(socket, http::make_chunk(asio::buffer(upload.text)), failed);
  std::string piece(kPieceBytes, '\0');
  std::uint64_t sent{0};
  while (!failed && upload.file >= 0) {
    const auto got = ::read(upload.file, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    asio::write(socket, http::make_chunk(asio::buffer(piece.data(), static_cast<std::size_t>(got))), failed);
    sent += static_cast<std::uint64_t>(got);
    if (upload.on_sent) upload.on_sent(sent);
  }
  if (!failed) asio::write(socket, http::make_chunk_last(), failed);
}

class LineCutter {
 public:
  explicit LineCutter(const std::function<void(std::string_view)> &sink) : sink_{sink} {}
  void add(std::string_view piece) {
    for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
      pending_.append(piece.substr(0, end));
      if (!pending_.empty()) sink_(pending_);
      pending_.clear();
      piece.remove_prefix(end + 1);
    }
    pending_.append(piece);
  }

 private:
  const std::function<void(std::string_view)> &sink_;
  std::string pending_;
};

Error broke_off(const beast::error_code &failed) {
  return unavailable("relanced went away before its answer was complete (" + failed.message() + ")");
}

/// `on_line` gets the lines of an answer that comes in lines, `take` the bytes of any that says 200.
Result<Reply> read_answer(Socket &socket, const std::function<void(std::string_view)> &on_line,
                          const std::function<bool(std::string_view)> &take = {}) {
  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  beast::error_code failed;
  http::read_header(socket, buffer, parser, failed);
  if (failed) return broke_off(failed);
  Reply reply{parser.get().result_int(),
              std::string{parser.get()[http::field::content_type]},
              {},
              std::string{parser.get()["Relance-Warning"]}};
  const bool is_taken{take && reply.status == 200};
  const bool has_lines{reply.content_type == "application/x-ndjson" && on_line};
  LineCutter cutter{on_line};
  std::string piece(kPieceBytes, '\0');
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    http::read_some(socket, buffer, parser, failed);
    const std::string_view got{piece.data(), piece.size() - parser.get().body().size};
    if (has_lines) {
      cutter.add(got);
    } else if (is_taken) {
      if (!take(got)) return reply;
    } else {
      reply.body += got;
    }
    if (failed && failed != http::error::need_buffer) return broke_off(failed);
  }
  return reply;
}

}  // namespace

Result<Reply> Client::send(std::string_view method, const std::string &target, std::string body) const {
  asio::io_context context;
  Socket socket{context};
  if (auto connected = connect(socket, socket_); !connected) return connected.error();
  http::request<http::string_body> request{http::string_to_verb({method.data(), method.size()}), target, 11};
  request.set(http::field::host, "relanced");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = std::move(body);
  request.prepare_payload();
  request.keep_alive(false);
  beast::error_code failed;
  http::write(socket, request, failed);  // an early refusal still waits to be read
  return read_answer(socket, {});
}

Result<Reply> Client::download(const std::string &target, const std::function<bool(std::string_view)> &take) const {
  asio::io_context context;
  Socket socket{context};
  if (auto connected = connect(socket, socket_); !connected) return connected.error();
  http::request<http::empty_body> request{http::verb::get, target, 11};
  request.set(http::field::host, "relanced");
  request.keep_alive(false);
  beast::error_code failed;
  http::write(socket, request, failed);
  return read_answer(socket, {}, take);
}

Result<Reply> Client::stream(std::string_view method, const std::string &target, const Upload &upload,
                             const std::function<void(std::string_view)> &on_line) const {
  asio::io_context context;
  Socket socket{context};
  if (auto connected = connect(socket, socket_); !connected) return connected.error();
  http::request<http::empty_body> request{http::string_to_verb({method.data(), method.size()}), target, 11};
  request.set(http::field::host, "relanced");
  request.chunked(true);
  request.keep_alive(false);
  http::request_serializer<http::empty_body> serializer{request};
  beast::error_code failed;
  http::write_header(socket, serializer, failed);
  if (failed) return broke_off(failed);
  std::thread sender{[&] { send_body(socket, upload); }};
  auto reply = read_answer(socket, on_line);
  // Answered before all was sent: the rest would wait for a reader who has gone.
  beast::error_code ignored;
  socket.shutdown(Socket::shutdown_both, ignored);
  sender.join();
  return reply;
}

}  // namespace relance::ctl
