// A description is checked whole before anything is sent: each fault is told with its JSON pointer. And what
// templates and places make of values.
#include "plugins/protocol/gateway/description.hpp"
#include "plugins/protocol/gateway/json_edit.hpp"
#include "plugins/protocol/gateway/reply.hpp"
#include "plugins/protocol/gateway/request.hpp"
#include "plugins/protocol/gateway/timestamp.hpp"
#include "plugins/protocol/gateway/xml.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <map>

using namespace relance;
using namespace relance::gateway;
using sdk::Json;

namespace {

const Known kKnown{{"key", "to", "from", "text", "webhook_url"}, {{"attachments", {"name", "bytes"}}}};

struct Faults {
  std::map<std::string, std::string> all;
  relance_issue_sink sink{this, [](void *self, const relance_issue *issue) {
                            static_cast<Faults *>(self)->all.emplace(sdk::to_view(issue->path),
                                                                     sdk::to_view(issue->message));
                          }};
};

std::map<std::string, std::string> faults_of(const std::string &settings) {
  Faults faults;
  sdk::Issues issues{&faults.sink};
  read_description(Json::parse(settings), kKnown, issues);
  return faults.all;
}

const std::string kGood{R"({
  "values": {"api_key": "k-123456"},
  "request": {"url": "https://sms.example/send", "authentication": {"type": "bearer", "token": "{api_key}"},
              "json": {"to": "{to}", "message": "{text}", "ref": "{key}"}},
  "reply": {"refs": "/id"},
  "callback": {"signature": {"scheme": "hmac", "header": "X-Signature", "secret": "{api_key}"}, "ref": "/id", "state": "/status",
               "states": {"ok": "delivered", "ko": {"event": "failed", "failure": "address_dead"}}}
})"};

std::map<std::string, std::string> with(const std::string &over) {
  return faults_of(merged(Json::parse(kGood), Json::parse(over)));
}

