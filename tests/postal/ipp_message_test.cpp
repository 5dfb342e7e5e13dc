// IPP's bytes: what we write is what the standard's examples have, and what we read never trusts a length.
#include "plugins/protocol/ipp/message.hpp"

#include <boost/test/unit_test.hpp>

using namespace relance::ipp;

namespace {

Message sample() {
  Message message{.version = 0x0101, .code = 0x0002, .request_id = 1};
  auto &group = message.groups.emplace_back(Group{Tag::operation_attributes});
  group.add("attributes-charset", Value::of(Tag::charset, "us-ascii"));
  group.add("attributes-natural-language", Value::of(Tag::natural_language, "en-us"));
  group.attributes.push_back({"requested", {Value::of(Tag::keyword, "a"), Value::of(Tag::keyword, "bc")}});
  auto &job = message.groups.emplace_back(Group{Tag::job_attributes});
  job.add("copies", Value::of_integer(20));
  message.document = "%!PS...";
  return message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ipp_message_test)

BOOST_AUTO_TEST_CASE(a_request_has_the_bytes_of_the_standards_example) {
  // RFC 8010 appendix A.1, of which these are the first attributes.
  const auto bytes = encode(sample());
  const std::string_view head{
      "\x01\x01\x00\x02\x00\x00\x00\x01\x01\x47\x00\x12"
      "attributes-charset\x00\x08us-ascii\x48\x00\x1b"
      "attributes-natural-language\x00\x05"
      "en-us",
      77};
  BOOST_TEST((bytes.substr(0, head.size()) == head));
  const std::string_view copies{
      "\x21\x00\x06"
      "copies\x00\x04\x00\x00\x00\x14\x03%!PS...",
      23};
  BOOST_TEST((bytes.substr(bytes.size() - copies.size()) == copies));
}

BOOST_AUTO_TEST_CASE(what_was_written_is_read_again) {
  const auto decoded = decode(encode(sample()));
  BOOST_TEST_REQUIRE(decoded.message.has_value());
  const auto &message = *decoded.message;
  BOOST_TEST(message.groups.size() == 2u);
  BOOST_TEST(message.groups[0].attributes[2].values.size() == 2u);
  BOOST_TEST(message.groups[0].text("requested") == "a");
  BOOST_TEST((message.find(Tag::job_attributes)->integer("copies") == 20));
  BOOST_TEST(message.document == "%!PS...");
  BOOST_TEST(Value::of_integer(-2).integer().value() == -2);
  BOOST_TEST(!Value::of(Tag::text, "four").integer().has_value());
}

BOOST_AUTO_TEST_CASE(every_cut_is_refused_and_no_changed_byte_reads_beyond_the_end) {
  auto message = sample();
  message.document.clear();
  const auto bytes = encode(message);
  for (std::size_t length{0}; length < bytes.size(); ++length)
    BOOST_TEST(!decode(bytes.substr(0, length)).message.has_value(), length);
  for (std::size_t at{0}; at < bytes.size(); ++at)
    for (const char other : {'\x00', '\x7F', '\xFF', '\x03'}) {
      auto changed = std::make_unique<char[]>(bytes.size());  // no spare byte behind it, as a string has
      std::copy(bytes.begin(), bytes.end(), changed.get());
      changed[at] = other;
      const auto decoded = decode({changed.get(), bytes.size()});
      BOOST_TEST(decoded.message.has_value() == decoded.fault.empty());
      if (decoded.message) BOOST_TEST(encode(*decoded.message).size() <= bytes.size());
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_message_is_refused_in_words) {
  for (const std::string_view bytes : {"", "HTTP/1.1 200 OK", "\x02\x00\x00"})
    BOOST_TEST(!decode(bytes).fault.empty());
  const std::string value_in_no_group{
      "\x02\x00\x00\x00\x00\x00\x00\x01\x21\x00\x01"
      "a\x00\x00\x03",
      15};
  BOOST_TEST(decode(value_in_no_group).fault.find("no group") != std::string::npos);
  const std::string further_value_of_nothing{"\x02\x00\x00\x00\x00\x00\x00\x01\x01\x21\x00\x00\x00\x00\x03",
                                             15};
  BOOST_TEST(decode(further_value_of_nothing).fault.find("further value") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
