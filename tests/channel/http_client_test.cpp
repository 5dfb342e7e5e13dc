// The daemon's HTTP client against peers that behave, and above all against those that do not: what left the
// host and what did not is judged by what the peer has seen.
#include "host/channel/http_client.hpp"

#include "tests/channel/http_peer.hpp"
#include "tests/channel/recorder.hpp"

#include <curl/curl.h>

#include <future>

namespace relance::channel {
using test::always;
using test::HttpPeer;
using Connection = test::HttpPeer::Connection;

namespace {

HttpCall call_to(std::string url, std::string method = "POST", std::string body = "a=1") {
  HttpCall call;
  call.token = 1;
  call.method = std::move(method);
  call.url = std::move(url);
  if (call.method != "GET" && call.method != "HEAD") call.body = std::move(body);
  return call;
}

struct Client {
  explicit Client(HttpSettings settings = {}) : client(std::move(settings)) {}
  std::future<HttpReply> send(HttpCall call, HttpClient::CallId *id = nullptr) {
    auto promise = std::make_shared<std::promise<HttpReply>>();
    auto future = promise->get_future();
    const auto sent =
        client.send(std::move(call), [promise](HttpReply r) { promise->set_value(std::move(r)); });
    if (id != nullptr) *id = sent;
    return future;
  }
  HttpReply ask(HttpCall call) { return get(send(std::move(call))); }
  static HttpReply get(std::future<HttpReply> future) {
    BOOST_REQUIRE(future.wait_for(test::kPatience) == std::future_status::ready);
    return future.get();
  }
  HttpClient client;
};

void check_not_sent(const HttpReply &reply, std::string_view words) {
  BOOST_TEST((reply.result == HttpResult::not_sent));
  BOOST_TEST(reply.error.find(words) != std::string::npos,
             "'" << reply.error << "' without '" << words << "'");
}
void check_unknown(const HttpReply &reply, std::string_view words) {
  BOOST_TEST((reply.result == HttpResult::unknown));
  BOOST_TEST(reply.error.find(words) != std::string::npos,
             "'" << reply.error << "' without '" << words << "'");
}

/// Answers the first request, then does `then` with the connection, which stays kept alive until there.
HttpPeer::Handler after_one(std::function<void(Connection &)> then) {
  return [then = std::move(then)](Connection &c) {
    if (c.number() != 1) {
      while (c.request())
        if (!c.reply(200, "again")) return;
      return;
    }
    if (c.request() && c.reply(200, "first")) then(c);
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_client_test)

BOOST_AUTO_TEST_CASE(a_call_brings_status_headers_and_body) {
  HttpPeer peer(always(201, "made", "X-One: 1\r\nSet-Cookie: a=b\r\nx-one:  2 \r\n"));
  Client client;
  auto call = call_to(peer.url("/v1/letters?x=y"));
  call.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer s3cret"}, {"X-Empty", ""}};
  call.body = "{\"a\":1}";
  const auto reply = client.ask(std::move(call));
  BOOST_TEST((reply.result == HttpResult::replied));
  BOOST_TEST(reply.status == 201u);
  BOOST_TEST(reply.body == "made");
  const Fields expected{{"content-length", "4"}, {"x-one", "1"}, {"set-cookie", "a=b"}, {"x-one", "2"}};
  BOOST_TEST((reply.headers == expected));
  const auto seen = peer.requests().at(0);
  BOOST_TEST(seen.starts_with("POST /v1/letters?x=y HTTP/1.1\r\n"));
  for (const auto *line : {"\r\nContent-Type: application/json\r\n", "\r\nAuthorization: Bearer s3cret\r\n",
                           "\r\nX-Empty:\r\n", "\r\nContent-Length: 7\r\n", "\r\n\r\n{\"a\":1}"})
    BOOST_TEST(seen.find(line) != std::string::npos, "missing: " << line);
  BOOST_TEST(seen.find("Expect") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_method_goes_as_it_is_written_and_no_type_is_made_up) {
  HttpPeer peer(always(200, ""));
  Client client;
  for (const auto *method : {"GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"}) {
    BOOST_TEST((client.ask(call_to(peer.url(), method, "")).result == HttpResult::replied));
    const auto seen = peer.requests().back();
    BOOST_TEST(seen.starts_with(std::string(method) + " / HTTP/1.1\r\n"));
    BOOST_TEST(seen.find("Content-Type") == std::string::npos);
  }
  HttpPeer head([](Connection &c) {
    while (c.request()) c.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
  });
  const auto reply = client.ask(call_to(head.url(), "HEAD"));
  BOOST_TEST((reply.result == HttpResult::replied));
  BOOST_TEST(reply.body.empty());
}

BOOST_AUTO_TEST_CASE(connections_are_kept_and_neither_redirects_nor_cookies_are_followed) {
  HttpPeer peer(always(302, "", "Location: /elsewhere\r\nSet-Cookie: a=b; Path=/\r\n"));
  Client client;
  for (int i{0}; i < 3; ++i) BOOST_TEST(client.ask(call_to(peer.url())).status == 302u);
  BOOST_TEST(peer.connection_count() == 1u);
  BOOST_TEST(peer.requests().size() == 3u);
  BOOST_TEST(peer.requests().back().find("Cookie") == std::string::npos);
}

// ---- never a silent resend

/// What libcurl does by itself, so that the test below is known to be able to fail.
BOOST_AUTO_TEST_CASE(without_the_guard_libcurl_writes_a_post_twice) {
  HttpPeer peer(after_one([](Connection &c) { c.request(); }));
  CURLM *multi{curl_multi_init()};
  std::string replies;
  for (int i{0}; i < 2; ++i) {
    CURL *easy{curl_easy_init()};
    const auto url = peer.url();
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "a=1");
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &replies);
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char *bytes, std::size_t, std::size_t count, void *to) {
          static_cast<std::string *>(to)->append(bytes, count);
          return count;
        });
    curl_multi_add_handle(multi, easy);
    for (int running{1}; running != 0;) {
      curl_multi_perform(multi, &running);
      if (running != 0) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
    }
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
  }
  curl_multi_cleanup(multi);
  BOOST_TEST(replies == "firstagain");
  BOOST_TEST(peer.count_of("POST") == 3u);
}

