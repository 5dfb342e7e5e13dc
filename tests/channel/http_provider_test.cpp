// relance.http/1 as a plugin has it, in both placements.
#include "host/channel/http_client.hpp"
#include "host/channel/wire_http.hpp"
#include "tests/channel/child_bench.hpp"
#include "tests/channel/http_peer.hpp"

#include <future>

namespace relance::channel {
using test::always;
using test::HttpPeer;
using Connection = test::HttpPeer::Connection;

namespace {

struct Caller : test::ChildBench {
  Caller(Placement placement, const std::vector<std::string> &hosts, HttpSettings http = {})
      : ChildBench("caller") {
    settings.placement = placement;
    settings.http = std::make_shared<HttpClient>(std::move(http));
    for (const auto &host : hosts) settings.http_hosts.push_back(*parse_http_host(host));
    settings.hooks.metric = [](const std::string &, std::uint32_t, std::string_view, double, const Fields &) {
    };
  }
  Submission call(const std::string &line, Fields references = {}, const std::string &how = "call@x") {
    auto s = message_to(how);
    s.subject = line;
    s.parts[0].bytes = std::make_shared<const std::string>(line.starts_with("GET ") ? "" : "a=1");
    s.references = std::move(references);
    return s;
  }
  Outcome ask(Submission s) {
    provider->submit({s});
    return events.wait_outcome_of(s.token);
  }
  bool has_line(const std::string &part) {
    bool is_there{false};
    events.wait_for(part.c_str(), [&](test::Recorder &r) { return is_there = r.has_line(part); });
    return is_there;
  }
};

std::string host_of(const HttpPeer &peer) {
  return "http://127.0.0.1:" + std::to_string(peer.port());
}

constexpr Placement kPlacements[]{Placement::in_process, Placement::child};

template <class F>
void in_both_placements(F &&run) {
  for (const auto placement : kPlacements) {
    BOOST_TEST_CONTEXT((placement == Placement::child ? "child" : "in process")) run(placement);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_provider_test)

BOOST_AUTO_TEST_CASE(a_plugin_calls_and_hears_the_reply) {
  in_both_placements([](Placement placement) {
    HttpPeer peer(always(201, "made", "X-One: 1\r\nX-Two: 2\r\n"));
    Caller caller(placement, {host_of(peer)});
    caller.start();
    const auto outcome =
        caller.ask(caller.call("PUT " + peer.url("/v1"), {{"Authorization", "Bearer s3cret"}}));
    BOOST_TEST(outcome.code == "201 of 1");
    BOOST_TEST(outcome.text == "x-one=1 | x-two=2 | made");
    BOOST_TEST(peer.requests().at(0).starts_with("PUT /v1 HTTP/1.1\r\n"));
    BOOST_TEST(peer.requests().at(0).find("\r\nAuthorization: Bearer s3cret\r\n") != std::string::npos);
    BOOST_TEST(caller.has_line("http PUT 127.0.0.1: 201 after "));
    caller.provider->stop(Milliseconds{2000});
    for (const auto &line : caller.events.lines_)
      BOOST_TEST((line.find("s3cret") == std::string::npos && line.find("a=1") == std::string::npos), line);
  });
}

BOOST_AUTO_TEST_CASE(a_host_that_the_operator_has_not_allowed_is_refused_in_words_that_say_what_to_write) {
  in_both_placements([](Placement placement) {
    HttpPeer peer(always(200, "ok"));
    Caller caller(placement, {"api.example.com"});
    caller.start();
    const auto outcome = caller.ask(caller.call("POST " + peer.url("/path?secret=s3cret")));
    BOOST_TEST(outcome.code == std::to_string(RELANCE_E_REFUSED));
    BOOST_TEST(caller.has_line("[http] hosts = [\"" + host_of(peer) + "\"]"));
    BOOST_TEST(peer.connection_count() == 0u);
    BOOST_TEST(caller.ask(caller.call("POST file:///etc/passwd")).code == std::to_string(RELANCE_E_REFUSED));
    BOOST_TEST(caller.ask(caller.call("POST " + peer.url(), {{"Host", "evil.example"}})).code ==
               std::to_string(RELANCE_E_REFUSED));
    BOOST_TEST(caller.has_line("made an HTTP call that is none: the header Host is the host's own"));
    caller.provider->stop(Milliseconds{2000});
    for (const auto &line : caller.events.lines_) BOOST_TEST(line.find("s3cret") == std::string::npos, line);
  });
}

BOOST_AUTO_TEST_CASE(a_post_whose_reply_never_came_is_unknown_and_was_seen_once) {
  in_both_placements([](Placement placement) {
    HttpPeer peer([](Connection &c) {
      if (!c.request() || !c.reply(200, "first") || c.number() != 1) return;
      c.request();
    });
    Caller caller(placement, {host_of(peer)});
    caller.start();
    BOOST_TEST(caller.ask(caller.call("GET " + peer.url())).text == "first");
    const auto lost = caller.ask(caller.call("POST " + peer.url()));
    BOOST_TEST((lost.kind == OutcomeKind::unknown));
    BOOST_TEST(lost.text.find("may have arrived") != std::string::npos);
    BOOST_TEST(caller.ask(caller.call("GET " + peer.url())).text == "first");
    BOOST_TEST(peer.count_of("POST") == 1u);
  });
}

BOOST_AUTO_TEST_CASE(what_has_not_left_is_not_sent) {
  in_both_placements([](Placement placement) {
    HttpPeer mute([](Connection &c) { c.wait_end(); });
    Caller caller(placement,
                  {"127.0.0.1:" + std::to_string(mute.port()), host_of(mute), "no-such-host.invalid"});
    caller.start();
    BOOST_TEST((caller.ask(caller.call("POST https://no-such-host.invalid/")).kind == OutcomeKind::not_sent));
    const auto late = std::to_string(to_ms(WallClock().now()) - 1);
    BOOST_TEST((caller.ask(caller.call("POST " + mute.url(), {{"@not_after_ms", late}})).kind ==
                OutcomeKind::not_sent));
    const auto tls = "POST https://127.0.0.1:" + std::to_string(mute.port()) + "/";
    BOOST_TEST((caller.ask(caller.call(tls, {{"@cancel", "1"}})).kind == OutcomeKind::not_sent));
  });
}

BOOST_AUTO_TEST_CASE(large_bodies_go_and_come_whole) {
  in_both_placements([](Placement placement) {
    constexpr std::size_t kBytes{30u << 20};  // more than a frame may have
    std::string body(kBytes, '\0');
    for (std::size_t i{0}; i < kBytes; ++i) body[i] = static_cast<char>(i * 7 + i / 4096);
    std::string answer(body.rbegin(), body.rend());
    HttpPeer peer(always(200, answer));
    Caller caller(placement, {host_of(peer)});
    caller.settings.limits.message_bytes_max = 64u << 20;
    caller.start();
    auto small = caller.call("POST " + peer.url(), {{"@reply_max", std::to_string(32u << 20)}});
    std::uint32_t sum{0};
    for (const char byte : answer) sum = sum * 31 + static_cast<unsigned char>(byte);
    BOOST_TEST(caller.ask(small).text == std::to_string(kBytes) + " bytes, sum " + std::to_string(sum));
    if (placement == Placement::child) return;  // a message of that size does not go to a child in one piece
    auto large = caller.call("POST " + peer.url());
    large.parts[0].bytes = std::make_shared<const std::string>(body);
    BOOST_TEST((caller.ask(large).kind == OutcomeKind::unknown));  // its reply is above the default limit
    BOOST_TEST(peer.requests().back().ends_with(body));
  });
}

BOOST_AUTO_TEST_CASE(a_flood_of_calls_is_stopped_at_the_limit_and_every_call_taken_is_ended) {
  in_both_placements([](Placement placement) {
    HttpPeer peer(always(200, "ok"));
    std::promise<void> answer_now;
    auto may_answer = answer_now.get_future().share();
    HttpPeer slow([may_answer](Connection &c) {
      while (c.request()) {
        may_answer.wait();
        if (!c.reply(200, "ok")) return;
      }
    });
    Caller caller(placement, {host_of(peer), host_of(slow)});
    caller.start();
    const auto flood = caller.call("POST " + slow.url(), {}, "many@x");
    caller.provider->submit({flood});
    BOOST_TEST(caller.has_line("256 taken, then " + std::to_string(RELANCE_E_BUSY)));
    answer_now.set_value();
    BOOST_TEST(caller.events.wait_outcome_of(flood.token).code == "200 of 256");
    BOOST_TEST(caller.ask(caller.call("POST " + peer.url())).code == "200 of 1");  // there is room again
  });
}

BOOST_AUTO_TEST_CASE(an_instance_that_is_stopped_hears_no_more) {
  in_both_placements([](Placement placement) {
    HttpPeer mute([](Connection &c) {
      c.request();
      c.wait_end();
    });
    Caller caller(placement, {host_of(mute)});
    caller.start();
    const auto message = caller.call("POST " + mute.url());
    caller.provider->submit({message});
    mute.wait_requests(1);
    caller.provider->stop(Milliseconds{50});
    BOOST_TEST((caller.events.wait_outcome_of(message.token).kind == OutcomeKind::unknown));
    mute.wait_closed(1);  // the connection was given up with it
  });
}

BOOST_AUTO_TEST_CASE(what_a_stop_finds_open_is_given_up_before_its_grace_is_over) {
  in_both_placements([](Placement placement) {
    HttpPeer mute([](Connection &c) {
      c.request();
      c.wait_end();
    });
    Caller caller(placement, {host_of(mute)});
    caller.start();
    const auto message = caller.call("POST " + mute.url());
    caller.provider->submit({message});
    mute.wait_requests(1);
    caller.provider->stop(Milliseconds{4000});
    const auto end = caller.events.wait_outcome_of(message.token);
    BOOST_TEST((end.kind == OutcomeKind::unknown));
    BOOST_TEST(end.text == "cancelled", "the plugin has heard the reply, and ended the message by itself");
  });
}

BOOST_AUTO_TEST_CASE(a_child_without_a_network_calls_through_the_daemon) {
  HttpPeer peer(always(200, "ok"));
  Caller caller(Placement::child, {host_of(peer)});
  caller.settings.sandbox.network = Network::none;
  caller.start();
  BOOST_TEST(caller.ask(caller.call("POST " + peer.url())).code == "200 of 1");
}

BOOST_AUTO_TEST_CASE(the_end_of_a_child_gives_its_calls_up_and_the_next_one_calls_anew) {
  HttpPeer peer([](Connection &c) {
    if (c.number() != 1) return always(200, "ok")(c);
    c.request();
    c.wait_end();
  });
  Caller caller(Placement::child, {host_of(peer)});
  caller.start();
  const auto dying = caller.call("POST " + peer.url(), {}, "call@x");
  caller.provider->submit({dying});
  peer.wait_requests(1);
  caller.signal(SIGKILL);
  BOOST_TEST((caller.events.wait_outcome_of(dying.token).kind == OutcomeKind::unknown));
  peer.wait_closed(1);
  caller.wait_up(2);
  BOOST_TEST(caller.ask(caller.call("POST " + peer.url())).code == "200 of 1");
  BOOST_TEST(peer.count_of("POST") == 2u);
}

/// A plugin that writes to the daemon by itself gets no further than one that calls.
BOOST_AUTO_TEST_CASE(frames_that_no_honest_child_sends_are_none) {
  HttpCall call;
  call.token = 1;
  call.method = "POST";
  call.url = "https://api.example.com/";
  call.body.assign(2 * kHttpPieceBytes + 5, 'x');
  const auto frames = [](const auto &value) {
    OutBytes out;
    FrameWriter w(out);
    encode(w, value);
    FrameBuffer buffer;
    std::vector<Frame> all;
    for (auto rest = out.view(); !rest.empty();) {
      std::size_t room{0};
      char *space{buffer.space(room)};
      const auto count = std::min(room, rest.size());
      std::memcpy(space, rest.data(), count);
      buffer.add(count);
      rest.remove_prefix(count);
      while (auto frame = buffer.next()) all.push_back(std::move(*frame));
    }
    return all;
  };
  const auto good = frames(call);
  BOOST_REQUIRE(good.size() == 3u);
  HttpAssembly<HttpCall> assembly;
  BOOST_TEST(!assembly.add(good[1].payload));
  BOOST_TEST(assembly.begin(*decode_http_call(good[0].payload)));
  BOOST_TEST(!assembly.begin(*decode_http_call(good[0].payload)));
  BOOST_TEST(assembly.add(good[1].payload));
  BOOST_TEST(!assembly.take());
  BOOST_TEST(!assembly.add(good[1].payload));
  BOOST_TEST(assembly.add(good[2].payload));
  BOOST_TEST(assembly.take()->body == call.body);
  for (std::size_t cut{0}; cut < 100; ++cut) BOOST_TEST(!decode_http_call(good[0].payload.substr(0, cut)));
  const auto refused = [&](auto &&change) {
    auto bad = call;
    change(bad);
    return !decode_http_call(frames(bad)[0].payload).has_value();
  };
  BOOST_TEST(refused([](HttpCall &c) { c.token = 0; }));
  BOOST_TEST(refused([](HttpCall &c) { c.method = "GET / HTTP/1.1\r\nX:"; }));
  BOOST_TEST(refused([](HttpCall &c) { c.headers = {{"Host", "evil.example"}}; }));
  BOOST_TEST(refused([](HttpCall &c) { c.headers = {{"X", "a\r\nb"}}; }));
  BOOST_TEST(refused([](HttpCall &c) { c.reply_max = kHttpReplyMax + 1; }));
  BOOST_TEST(refused([](HttpCall &c) { c.timeout = Milliseconds{0}; }));
  BOOST_TEST(refused([](HttpCall &c) { c.timeout = Milliseconds{3'600'000}; }));
  BOOST_TEST(refused([](HttpCall &c) { c.body.assign(kHttpBodyMax + 1, 'x'); }));
  HttpReply reply;
  reply.token = 3;
  reply.headers = {{"a", "b"}};
  reply.body = "body";
  const auto back = decode_http_reply(frames(reply)[0].payload);
  BOOST_REQUIRE(back);
  BOOST_TEST(back->value.body == "body");
  BOOST_TEST((back->value.headers == reply.headers));
}

BOOST_AUTO_TEST_CASE(without_a_client_every_call_is_refused) {
  in_both_placements([](Placement placement) {
    Caller caller(placement, {});
    caller.settings.http.reset();
    caller.start();
    BOOST_TEST(caller.ask(caller.call("POST http://127.0.0.1:1/")).code ==
               std::to_string(RELANCE_E_REFUSED));
  });
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