Variables values() {
  return {{"key", "K1"},
          {"to", "+33612345678"},
          {"from", "Acme"},
          {"text", "a \"b\" <c> & d"},
          {"webhook_url", ""}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_description_test)

BOOST_AUTO_TEST_CASE(a_good_description_has_no_fault) {
  for (const auto &[path, message] : faults_of(kGood)) BOOST_ERROR(path + ": " + message);
}

BOOST_AUTO_TEST_CASE(every_fault_is_told_with_its_place) {
  const std::pair<const char *, const char *> cases[]{
      {R"({"request": {"url": "sms.example/send"}})", "/request/url"},
      {R"({"request": {"url": "https://sms.example/{number}"}})", "/request/url"},
      {R"({"request": {"json": {"to": "{recipient}"}}})", "/request/json/to"},
      {R"({"request": {"json": {"deep": [{"a/b": "{nobody}"}]}}})", "/request/json/deep/0/a~1b"},
      {R"({"request": {"json": {"files": {"each": "pictures", "item": {}}}}})", "/request/json/files/each"},
      {R"({"request": {"json": {"text": "{text|shout}"}}})", "/request/json/text"},
      {R"({"request": {"json": {"text": "{text"}}})", "/request/json/text"},
      {R"({"request": {"json": {"text": "text}"}}})", "/request/json/text"},
      {R"({"request": {"form": {"a": "b"}}})", "/request"},
      {R"({"request": {"headers": {"X Y": "1"}}})", "/request/headers/X Y"},
      {R"({"request": {"headers": {"X-Y": "1\r\nZ: 2"}}})", "/request/headers/X-Y"},
      {R"({"request": {"authentication": {"type": "oauth"}}})", "/request/authentication/type"},
      {R"({"request": {"authentication": {"type": "basic", "user": "{api_key}"}}})",
       "/request/authentication/password"},
      {R"({"request": {"authentication": {"type": "bearer", "token": "{key}"}}})",
       "/request/authentication/token"},
      {R"({"request": {"authentication": {"type": "bearer", "token": "{nothing}"}}})",
       "/request/authentication/token"},
      {R"({"reply": {"format": "yaml"}})", "/reply/format"},
      {R"({"reply": {"refs": "id"}})", "/reply/refs"},
      {R"({"reply": {"refs": ["/id|cut:3"]}})", "/reply/refs/0"},
      {R"({"reply": {"rules": [{"status": 200, "outcome": "fine"}]}})", "/reply/rules/0/outcome"},
      {R"({"reply": {"rules": [{"status": "2xy", "outcome": "accepted"}]}})", "/reply/rules/0/status"},
      {R"({"reply": {"rules": [{"status": 900, "outcome": "accepted"}]}})", "/reply/rules/0/status"},
      {R"({"reply": {"rules": [{"status": 400, "outcome": "rejected"}]}})", "/reply/rules/0/failure"},
      {R"({"reply": {"rules": [{"where": {"code": ["1"]}, "outcome": "accepted"}]}})",
       "/reply/rules/0/where"},
      {R"({"callback": {"events": "items"}})", "/callback/events"},
      {R"({"callback": {"state": "status"}})", "/callback/state"},
      {R"({"callback": {"states": {"ok": "arrived"}}})", "/callback/states/ok"},
      {R"({"callback": {"states": {"ko": {"event": "failed", "reason": "sad"}}}})",
       "/callback/states/ko/reason"},
      {R"({"callback": {"codes": {"21": "dead"}}})", "/callback/codes/21"},
      {R"({"callback": {"inbound": {"from": "/from"}}})", "/callback/inbound/when"},
      {R"({"callback": {"signature": {"scheme": "none"}}})", "/callback/signature/scheme"},
      {R"({"callback": {"signature": {"header": ""}}})", "/callback/signature/header"},
      {R"({"callback": {"signature": {"secret": ""}}})", "/callback/signature/secret"},
      {R"({"callback": {"signature": {"algorithm": "crc32"}}})", "/callback/signature/algorithm"},
      {R"({"callback": {"signature": {"over": "{timestamp}.{body}"}}})",
       "/callback/signature/timestamp_header"},
      {R"({"callback": {"signature": {"over": "{text}"}}})", "/callback/signature/over"},
      {R"({"callback": {"signature": {"scheme": "public_key", "public_key": "no key"}}})",
       "/callback/signature/public_key"},
      {R"({"callback": {"signature": {"scheme": "sns"}}})", "/callback/signature/topics"},
      {R"({"values": {"to": "x"}})", "/values/to"},
      {R"({"requires": ["account"]})", "/values/account"},
  };
  for (const auto &[over, path] : cases) {
    const auto faults = with(over);
    BOOST_TEST(faults.contains(path), over << " was not told at " << path << " but at "
                                           << (faults.empty() ? "nothing" : faults.begin()->first));
  }
  BOOST_TEST(faults_of("{}").contains("/request"));
  BOOST_TEST(faults_of(R"({"request": {"url": "https://a.example/"}})").contains("/request"));
}

BOOST_AUTO_TEST_CASE(a_signature_that_does_not_cover_what_a_callback_says_is_warned_of) {
  const auto warns = [](const char *callback) {
    return with(std::string{R"({"callback": )"} + callback + '}').contains("/callback/signature/over");
  };
  BOOST_TEST(!warns("{}"));
  BOOST_TEST(warns(R"({"methods": ["GET", "POST"]})"));
  BOOST_TEST(warns(R"({"format": "query"})"));
  BOOST_TEST(!warns(R"({"methods": ["GET"], "signature": {"over": "{url}{body}"}})"));
}

BOOST_AUTO_TEST_CASE(an_unknown_variable_is_told_with_those_that_there_are) {
  const auto faults = with(R"({"request": {"json": {"to": "{recipient}"}}})");
  const auto &words = faults.at("/request/json/to");
  BOOST_TEST(words.find("{recipient}") != std::string::npos, words);
  BOOST_TEST(words.find("webhook_url, api_key") != std::string::npos, words);
}

BOOST_AUTO_TEST_CASE(what_is_filled_in_is_escaped_for_where_it_stands) {
  const auto text = values()["text"];
  BOOST_TEST(Template{"<m>{text}</m>"}.fill(values(), Template::Escape::xml).text ==
             "<m>a &quot;b&quot; &lt;c&gt; &amp; d</m>");
  BOOST_TEST(Template{"t={text}"}.fill(values(), Template::Escape::url).text ==
             "t=a%20%22b%22%20%3Cc%3E%20%26%20d");
  BOOST_TEST(fill_document(Json::parse(R"({"t": "{text}"})"), values(), {}).text ==
             R"({"t":"a \"b\" <c> & d"})");
  BOOST_TEST(Template{"{{{to|no_plus}}}"}.fill(values()).text == "{33612345678}");
  BOOST_TEST(Template{"{to|zero_zero}"}.fill(values()).text == "0033612345678");
  BOOST_TEST(Template{"{from|map:Acme=1,Other=2}"}.fill(values()).text == "1");
}

BOOST_AUTO_TEST_CASE(what_may_be_empty_is_left_out_and_what_may_not_refuses_the_message) {
  const auto document = Json::parse(
      R"({"to": "{to}", "hook": {"url": "{webhook_url?}"}, "list": ["{webhook_url?}", "{from}"], "n": "{to|digits|number}", "e": {}})");
  BOOST_TEST(fill_document(document, values(), {}).text ==
             R"({"to":"+33612345678","list":["Acme"],"n":33612345678,"e":{}})");
  BOOST_TEST(fill_document(Json::parse(R"({"hook": "{webhook_url}"})"), values(), {}).missing ==
             "webhook_url");
  const Lists lists{{"attachments", {{{"name", "a.pdf"}, {"bytes", "xyz"}}}}};
  const auto files = Json::parse(
      R"({"f": {"each": "attachments", "item": {"n": "{attachments.name}", "b": "{attachments.bytes|base64}"}}})");
  BOOST_TEST(fill_document(files, values(), lists).text == R"({"f":[{"n":"a.pdf","b":"eHl6"}]})");
  BOOST_TEST(fill_document(files, values(), {}).text == "{}");
}

BOOST_AUTO_TEST_CASE(a_value_never_breaks_out_of_a_header_a_form_or_a_path) {
  Request request;
  request.url = "https://sms.example/{to}/send";
  request.headers = {{"X-Text", "{text}"}};
  request.body = Request::Body::form;
  request.form = {{"text", "{text}"}};
  auto hostile = values();
  hostile["text"] = "a\r\nX-Evil: 1&admin=1";
  hostile["to"] = "../../admin?x=#";
  const auto built = build_request(request, hostile, {}, 0).request;
  BOOST_TEST(built.url == "https://sms.example/..%2F..%2Fadmin%3Fx%3D%23/send");
  BOOST_TEST(built.headers[0].second == "aX-Evil: 1&admin=1");
  BOOST_TEST(built.body == "text=a%0D%0AX-Evil%3A%201%26admin%3D1");
}

BOOST_AUTO_TEST_CASE(a_url_takes_a_host_with_its_port_and_a_base_and_escapes_what_follows) {
  const auto url = [](const std::string &pattern, const std::string &host) {
    Request request;
    request.url = pattern;
    auto all = values();
    all["host"] = host;
    all["to"] = "../a b&c";
    return build_request(request, all, {}, 0).request.url;
  };
  BOOST_TEST(url("https://{host}/v1/{to}", "sms.example:8443") ==
             "https://sms.example:8443/v1/..%2Fa%20b%26c");
  BOOST_TEST(url("https://{host}", "[2001:db8::1]:8443") == "https://[2001:db8::1]:8443");
  BOOST_TEST(url("https://eu.{host}:444/x", "sms.example") == "https://eu.sms.example:444/x");
  BOOST_TEST(url("https://{host}/v1", "sms.example/admin?a=1#") ==
             "https://sms.example%2Fadmin%3Fa%3D1%23/v1");
  BOOST_TEST(url("https://{host}/v1", "u:p@evil.example") == "https://u%3Ap%40evil.example/v1");
  BOOST_TEST(url("{host}/v1/{to}", "https://sms.example:8443/base") ==
             "https://sms.example:8443/base/v1/..%2Fa%20b%26c");
}

BOOST_AUTO_TEST_CASE(a_price_is_read_however_a_number_may_be_written) {
  const std::pair<const char *, std::int64_t> prices[]{{"0.07", 70'000},
                                                       {"-0.0750", 75'000},
                                                       {"5e-05", 50},
                                                       {"7.5E-2", 75'000},
                                                       {"1.25e+1", 12'500'000},
                                                       {"12", 12'000'000},
                                                       {"0", 0},
                                                       {"0.0000009", 0},
                                                       {".5", 500'000},
                                                       {"1.", 1'000'000},
                                                       {"0.07000000000000001", 70'000},
                                                       {"9e-40", -1}};
  for (const auto &[text, micro] : prices) BOOST_TEST(micro_units(text).value_or(-1) == micro, text);
  for (const auto *text : {"", "-", ".", "e5", "1e", "1e5x", "1,5", "0x10", "1.2.3", "1e13", "nan", "inf",
                           "9999999999999999999", "--1", "1e--1"})
    BOOST_TEST(!micro_units(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(
    a_multipart_body_is_the_same_for_the_same_message_and_its_boundary_stands_nowhere_in_it) {
  Request request;
  request.url = "https://mail.example/send";
  request.body = Request::Body::multipart;
  request.form = {{"to", "{to}"}};
  request.files = {
      {"attachment", "attachments", "{attachments.name}", "application/pdf", "{attachments.bytes}"}};
  const auto plain = build_request(request, values(), {}, 0).request;
  const auto boundary =
      plain.headers.back().second.substr(std::string{"multipart/form-data; boundary="}.size());
  const Lists lists{{"attachments", {{{"name", "a\"\r\nb.pdf"}, {"bytes", "--" + boundary + "--"}}}}};
  const auto built = build_request(request, values(), lists, 0).request;
  BOOST_TEST(built.headers.back().second == "multipart/form-data; boundary=" + boundary + "x");
  BOOST_TEST(built.body.find("filename=\"a%22b.pdf\"") != std::string::npos, built.body);
  BOOST_TEST(built.body == build_request(request, values(), lists, 99).request.body);
}

BOOST_AUTO_TEST_CASE(times_are_read_as_providers_write_them) {
  const std::pair<const char *, std::int64_t> cases[]{{"1700000000", 1'700'000'000'000},
                                                      {"1700000000123", 1'700'000'000'123},
                                                      {"1534111899.659519", 1'534'111'899'000},
                                                      {"2023-11-14T22:13:20Z", 1'700'000'000'000},
                                                      {"2023-11-14T22:13:20.5Z", 1'700'000'000'500},
                                                      {"2023-11-14 22:13:20", 1'700'000'000'000},
                                                      {"2023-11-15T00:13:20+02:00", 1'700'000'000'000},
                                                      {"2023-11-14T17:13:20-0500", 1'700'000'000'000},
                                                      {"Tue, 14 Nov 2023 22:13:20 +0000", 1'700'000'000'000},
                                                      {"Wed, 15 Nov 2023 00:13:20 +0200", 1'700'000'000'000},
                                                      {"2311142213", 1'699'999'980'000},
                                                      {"", 0},
                                                      {"yesterday", 0},
                                                      {"2023-13-14T22:13:20Z", 0},
                                                      {"12", 0},
                                                      {"99999999999999999999", 0}};
  for (const auto &[text, ms] : cases) BOOST_TEST(read_time_ms(text) == ms, text);
}

BOOST_AUTO_TEST_CASE(xml_is_walked_by_the_same_pointers) {
  const auto document =
      parse_xml("<?xml version='1.0'?><ns:r><status code='7'>ok</status><id>1</id><id>2</id></ns:r>");
  std::vector<const Json *> found;
  find_all(document, "/r/id/*", found);
  BOOST_REQUIRE_EQUAL(found.size(), 2u);
  BOOST_TEST(found[1]->text() == "2");
  BOOST_TEST(document["r"]["status"]["@code"].text() == "7");
  BOOST_TEST(document["r"]["status"]["#text"].text() == "ok");
  BOOST_TEST(parse_xml("<a><b></a>").is_absent());
  std::string many{"<r>"};
  for (int i{0}; i < 90'000; ++i) many += "<e" + std::to_string(i) + "/>";
  const auto began = std::chrono::steady_clock::now();
  BOOST_TEST(parse_xml(many + "</r>")["r"].items().size() == 90'000u);  // each of its own name
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds{10}));
  BOOST_TEST(parse_xml("not xml").is_absent());
}

BOOST_AUTO_TEST_SUITE_END()
