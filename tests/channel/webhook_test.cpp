// authenticate() over the border, in both placements: what the plugin sees, what it may answer, and that
// every request gets its one judgement, also from a plugin that crashes, hangs, throws or is gone.
#include "host/channel/webhook_border.hpp"
#include "tests/channel/child_bench.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/signature.hpp>

namespace relance::channel {
BOOST_AUTO_TEST_SUITE(webhook_test)

namespace {

struct HookBench : test::ChildBench {
  explicit HookBench(Placement placement) : ChildBench("hooked", R"({"secret":"s3cret"})") {
    settings.placement = placement;
  }
  void hand_over(Token token, std::string body, Fields more = {}, bool is_signed = true) {
    auto request = std::make_shared<WebhookRequest>();
    request->method = "POST";
    request->url = "https://hooks.example.com/hooks/p1/t0ken?a=1";
    request->remote_address = "192.0.2.1";
    request->received_at = from_ms(1'700'000'000'000);
    request->headers = std::move(more);
    if (is_signed)
      request->headers.emplace_back("x-signature", sdk::to_hex(sdk::hmac_sha256("s3cret", body)));
    request->body = std::move(body);
    provider->authenticate({{token, std::move(request)}});
  }
  Judgement wait(Token token) {
    std::optional<Judgement> found;
    events.wait_for("a judgement", [&](auto &r) {
      const auto at =
          std::find_if(r.judged_.begin(), r.judged_.end(), [&](const auto &j) { return j.token == token; });
      if (at != r.judged_.end()) found = *at;
      return found.has_value();
    });
    return *found;
  }
  Judgement ask(std::string body, Fields more = {}, bool is_signed = true) {
    const auto token = ++last_token;
    hand_over(token, std::move(body), std::move(more), is_signed);
    return wait(token);
  }
};

template <class F>
void in_both_placements(F &&run) {
  for (const auto placement : {Placement::in_process, Placement::child})
    BOOST_TEST_CONTEXT((placement == Placement::child ? "child" : "in process")) {
      HookBench bench{placement};
      bench.start();
      run(bench);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_signed_request_is_genuine_and_any_other_is_forged) {
  in_both_placements([](HookBench &bench) {
    BOOST_TEST(bench.provider->traits().can_webhook);
    BOOST_TEST((bench.ask("KEY delivered").verdict == Verdict::genuine));
    BOOST_TEST((bench.ask("KEY delivered", {}, false).verdict == Verdict::forged));
    BOOST_TEST((bench.ask("KEY delivered", {{"x-signature", "00"}}, false).verdict == Verdict::forged));
    BOOST_TEST((bench.ask("", {{"x-do", "poke"}}, false).verdict == Verdict::poke));
  });
}

BOOST_AUTO_TEST_CASE(the_plugin_sees_method_url_caller_headers_in_order_and_every_byte_of_the_body) {
  in_both_placements([](HookBench &bench) {
    // Below, at and above the size from which a body travels as a file.
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{5}, kSealedBytesMin - 1, kSealedBytesMin, 3 * kSealedBytesMin + 1}) {
      const auto judged =
          bench.ask(std::string(size, 'b'), {{"x-do", "answer"}, {"x-b", "2"}, {"x-a", "1"}, {"x-b", ""}});
      BOOST_TEST((judged.verdict == Verdict::genuine));
      BOOST_REQUIRE(judged.answer);
      const std::string expected{
          "POST\nhttps://hooks.example.com/hooks/p1/"
          "t0ken?a=1\n192.0.2.1\n1700000000000\nx-do=answer\nx-b=2\nx-a=1\nx-b=\nx-signature="};
      BOOST_TEST(judged.answer->body.substr(0, expected.size()) == expected);
      BOOST_TEST(judged.answer->body.substr(judged.answer->body.rfind('\n') + 1) == std::to_string(size));
    }
  });
}

BOOST_AUTO_TEST_CASE(an_answer_keeps_what_may_stand_in_a_response_and_loses_the_rest) {
  in_both_placements([](HookBench &bench) {
    const auto judged = bench.ask("", {{"x-do", "challenge"}, {"x-challenge", "abc"}}, false);
    BOOST_TEST((judged.verdict == Verdict::challenge));
    BOOST_REQUIRE(judged.answer);
    BOOST_TEST(judged.answer->status == 202u);
    BOOST_TEST(judged.answer->body == "echo abc");
    const Fields kept{{"content-type", "text/plain"}, {"x-twice", "1"}};
    BOOST_TEST((judged.answer->headers == kept));
  });
}

BOOST_AUTO_TEST_CASE(a_line_break_in_a_header_value_is_not_handed_on) {
  const relance_kv headers[]{{RELANCE_LIT("x-a"), RELANCE_LIT("1\r\nx-evil: 2")},
                             {RELANCE_LIT("x-ok"), RELANCE_LIT("1")}};
  relance_http_response response{};
  response.size = sizeof response;
  response.status = 200;
  response.headers = headers;
  response.header_count = 2;
  const auto answer = to_answer(response);
  BOOST_REQUIRE(answer);
  BOOST_REQUIRE(answer->headers.size() == 1u);
  BOOST_TEST(answer->headers[0].first == "x-ok");
  response.status = 199;
  BOOST_TEST(!to_answer(response));
}

BOOST_AUTO_TEST_CASE(a_plugin_that_throws_has_called_it_forged) {
  in_both_placements([](HookBench &bench) {
    BOOST_TEST((bench.ask("x", {{"x-do", "throw"}}).verdict == Verdict::forged));
    BOOST_TEST((bench.ask("x").verdict == Verdict::genuine));
  });
}

BOOST_AUTO_TEST_CASE(a_crash_ends_what_was_open_as_down_and_the_next_child_judges_again) {
  HookBench bench{Placement::child};
  bench.start();
  bench.freeze();
  for (Token token{101}; token < 111; ++token) bench.hand_over(token, "x");
  bench.signal(SIGKILL);
  for (Token token{101}; token < 111; ++token) BOOST_TEST((bench.wait(token).verdict == Verdict::down));
  bench.wait_up(2);
  const auto crashed = bench.ask("x", {{"x-do", "crash"}});
  BOOST_TEST((crashed.verdict == Verdict::down));
  BOOST_TEST(!crashed.because.empty());
  bench.wait_up(3);
  BOOST_TEST((bench.ask("x").verdict == Verdict::genuine));
}

BOOST_AUTO_TEST_CASE(a_plugin_that_hangs_is_down_once_the_time_for_a_judgement_is_over) {
  for (const auto placement : {Placement::in_process, Placement::child})
    BOOST_TEST_CONTEXT((placement == Placement::child ? "child" : "in process")) {
      HookBench bench{placement};
      bench.settings.limits.judge_timeout = Milliseconds{200};
      bench.settings.limits.hang_timeout = Milliseconds{1500};
      bench.start();
      BOOST_TEST((bench.ask("x", {{"x-do", "hang"}}).verdict == Verdict::down));
      if (placement == Placement::child) {
        bench.hand_over(500, "x");  // it owes this one, so it is asked for a sign of life, and killed
        BOOST_TEST((bench.wait(500).verdict == Verdict::down));
      }
      bench.provider->stop(Milliseconds{100});
      BOOST_TEST((bench.ask("x").verdict == Verdict::down));
    }
}

BOOST_AUTO_TEST_CASE(more_than_may_wait_are_down_at_once) {
  HookBench bench{Placement::child};
  bench.settings.limits.judging_max = 8;
  bench.start();
  bench.freeze();
  for (Token token{101}; token <= 108; ++token) bench.hand_over(token, "x");
  BOOST_TEST((bench.ask("x").verdict == Verdict::down));
  bench.signal(SIGCONT);
  for (Token token{101}; token <= 108; ++token) BOOST_TEST((bench.wait(token).verdict == Verdict::genuine));
}

BOOST_AUTO_TEST_CASE(the_public_url_is_what_the_host_was_told_last_also_after_a_crash) {
  in_both_placements([](HookBench &bench) {
    const auto url_of = [&] {
      const auto outcome = bench.send("anyone");
      return outcome.refs.at(0).substr(outcome.refs.at(0).find('@') + 1);
    };
    BOOST_TEST(url_of() == "");
    bench.provider->set_webhook_url("https://hooks.example.com/hooks/p1/one");
    BOOST_TEST(url_of() == "https://hooks.example.com/hooks/p1/one");
    const auto longer = "https://hooks.example.com/hooks/p1/" + std::string(400, 'x');
    bench.provider->set_webhook_url(longer);
    BOOST_TEST(url_of() == longer);
    if (bench.settings.placement != Placement::child) return;
    bench.signal(SIGKILL);
    bench.wait_up(2);
    BOOST_TEST(url_of() == longer);
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace relance::channel
