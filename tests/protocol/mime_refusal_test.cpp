// What must never reach a header, and the name under which it is refused.
#include "plugins/protocol/mime/mime.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

namespace relance::mime {
BOOST_AUTO_TEST_SUITE(mime_refusal_test)

namespace {
struct Sample {
  std::array<Address, 1> to{{{"Debtor", "debtor@example.com"}}};
  Message message{};  // views `to`: not to be copied
  Sample(const Sample &) = delete;
  Sample() {
    message.from = {"Creditor", "creditor@example.com"};
    message.to = to;
    message.subject = "Reminder";
    message.message_id = "id@example.com";
    message.text = "text\n";
  }
};
/// "" when it was built.
std::string refusal_of(const Message &message) {
  const auto result = build(message);
  return result.has_value() ? "" : result.error().text();
}
template <class Change>
std::string refusal_with(Change change) {
  Sample sample;
  change(sample);
  return refusal_of(sample.message);
}
}  // namespace

BOOST_AUTO_TEST_CASE(no_control_character_reaches_a_header) {
  using namespace std::string_view_literals;
  for (const auto bad : {"a\rb"sv, "a\nb"sv, "a\r\nBcc: x@y.z"sv, "a\0b"sv, "a\x7f"sv}) {
    const std::array<Header, 1> headers{{{"X-Note", bad}}};
    const std::array<Attachment, 1> attachments{{{"application/pdf", bad, "x"}}};
    BOOST_TEST(refusal_with([&](Sample &s) { s.message.subject = bad; }) == "subject: control_character");
    BOOST_TEST(refusal_with([&](Sample &s) { s.to[0].name = bad; }) == "to: control_character");
    BOOST_TEST(refusal_with([&](Sample &s) { s.to[0].email = bad; }) == "to: control_character");
    BOOST_TEST(refusal_with([&](Sample &s) { s.message.from.name = bad; }) == "from: control_character");
    BOOST_TEST(refusal_with([&](Sample &s) { s.message.reply_to = {"", bad}; }) ==
               "reply-to: control_character");
    BOOST_TEST(refusal_with([&](Sample &s) { s.message.message_id = bad; }) ==
               "message-id: invalid_message_id");
    BOOST_TEST(refusal_with([&](Sample &s) { s.message.headers = headers; }) == "X-Note: control_character");
    BOOST_TEST(refusal_with([&](Sample &s) { s.message.attachments = attachments; }) ==
               "attachment file name: control_character");
  }
}

BOOST_AUTO_TEST_CASE(an_address_that_needs_guessing_is_refused) {
  for (const auto *bad :
       {"plain", "@example.com", "a@", "a@b@c", "a b@example.com", "a..b@example.com", ".a@example.com",
        "a@-x.example", "a@x-.example", "a@ex ample.com", "<a@example.com>", "a@[1.2.3.4", "a,b@example.com",
        "\"a\"b\"@example.com", "a@example..com",
        // A quote behind an escaped backslash ends the string: what follows would be the server's to read.
        R"("a\\"> NOTIFY=NEVER <b"@example.com)", R"("a\"@example.com)"}) {
    Sample sample;
    sample.to[0].email = bad;
    BOOST_TEST(refusal_of(sample.message) == "to: invalid_address", bad);
  }
  const std::string long_local(65, 'a');
  const auto long_address = long_local + "@example.com";
  Sample sample;
  sample.to[0].email = long_address;
  BOOST_TEST(refusal_of(sample.message) == "to: too_long");
  sample.to[0].email = "a\xff@example.com";
  BOOST_TEST(refusal_of(sample.message) == "to: invalid_utf8");
}

BOOST_AUTO_TEST_CASE(unusual_but_valid_addresses_pass) {
  for (const auto *good : {"a+b=c@example.com", "\"a b\"@example.com", "x@[127.0.0.1]",
                           "o'neil@xn--bcher-kva.example", "a@localhost", "a/b@example.com"}) {
    Sample sample;
    sample.to[0].email = good;
    BOOST_TEST(refusal_of(sample.message) == "", good);
  }
}

BOOST_AUTO_TEST_CASE(a_header_of_the_builder_cannot_be_set_from_outside) {
  for (const auto *name : {"From", "BCC", "Content-Type", "content-length", "Message-ID", "Return-Path"}) {
    Sample sample;
    const std::array<Header, 1> headers{{{name, "x"}}};
    sample.message.headers = headers;
    BOOST_TEST(refusal_of(sample.message) == std::string{name} + ": duplicate_header");
  }
  Sample sample;
  const std::array<Header, 1> headers{{{"X Note", "x"}}};
  sample.message.headers = headers;
  BOOST_TEST(refusal_of(sample.message) == "header: invalid_header_name");
}

BOOST_AUTO_TEST_CASE(media_types_are_tokens_and_never_nested_messages) {
  for (const auto *type : {"pdf", "a/b/c", "/pdf", "application/", "text/plain; x=\"\r\n", "message/rfc822",
                           "Multipart/mixed"}) {
    Sample sample;
    const std::array<Attachment, 1> attachments{{{type, "f", "x"}}};
    sample.message.attachments = attachments;
    BOOST_TEST(refusal_of(sample.message) == "attachment media type: invalid_media_type", type);
  }
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
  BOOST_TEST(refusal_with([](Sample &s) { s.message.to = {}; }) == "to: missing");
  BOOST_TEST(refusal_with([](Sample &s) { s.message.from.email = {}; }) == "from: missing");
  BOOST_TEST(refusal_with([](Sample &s) { s.message.message_id = {}; }) == "message-id: missing");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::mime
