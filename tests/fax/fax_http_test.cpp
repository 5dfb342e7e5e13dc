// The driver "http": a fax service described by the operator, on a host that answers as the service does.
#include "plugins/fax/http/channel.hpp"
#include "tests/gateway/profile_bench.hpp"

#include <boost/test/unit_test.hpp>

using namespace relance;
using sdk::FailureClass;
using sdk::OutcomeKind;
using sdk::ReceiptKind;

BOOST_AUTO_TEST_SUITE(fax_http_test)

namespace {

const std::string kRules{R"("reply": {"refs": "/id", "code": "/error/code", "rules": [
    {"status": 201, "where": {"/id": "*"}, "outcome": "accepted"},
    {"status": "4xx", "where": {"/error/code": "E1*"}, "outcome": "rejected", "failure": "policy"}]},
  "callback": {"ref": "/id", "key": "/reference", "state": "/state", "states": {"sent": "delivered", "busy": {"event": "failed", "failure": "temporary"}},
    "signature": {"scheme": "token", "parameter": "token", "secret": "{secret}"}})"};
const std::string kAsFile{R"({"pages_max": 2, "values": {"secret": "s-123456"},
  "request": {"url": "https://fax.example/v1/faxes", "authentication": {"type": "bearer", "token": "t0ken-abc"},
    "multipart": {"to": "{to}", "from": "{from?}", "reference": "{key}"},
    "files": [{"field": "file", "file_name": "{document_name}", "media_type": "{document_type}", "content": "{document}"}]}, )" +
                          kRules + "}"};
const std::string kAsJson{R"({"values": {"secret": "s-123456"},
  "request": {"url": "https://fax.example/v1/faxes",
    "json": {"recipient": "{to|no_plus}", "pages": "{pages?|number}", "file": {"name": "{document_name}", "data": "{document|base64}"}}}, )" +
                          kRules + "}"};

/// Two pages without content, with bytes that no text has.
const std::string kPages{"II*\0\x08\0\0\0\0\0\x0e\0\0\0\0\0\0\0\0\0", 20};

struct Bench : gateway::test::ProfileBench<fax::http::HttpChannel> {
  explicit Bench(const std::string &settings) : ProfileBench{settings} {
    message.channel = "fax";
    message.address = "+33140000001";
    message.sender_address = "+33140000000";
    letter("image/tiff", kPages);
  }
  void letter(const std::string &type, const std::string &bytes) {
    message.parts = {{.bytes = "in words"}, {.role = "letter", .media_type = type, .bytes = bytes}};
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_page_is_a_file_of_a_multipart_request_byte_by_byte) {
  Bench bench{kAsFile};
  const auto outcome = bench.answered(201, R"({"id": "f-1"})");
  BOOST_CHECK(outcome.kind == OutcomeKind::accepted);
  BOOST_REQUIRE_EQUAL(outcome.refs.size(), 1u);
  BOOST_CHECK_EQUAL(outcome.refs[0], "f-1");
  const auto type = bench.header("content-type");
  BOOST_REQUIRE(type.starts_with("multipart/form-data; boundary="));
  const auto boundary = "--" + type.substr(type.find('=') + 1);
  const auto &body = bench.requests.back().body;
  const auto file =
      "\r\n" + boundary +
      "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"fax.tif\"\r\nContent-Type: "
      "image/tiff\r\n\r\n" +
      kPages + "\r\n" + boundary + "--\r\n";
  BOOST_CHECK(body.ends_with(file));
  BOOST_CHECK(body.find("name=\"to\"\r\n\r\n+33140000001\r\n") != body.npos);
  BOOST_CHECK(body.find("name=\"reference\"\r\n\r\n01HV5T3X2Y4Z6A8B0C2D4E6F8G\r\n") != body.npos);
  BOOST_CHECK_EQUAL(bench.requests.size(), 1u);
}

BOOST_AUTO_TEST_CASE(or_it_stands_in_base64_within_json) {
  Bench bench{kAsJson};
  BOOST_CHECK(bench.answered(201, R"({"id": "f-1"})").kind == OutcomeKind::accepted);
  const auto order = sdk::Json::parse(bench.requests.back().body);
  BOOST_CHECK_EQUAL(order["recipient"].text(), "33140000001");
  BOOST_CHECK_EQUAL(order["pages"].integer(), 2);
  BOOST_CHECK_EQUAL(order["file"]["data"].text(), sdk::to_base64(kPages));
  bench.letter("application/pdf", "%PDF-1.7\n");
  BOOST_CHECK(bench.answered(201, R"({"id": "f-2"})").kind == OutcomeKind::accepted);
  const auto pdf = sdk::Json::parse(bench.requests.back().body);
  BOOST_CHECK_EQUAL(pdf["file"]["name"].text(), "fax.pdf");
  BOOST_CHECK(pdf["pages"].is_absent());  // how many a PDF has is not known
}

BOOST_AUTO_TEST_CASE(what_is_no_fax_is_refused_before_anybody_is_asked) {
  Bench bench{kAsFile};
  const auto refused = [&](std::string_view words) {
    const auto outcome = bench.answered(201, R"({"id": "f-1"})");
    BOOST_CHECK(outcome.kind == OutcomeKind::rejected);
    BOOST_CHECK_MESSAGE(outcome.text.find(words) != outcome.text.npos, outcome.text);
  };
  bench.message.address = "0140000001";
  refused("is no number");
  bench.message.address = "+33140000001";
  bench.letter("image/tiff", kPages.substr(0, 15));
  refused("no whole TIFF");
  bench.letter("image/png", "\x89PNG");
  refused("image/tiff, application/pdf");
  bench.message.parts.resize(1);
  refused("no page to send");
  bench.letter("image/tiff", std::string{"II*\0\x08\0\0\0\0\0\x0e\0\0\0\0\0\x14\0\0\0\0\0\0\0\0\0", 26});
  refused("3 pages, and at most 2");
  BOOST_CHECK(bench.requests.empty());
}

BOOST_AUTO_TEST_CASE(answers_and_callbacks_are_read_as_described) {
  Bench bench{kAsFile};
  BOOST_CHECK(bench.answered(422, R"({"error": {"code": "E12"}})").kind == OutcomeKind::rejected);
  BOOST_CHECK(bench.answered(500, "").kind == OutcomeKind::unknown);
  const auto parsed =
      bench.parse_json_post(R"({"id": "f-1", "reference": "01HV5T3X2Y4Z6A8B0C2D4E6F8G", "state": "sent"})");
  BOOST_REQUIRE_EQUAL(parsed.receipts.size(), 1u);
  BOOST_CHECK(parsed.receipts[0].kind == ReceiptKind::delivered);
  BOOST_CHECK(parsed.receipts[0].is_final);
  const auto busy = bench.parse_json_post(R"({"id": "f-2", "state": "busy"})");
  BOOST_REQUIRE_EQUAL(busy.receipts.size(), 1u);
  BOOST_CHECK(busy.receipts[0].kind == ReceiptKind::failed);
  BOOST_CHECK(busy.receipts[0].failure == FailureClass::temporary);
}

BOOST_AUTO_TEST_SUITE_END()