BOOST_AUTO_TEST_CASE(a_post_that_was_read_on_a_kept_connection_which_then_closes_is_unknown_and_seen_once) {
  HttpPeer peer(after_one([](Connection &c) { c.request(); }));
  Client client;
  BOOST_TEST(client.ask(call_to(peer.url(), "GET")).body == "first");
  const auto reply = client.ask(call_to(peer.url()));
  check_unknown(reply, "may have arrived and is not repeated");
  BOOST_TEST(reply.status == 0u);
  BOOST_TEST(client.ask(call_to(peer.url(), "GET")).body ==
             "again");  // a request behind it: none is on its way
  BOOST_TEST(peer.count_of("POST") == 1u);
}

BOOST_AUTO_TEST_CASE(a_post_on_a_kept_connection_that_is_reset_unread_is_unknown_and_not_repeated) {
  std::promise<void> reset_now;
  auto may_reset = reset_now.get_future();
  HttpPeer peer(after_one([&](Connection &c) {
    may_reset.wait();
    c.read(1);  // a byte has arrived, the rest is thrown away with the connection
    c.reset();
  }));
  Client client;
  BOOST_TEST(client.ask(call_to(peer.url(), "GET")).body == "first");
  auto second = client.send(call_to(peer.url(), "POST", std::string(1'000'000, 'x')));
  reset_now.set_value();
  BOOST_TEST((Client::get(std::move(second)).result == HttpResult::unknown));
  BOOST_TEST(client.ask(call_to(peer.url(), "GET")).body == "again");
  BOOST_TEST(peer.count_of("POST") == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_idempotent_may_be_repeated_on_a_connection_that_died) {
  HttpPeer peer(after_one([](Connection &c) { c.request(); }));
  Client client;
  BOOST_TEST(client.ask(call_to(peer.url(), "GET")).body == "first");
  auto call = call_to(peer.url(), "PUT");
  call.is_idempotent = true;
  const auto reply = client.ask(std::move(call));
  BOOST_TEST((reply.result == HttpResult::replied));
  BOOST_TEST(reply.body == "again");
  BOOST_TEST(peer.count_of("PUT") == 2u);
}

BOOST_AUTO_TEST_CASE(a_connection_that_the_peer_has_closed_while_idle_is_not_used_again) {
  HttpPeer peer([](Connection &c) {
    if (c.request()) c.reply(200, "bye");
  });
  Client client;
  for (std::size_t i{1}; i <= 3; ++i) {
    BOOST_TEST(client.ask(call_to(peer.url())).body == "bye");
    peer.wait_closed(i);
  }
  BOOST_TEST(peer.count_of("POST") == 3u);
}

BOOST_AUTO_TEST_CASE(neither_an_expectation_that_fails_nor_a_challenge_makes_it_send_again) {
  for (const auto &[status, header] : {std::pair{417, ""},
                                       {401, "WWW-Authenticate: Basic realm=\"x\"\r\n"},
                                       {401, "WWW-Authenticate: NTLM\r\n"},
                                       {407, "Proxy-Authenticate: Digest\r\n"},
                                       {503, "Retry-After: 0\r\n"}}) {
    HttpPeer peer(always(status, "no", header));
    Client client;
    BOOST_TEST(client.ask(call_to(peer.url(), "POST", std::string(2'000'000, 'x'))).status ==
               static_cast<std::uint32_t>(status));
    BOOST_TEST(peer.count_of("POST") == 1u);
  }
}

// ---- nothing has left

BOOST_AUTO_TEST_CASE(what_cannot_connect_has_not_been_sent) {
  std::string closed;
  {
    HttpPeer gone(always(200, ""));
    closed = gone.url();
  }
  Client client;
  check_not_sent(client.ask(call_to(closed)), "could not connect: ");
  check_not_sent(client.ask(call_to("http://no-such-host.invalid/")), "could not connect: ");
}

BOOST_AUTO_TEST_CASE(what_is_past_its_time_has_not_been_sent_on_a_kept_connection_either) {
  HttpPeer peer(always(200, ""));
  Client client;
  BOOST_TEST(client.ask(call_to(peer.url(), "GET")).status == 200u);
  auto late = call_to(peer.url());
  late.not_after = WallClock().now() - Milliseconds{1};
  check_not_sent(client.ask(late), "not_after");
  late.not_after = WallClock().now() + Milliseconds{60'000};
  BOOST_TEST(client.ask(late).status == 200u);
  BOOST_TEST(peer.count_of("POST") == 1u);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_takes_longer_than_allowed_has_sent_nothing) {
  HttpPeer mute([](Connection &c) { c.wait_end(); });
  Client client;
  auto slow = call_to("https://127.0.0.1:" + std::to_string(mute.port()) + "/");
  slow.connect_timeout = Milliseconds{100};
  check_not_sent(client.ask(slow), "could not connect: ");
  slow.connect_timeout = Milliseconds{10'000};
  slow.not_after = WallClock().now() + Milliseconds{100};
  check_not_sent(client.ask(slow), "not_after");
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_right_ends_before_a_byte_of_the_request) {
  for (const auto kind :
       {test::Certificate::of_another_host, test::Certificate::expired, test::Certificate::self_signed}) {
    const test::TemporaryFolder folder;
    const auto files = test::make_certificate(folder.path, kind);
    HttpPeer peer(always(200, ""), files);
    Client client({"", "", files.authority});
    check_not_sent(client.ask(call_to(peer.url())), "certificate");
    BOOST_TEST(peer.requests().empty());
  }
}

BOOST_AUTO_TEST_CASE(tls_is_verified_by_the_operators_own_authority_and_by_no_other) {
  const test::TemporaryFolder folder;
  const auto files = test::make_certificate(folder.path, test::Certificate::good);
  HttpPeer peer(always(200, "secure"), files);
  Client trusting({"", "", files.authority});
  BOOST_TEST(trusting.ask(call_to(peer.url("/", "localhost"))).body == "secure");
  BOOST_TEST(trusting.ask(call_to(peer.url())).body == "secure");
  Client wary;
  check_not_sent(wary.ask(call_to(peer.url())), "certificate");
  wary.client.set({"", "", files.authority});
  BOOST_TEST(wary.ask(call_to(peer.url())).body == "secure");
}

BOOST_AUTO_TEST_CASE(a_cancelled_call_says_whether_its_first_byte_had_left) {
  HttpPeer mute([](Connection &c) {
    c.request();
    c.wait_end();
  });
  Client client;
  HttpClient::CallId id{0};
  auto waiting = client.send(call_to(mute.url()), &id);
  mute.wait_requests(1);
  client.client.cancel(id);
  check_unknown(Client::get(std::move(waiting)), "cancelled");

  HttpPeer no_handshake([](Connection &c) { c.wait_end(); });
  auto shaking = client.send(call_to("https://127.0.0.1:" + std::to_string(no_handshake.port()) + "/"), &id);
  client.client.cancel(id);
  client.client.cancel(id);
  client.client.cancel(4711);
  check_not_sent(Client::get(std::move(shaking)), "cancelled");
}

// ---- no whole reply

BOOST_AUTO_TEST_CASE(whatever_breaks_after_the_first_byte_is_unknown) {
  const auto answer = [](std::string bytes, bool with_reset = false) -> HttpPeer::Handler {
    return [=](Connection &c) {
      c.request();
      c.send(bytes);
      if (with_reset) c.reset();
    };
  };
  const auto of_read = [](std::size_t bytes) -> HttpPeer::Handler {
    return [=](Connection &c) {
      c.read(bytes);
      c.reset();
    };
  };
  const std::pair<const char *, HttpPeer::Handler> peers[]{
      {"closed without a word", answer("")},
      {"reset without a word", answer("", true)},
      {"reset while it was sent", of_read(20)},
      {"half a status line", answer("HTTP/1.")},
      {"garbage for a status line", answer("SSH-2.0-OpenSSH_9\r\n\r\n")},
      {"half of the headers", answer("HTTP/1.1 200 OK\r\nContent-Le")},
      {"half of the body", answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf!")},
      {"half of a chunk", answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf")},
      {"a bad chunk", answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n")},
      {"bytes that are no gzip",
       answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nplain")},
      {"only a 100", answer("HTTP/1.1 100 Continue\r\n\r\n")},
      {"only a 103", answer("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")},
  };
  for (const auto &[what, handler] : peers) {
    HttpPeer peer(handler);
    Client client;
    const auto reply = client.ask(call_to(peer.url(), "POST", std::string(3'000'000, 'x')));
    BOOST_TEST((reply.result == HttpResult::unknown), what);
    BOOST_TEST(!reply.error.empty(), what);
    BOOST_TEST(reply.error.find("xxx") == std::string::npos, what);
  }
}

BOOST_AUTO_TEST_CASE(a_reply_that_drips_beyond_the_deadline_is_unknown) {
  HttpPeer peer([](Connection &c) {
    c.request();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    while (c.send("x")) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  });
  Client client;
  auto call = call_to(peer.url());
  call.timeout = Milliseconds{300};
  const auto reply = client.ask(std::move(call));
  check_unknown(reply, "no whole reply: ");
  BOOST_TEST(reply.status == 200u);
}

BOOST_AUTO_TEST_CASE(a_reply_is_cut_at_its_limit_which_counts_the_bytes_that_it_unpacks_to) {
  // 1 MiB of zeros as gzip: about a kilobyte.
  const auto bomb = [] {
    std::string plain(1u << 20, '\0'), packed(4096, '\0');
    FILE *gzip{nullptr};
    const test::TemporaryFolder folder;
    const auto file = folder.path + "/bomb.gz";
    gzip = ::popen(("gzip -9 > " + file).c_str(), "w");
    std::fwrite(plain.data(), 1, plain.size(), gzip);
    BOOST_REQUIRE(::pclose(gzip) == 0);
    FILE *in{std::fopen(file.c_str(), "r")};
    packed.resize(std::fread(packed.data(), 1, packed.size(), in));
    std::fclose(in);
    return packed;
  }();
  BOOST_TEST(bomb.size() < 2000u);
  const auto ask = [&](std::string body, std::string headers, std::uint64_t reply_max) {
    HttpPeer peer(always(200, std::move(body), std::move(headers)));
    Client client;
    auto call = call_to(peer.url());
    call.reply_max = reply_max;
    return client.ask(std::move(call));
  };
  BOOST_TEST(ask(bomb, "Content-Encoding: gzip\r\n", 1u << 20).body.size() == 1u << 20);
  const auto cut = ask(bomb, "Content-Encoding: gzip\r\n", 100'000);
  check_unknown(cut, "too large");
  BOOST_TEST(cut.body.size() == 100'000u);
  BOOST_TEST(cut.status == 200u);
  BOOST_TEST((ask("1234567890", "", 10).result == HttpResult::replied));
  check_unknown(ask("1234567890", "", 9), "too large");
  check_unknown(ask("", "X-Long: " + std::string(90'000, 'x') + "\r\n", 10),
                "headers of the reply are too large");
}

BOOST_AUTO_TEST_CASE(chunks_interim_replies_and_trailers_make_one_reply) {
  HttpPeer peer([](Connection &c) {
    c.request();
    c.send(
        "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\nX-Final: 1\r\n\r\n"
        "5\r\nHello\r\n7\r\n, world\r\n0\r\nX-Trailer: 1\r\n\r\n");
    c.wait_end();
  });
  Client client;
  const auto reply = client.ask(call_to(peer.url()));
  BOOST_TEST((reply.result == HttpResult::replied));
  BOOST_TEST(reply.status == 202u);
  BOOST_TEST(reply.body == "Hello, world");
  const Fields expected{{"transfer-encoding", "chunked"}, {"x-final", "1"}};
  BOOST_TEST((reply.headers == expected));
}

// ---- proxies

BOOST_AUTO_TEST_CASE(a_proxy_that_refuses_the_tunnel_has_seen_nothing_of_the_request) {
  HttpPeer proxy(always(403, "not there"));
  Client client({"http://127.0.0.1:" + std::to_string(proxy.port()), "", ""});
  auto call = call_to("https://api.example.com/v1/secret-path");
  call.headers = {{"Authorization", "Bearer s3cret"}};
  const auto reply = client.ask(std::move(call));
  check_not_sent(reply, "could not connect: ");
  BOOST_TEST(reply.status == 0u);
  const auto seen = proxy.requests().at(0);
  BOOST_TEST(seen.starts_with("CONNECT api.example.com:443 HTTP/1.1\r\n"));
  BOOST_TEST(seen.find("s3cret") == std::string::npos);
  BOOST_TEST(seen.find("secret-path") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_proxy_is_the_operators_and_never_the_environments) {
  HttpPeer peer(always(200, "direct")), proxy(always(200, "by proxy"));
  const auto address = "http://127.0.0.1:" + std::to_string(proxy.port());
  for (const auto *name : {"http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"})
    ::setenv(name, address.c_str(), 1);
  Client client;
  BOOST_TEST(client.ask(call_to(peer.url())).body == "direct");
  for (const auto *name : {"http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"}) ::unsetenv(name);
  client.client.set({address, "", ""});
  BOOST_TEST(client.ask(call_to(peer.url())).body == "by proxy");
  BOOST_TEST(proxy.requests().at(0).starts_with("POST http://127.0.0.1:"));
  client.client.set({address, "127.0.0.1", ""});
  BOOST_TEST(client.ask(call_to(peer.url())).body == "direct");
}

// ---- many

BOOST_AUTO_TEST_CASE(hundreds_of_calls_at_once_over_a_bounded_number_of_connections_each_end_once) {
  HttpPeer peer(always(200, "ok"));
  Client client;
  std::vector<std::future<HttpReply>> replies;
  for (int i{0}; i < 500; ++i) replies.push_back(client.send(call_to(peer.url())));
  for (auto &reply : replies) BOOST_TEST(Client::get(std::move(reply)).status == 200u);
  BOOST_TEST(peer.requests().size() == 500u);
  BOOST_TEST(peer.connection_count() <= 32u);
}

BOOST_AUTO_TEST_CASE(a_client_that_ends_with_calls_open_ends_at_once) {
  HttpPeer mute([](Connection &c) { c.wait_end(); });
  std::vector<std::future<HttpReply>> replies;
  {
    Client client;
    for (int i{0}; i < 20; ++i) replies.push_back(client.send(call_to(mute.url())));
  }
  for (auto &reply : replies) BOOST_CHECK_THROW(reply.get(), std::future_error);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
