// What a built message says to two parsers that are not ours.
#include "plugins/protocol/mime/mime.hpp"
#include "tests/protocol/mime_reading.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <random>

namespace relance::mime {
using test::broken_line_rule;
using test::read_with_gmime;
using test::read_with_python;

BOOST_AUTO_TEST_SUITE(mime_build_test)

namespace {
struct Sample {
  std::array<Address, 1> to{{{"Élodie Durand, comptabilité", "compta@example.fr"}}};
  Message message{};  // views `to`: not to be copied
  Sample(const Sample &) = delete;
  Sample() {
    message.from = {"Relance SARL", "factures@example.com"};
    message.to = to;
    message.subject =
        "Facture 2026-0042 échue depuis 15 jours – merci de vérifier votre règlement à réception";
    message.date_unix_s = 1'767'225'600;
    message.message_id = "01HF7YAT00.1@example.com";
    message.text = "Bonjour,\n\nvotre facture reste impayée.\n";
    message.html = "<p>Bonjour,</p>\n<p>votre facture reste impayée.</p>\n";
  }
};
std::string built(const Message &message) {
  auto result = build(message);
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result.has_error() ? result.error().text() : ""));
  return result->bytes;
}
}  // namespace

BOOST_AUTO_TEST_CASE(two_parsers_read_what_was_written) {
  const Sample sample;
  const auto bytes = built(sample.message);
  BOOST_TEST(broken_line_rule(bytes, 78) == "");
  for (const auto &read : {read_with_gmime(bytes), read_with_python(bytes)}) {
    BOOST_TEST(read.subject == sample.message.subject);
    BOOST_TEST(read.to.find("compta@example.fr") != std::string::npos);
    BOOST_TEST(read.to.find("Élodie Durand, comptabilité") != std::string::npos);
    BOOST_TEST(read.from.find("Relance SARL <factures@example.com>") != std::string::npos);
    BOOST_REQUIRE_EQUAL(read.parts.size(), 2u);
    BOOST_TEST(read.parts[0].media_type == "text/plain");
    // The last line end belongs to the boundary behind it (RFC 2046 §5.1.1).
    BOOST_TEST(read.parts[0].bytes == "Bonjour,\r\n\r\nvotre facture reste impayée.");
    BOOST_TEST(read.parts[1].media_type == "text/html");
  }
  BOOST_TEST(read_with_gmime(bytes).date == "2026-01-01T00:00:00Z");
  BOOST_TEST(read_with_gmime(bytes).message_id == "01HF7YAT00.1@example.com");
  BOOST_TEST(bytes.find("\r\nAuto-Submitted: auto-generated\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_same_input_gives_the_same_bytes_and_another_seed_other_boundaries) {
  Sample sample;
  const auto bytes = built(sample.message);
  BOOST_TEST(built(Sample{}.message) == bytes);
  sample.message.boundary_seed = "another";
  BOOST_TEST(built(sample.message) != bytes);
}

BOOST_AUTO_TEST_CASE(attachments_keep_their_bytes_and_names) {
  Sample sample;
  std::string pdf{"%PDF-1.7\r\n\0\xff\xfe=_"};
  pdf.resize(100'003, '\x9c');
  const std::string long_name{
      "relevé de compte – très long nom de fichier pour la comptabilité générale 2026 n° 42 \"final\".pdf"};
  const std::array<Attachment, 2> attachments{
      {{"application/pdf", "facture.pdf", pdf}, {"text/csv", long_name, "a;b\r\n"}}};
  sample.message.attachments = attachments;
  const auto bytes = built(sample.message);
  BOOST_TEST(broken_line_rule(bytes, 78) == "");
  for (const auto &read : {read_with_gmime(bytes), read_with_python(bytes)}) {
    BOOST_REQUIRE_EQUAL(read.parts.size(), 4u);
    BOOST_TEST(read.parts[2].file_name == "facture.pdf");
    BOOST_TEST((read.parts[2].bytes == pdf));
    BOOST_TEST(read.parts[3].file_name == long_name);
    BOOST_TEST(read.parts[3].bytes == "a;b\r\n");
  }
}

BOOST_AUTO_TEST_CASE(text_survives_every_transfer_encoding) {
  const std::array<std::string, 8> texts{"plain\r\n",
                                         "From the start\r\n",
                                         ".\r\n..\r\ntrailing blank \r\n",
                                         std::string(3000, 'x') + "\r\n",
                                         "--=_a0000000000000000\r\n",
                                         "Ημερομηνία λήξης του τιμολογίου σας, παρακαλούμε\r\n",
                                         "tab\tend\t\r\n\r\n\r\n=3D = é\r\n",
                                         std::string(74, 'y') + "é" + std::string(74, ' ') + "z  \r\n"};
  for (const auto &text : texts) {
    Sample sample;
    sample.message.text = text;
    sample.message.html = {};
    const auto bytes = built(sample.message);
    BOOST_TEST(broken_line_rule(bytes, 78) == "");
    BOOST_TEST(read_with_gmime(bytes).parts.at(0).bytes == text);
    BOOST_TEST(read_with_python(bytes).parts.at(0).bytes == text);
  }
}

BOOST_AUTO_TEST_CASE(mixed_line_ends_become_cr_lf) {
  Sample sample;
  sample.message.html = {};
  sample.message.text = "one\ntwo\rthree\r\nfour";
  BOOST_TEST(read_with_gmime(built(sample.message)).parts.at(0).bytes == "one\r\ntwo\r\nthree\r\nfour\r\n");
}

BOOST_AUTO_TEST_CASE(any_subject_comes_back_as_it_was) {
  // A fixed seed: the same subjects in every run.
  std::mt19937 random{42};
  const std::array<std::string, 12> pieces{
      "é", "€", "𝄞", " ", "=?UTF-8?Q?x?=", "word", "ß_?", "  ", "漢字", std::string(70, 'w'), "=", "\""};
  for (int round{0}; round < 300; ++round) {
    std::string subject{"s"};
    for (auto count = random() % 20; count > 0; --count) subject += pieces[random() % pieces.size()];
    subject += "e";
    Sample sample;
    sample.message.subject = subject;
    const auto bytes = built(sample.message);
    BOOST_REQUIRE_EQUAL(broken_line_rule(bytes, 78), "");
    BOOST_REQUIRE_MESSAGE(read_with_gmime(bytes).subject == subject,
                          subject << " in " << bytes.substr(0, 900));
  }
}

BOOST_AUTO_TEST_CASE(only_a_local_part_outside_ascii_needs_smtputf8) {
  Sample sample;
  BOOST_TEST(!build(sample.message)->needs_smtputf8);
  sample.to[0].email = "info@bücher.example";
  auto result = build(sample.message);
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(!result->needs_smtputf8);
  BOOST_TEST(result->bytes.find("<info@xn--bcher-kva.example>") != std::string::npos);
  sample.to[0].email = "élodie@bücher.example";
  result = build(sample.message);
  BOOST_REQUIRE(result.has_value());
  BOOST_TEST(result->needs_smtputf8);
  BOOST_TEST(result->bytes.find("<élodie@xn--bcher-kva.example>") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::mime
