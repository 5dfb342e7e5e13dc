// What an HTTP call of a plugin may be, where it may lead, and how much may be open.
#include "host/channel/http_call.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>

namespace relance::channel {
namespace {

relance_str str(const std::string &text) {
  return {text.data(), text.size()};
}

struct Theirs {
  std::string method{"POST"}, url{"https://api.example.com/v1"}, name{"X-Name"}, value{"value"}, body{"b"};
  relance_kv header{};
  relance_http_call call{};
  const relance_http_call &c() {
    header = {str(name), str(value)};
    call.size = sizeof call;
    call.token = 7;
    call.method = str(method);
    call.url = str(url);
    call.headers = &header;
    call.header_count = 1;
    call.body = str(body);
    return call;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(http_call_test)

BOOST_AUTO_TEST_CASE(a_call_is_copied_with_its_defaults) {
  Theirs theirs;
  const auto call = read_http_call(theirs.c());
  BOOST_REQUIRE(call);
  BOOST_TEST(call->connect_timeout.count() == 10'000);
  BOOST_TEST(call->timeout.count() == 60'000);
  BOOST_TEST(call->reply_max == 1u << 20);
  BOOST_TEST(!call->is_idempotent);
  theirs.call.flags = RELANCE_HTTP_IDEMPOTENT | 0x80u;
  theirs.call.timeout_ms = 4'000'000'000;
  theirs.call.reply_max = 1ull << 40;
  const auto bounded = read_http_call(theirs.c());
  BOOST_TEST(bounded->is_idempotent);
  BOOST_TEST(bounded->timeout.count() == 600'000);
  BOOST_TEST(bounded->reply_max == 32u << 20);
}

BOOST_AUTO_TEST_CASE(nothing_can_be_smuggled_into_a_header_or_a_method) {
  for (const auto *name : {"Host", "host", "Content-Length", "CONNECTION", "Transfer-Encoding", "Expect",
                           "Upgrade", "Proxy-Authorization", "", "A B", "A:", "A\r\nB", "Ä"}) {
    Theirs theirs;
    theirs.name = name;
    BOOST_TEST(!read_http_call(theirs.c()), "'" << name << "' was taken");
  }
  for (const auto &value :
       {std::string("a\r\nHost: x"), std::string("a\nb"), std::string("a\0b", 3), std::string("\x7f")}) {
    Theirs theirs;
    theirs.value = value;
    const auto call = read_http_call(theirs.c());
    BOOST_REQUIRE(!call);
    BOOST_TEST(call.error().message.find(value) == std::string::npos);
  }
  for (const auto *method : {"", "GET /", "GET\r\n", "CONNECT", "TRACE", "HEAD"}) {
    Theirs theirs;
    theirs.method = method;
    BOOST_TEST(!read_http_call(theirs.c()), "'" << method << "' was taken");
  }
  Theirs many;
  many.c();
  many.call.header_count = kHttpHeadersMax + 1;
  BOOST_TEST(!read_http_call(many.call));
  Theirs no_token;
  no_token.c();
  no_token.call.token = 0;
  BOOST_TEST(!read_http_call(no_token.call));
}

BOOST_AUTO_TEST_CASE(only_plain_web_addresses_are_urls) {
  for (const auto *url :
       {"", "api.example.com/v1", "ftp://example.com/", "file:///etc/passwd", "gopher://x/", "https://",
        "https:///path", "https://user@example.com/", "https://user:pass@example.com/",
        "https://:@example.com/", "https://example.com:0/", "https://example.com:70000/",
        "https://exa mple.com/", "https://example.com/\r\nx", "https://example.com/\xc3\xa9",
        "https://ex\tample.com/"})
    BOOST_TEST(!http_target(url), "'" << url << "' was taken");
  BOOST_TEST(!http_target("https://example.com/" + std::string(9000, 'x')));
  const auto target = http_target("HTTPS://API.Example.com/v1?mail=a@b");
  BOOST_REQUIRE(target);
  BOOST_TEST(!target->is_plain);
  BOOST_TEST(target->port == 443u);
  BOOST_TEST(http_target("http://[::1]:8080/")->port == 8080u);
}

BOOST_AUTO_TEST_CASE(only_hosts_that_the_operator_allows_are_called) {
  std::vector<HttpHost> hosts;
  for (const auto *text : {"api.example.com", "*.example.org:8443", "http://127.0.0.1:8080", "[::1]:9443"})
    hosts.push_back(*parse_http_host(text));
  HttpHosts door{hosts};
  const auto may = [&](const char *url) {
    const bool is_allowed{door.allow(url).has_value()};
    BOOST_TEST(door.allow(url).has_value() == is_allowed, url);  // also when asked again
    return is_allowed;
  };
  for (const auto *url :
       {"https://api.example.com/", "https://API.example.COM:443/x", "https://a.example.org:8443/",
        "https://a.b.example.org:8443/", "http://127.0.0.1:8080/", "https://[::1]:9443/",
        "http://0x7f.1:8080/"})  // written otherwise, and the same place
    BOOST_TEST(may(url), url);
  for (const auto *url :
       {"http://api.example.com/", "http://api.example.com:443/", "https://api.example.com:444/",
        "https://example.org:8443/", "https://evilexample.org:8443/", "https://a.example.org/",
        "https://127.0.0.1:8080/", "https://api.example.com.evil.example/",
        "https://evil.example/api.example.com", "https://evil.example/#@api.example.com",
        "http://[::1]:9443/"})
    BOOST_TEST(!may(url), url);
  BOOST_TEST(*door.allow("https://api.example.com/") == "api.example.com");
  const auto refused = door.allow("http://10.0.0.1:81/x?key=s3cret");
  BOOST_REQUIRE(!refused);
  BOOST_TEST(*door.allow("https://api.example.com/") == "api.example.com");
  BOOST_TEST(refused.error().message.find("[http] hosts = [\"http://10.0.0.1:81\"]") != std::string::npos);
  BOOST_TEST(refused.error().message.find("s3cret") == std::string::npos);
  BOOST_TEST(!allow_http_target(*http_target("https://api.example.com/"), {}));
}

BOOST_AUTO_TEST_CASE(what_the_operator_is_told_to_write_can_be_written) {
  for (const auto *url : {"https://api.example.com/", "http://api.example.com/", "https://a.example:8443/",
                          "http://[::1]:80/", "https://[fe80::1]:9443/"}) {
    const auto target = http_target(url);
    const auto host = parse_http_host(write_http_host(target->is_plain, target->host, target->port));
    BOOST_REQUIRE_MESSAGE(host, url);
    BOOST_TEST(host->allows(target->is_plain, target->host, target->port), url);
  }
  for (const auto *text :
       {"", "*", "*.com", "a b", "ftp://x.example", "x.example/path", "x.example:0", "x.example:99999",
        "x.example:", "[::1", "http://", "user@x.example", ".example.com", "x..", "*.*.example.com"})
    BOOST_TEST(!parse_http_host(text), "'" << text << "' was taken");
}

BOOST_AUTO_TEST_CASE(an_instance_has_so_many_calls_and_so_many_bytes_open) {
  HttpRoom room;
  const auto take = [&](Token token, std::size_t body = 0, std::uint64_t reply = 1) {
    HttpCall call;
    call.token = token;
    call.body.assign(body, 'x');
    call.reply_max = reply;
    return room.take(call);
  };
  using Answer = HttpRoom::Answer;
  for (Token token{1}; token <= kHttpCallsMax; ++token) BOOST_REQUIRE((take(token) == Answer::taken));
  BOOST_TEST((take(1) == Answer::repeated));
  BOOST_TEST((take(1000) == Answer::full));
  room.give_back(1);
  room.give_back(1);
  BOOST_TEST((take(1000, kHttpBodyMax) == Answer::taken));
  room.give_back(2);
  BOOST_TEST((take(1001, 1) == Answer::full));
  room.give_back(1000);
  BOOST_TEST((take(1001, 1) == Answer::taken));
  for (Token token{1}; token <= 2000; ++token) room.give_back(token);
  BOOST_TEST(room.size() == 0u);
  for (Token token{1}; token <= kHttpRepliesMax / kHttpReplyMax; ++token)
    BOOST_TEST((take(token, 0, kHttpReplyMax) == Answer::taken));
  BOOST_TEST((take(99) == Answer::full));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
