// What the fax channel makes of words: numbers, pages, settings, and what the server says of a job.
#include "plugins/fax/document.hpp"
#include "plugins/fax/hylafax/dialling.hpp"
#include "plugins/fax/hylafax/settings.hpp"
#include "plugins/fax/hylafax/verdicts.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

using namespace relance::fax;
using namespace relance::fax::hylafax;
using relance::hylafax::Job;
using relance::hylafax::State;
namespace sdk = relance::sdk;

BOOST_AUTO_TEST_SUITE(fax_words_test)

namespace {

constexpr const char *kKey{"01HV5T3X2Y4Z6A8B0C2D4E6F8G"};

sdk::Receipt receipt_of(Job job) {
  job.id = "17", job.key = kKey;
  const auto parsed = read_inbound(to_inbound(job).bytes);
  BOOST_REQUIRE_EQUAL(parsed.receipts.size(), 1u);
  return parsed.receipts[0];
}

void number(std::string &out, std::uint32_t value, int bytes) {
  for (int i{0}; i < bytes; ++i, value >>= 8) out += static_cast<char>(value & 0xFF);
}
/// Directories without entries, each pointing to the next one.
std::string tiff(unsigned pages) {
  std::string out{"II*\0", 4};
  number(out, 8, 4);
  for (unsigned page{1}; page <= pages; ++page) {
    number(out, 0, 2);
    number(out, page == pages ? 0 : 8 + 6 * page, 4);
  }
  return out;
}

std::vector<std::string> faults_of(const std::string &json) {
  std::vector<std::string> paths;
  const relance_issue_sink sink{
      &paths, [](void *all, const relance_issue *issue) {
        if (issue->fatal != 0)
          static_cast<std::vector<std::string> *>(all)->emplace_back(sdk::to_view(issue->path));
      }};
  sdk::Issues issues{&sink};
  [[maybe_unused]] const auto settings = read_settings(json, issues);
  return paths;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_number_is_dialled_as_the_line_wants_it) {
  const DialRules france{.country_code = "33"}, office{.country_code = "33", .prefix = "0,"};
  const DialRules america{.country_code = "1", .national_prefix = "1", .international_prefix = "011"};
  struct Row {
    const char *number;
    DialRules rules;
    const char *dialled;
  };
  for (const auto &row :
       {Row{"+33140000001", france, "0140000001"}, Row{"+4930123456", france, "004930123456"},
        Row{"+33140000001", office, "0,0140000001"}, Row{"+33140000001", {}, "+33140000001"},
        Row{"+12125550100", america, "12125550100"}, Row{"+33140000001", america, "01133140000001"}})
    BOOST_CHECK_EQUAL(dial_string(row.number, row.rules).value_or("none"), row.dialled);
  for (const auto *wrong : {"", "+", "0140000001", "+331", "+33 140000001", "+33140000001\r\nJKILL 1",
                            "+1234567890123456", "+33140000001\""})
    BOOST_CHECK(!dial_string(wrong, france));
}

BOOST_AUTO_TEST_CASE(the_pages_of_a_tiff_are_counted_and_what_is_torn_is_none) {
  for (unsigned pages : {1u, 2u, 500u}) BOOST_CHECK_EQUAL(count_tiff_pages(tiff(pages)).value_or(0), pages);
  BOOST_CHECK(!count_tiff_pages(tiff(501)));
  const auto whole = tiff(3);
  for (std::size_t size{0}; size < whole.size(); ++size)
    BOOST_CHECK(!count_tiff_pages(whole.substr(0, size)));
  auto circle = tiff(2);
  circle[circle.size() - 4] = 8;
  BOOST_CHECK(!count_tiff_pages(circle));
  auto nowhere = tiff(1);
  nowhere[4] = '\xFF', nowhere[7] = '\xFF';
  BOOST_CHECK(!count_tiff_pages(nowhere));
  BOOST_CHECK(!count_tiff_pages("%PDF-1.7\n"));
}

BOOST_AUTO_TEST_CASE(what_the_server_says_of_a_job_becomes_a_receipt) {
  using Kind = sdk::ReceiptKind;
  using Class = sdk::FailureClass;
  struct Row {
    Job job;
    Kind kind;
    bool is_final;
    Class failure;
    const char *code;
    const char *text;
  };
  const std::array rows{
      Row{{.state = State::ready, .code = "000"},
          Kind::interim,
          false,
          Class::none,
          "",
          "waits at the fax server"},
      Row{{.state = State::active, .code = "000", .dials = 1, .dials_max = 3},
          Kind::interim,
          false,
          Class::none,
          "",
          "a call is under way"},
      Row{{.state = State::sleeping,
           .code = "001",
           .status = "Busy signal detected",
           .dials = 1,
           .dials_max = 3},
          Kind::interim,
          false,
          Class::none,
          "E001",
          "Busy signal detected; 1 of 3 calls made"},
      Row{{.state = State::done, .code = "000", .pages = 2, .pages_total = 2},
          Kind::delivered,
          true,
          Class::none,
          "",
          "2 of 2 pages arrived"},
      Row{{.state = State::done, .code = "000", .pages = 1, .pages_total = 2},
          Kind::failed,
          true,
          Class::temporary,
          "",
          "1 of 2 pages arrived"},
      Row{{.state = State::failed,
           .code = "333",
           .status = "No answer from remote; too many attempts to dial",
           .pages_total = 2},
          Kind::failed,
          true,
          Class::temporary,
          "E333",
          "No answer from remote; too many attempts to dial; 0 of 2 pages arrived"},
      Row{{.state = State::failed,
           .code = "149",
           .status = "RSPREC error/got DCN (receiver abort)",
           .pages = 3,
           .pages_total = 5},
          Kind::failed,
          true,
          Class::temporary,
          "E149",
          "RSPREC error/got DCN (receiver abort); 3 of 5 pages arrived"},
      Row{{.state = State::failed, .code = "345", .status = "Job aborted by request", .pages_total = 1},
          Kind::cancelled,
          true,
          Class::none,
          "E345",
          "Job aborted by request; 0 of 1 pages arrived"},
      Row{{.state = State::failed, .code = "325", .status = "Kill time expired", .pages_total = 1},
          Kind::expired,
          true,
          Class::temporary,
          "E325",
          "Kill time expired; 0 of 1 pages arrived"},
      Row{{.state = State::failed,
           .code = "326",
           .status = "REJECT: Requested modem ttyS9 is not registered"},
          Kind::failed,
          true,
          Class::configuration,
          "E326",
          "REJECT: Requested modem ttyS9 is not registered; 0 pages arrived"},
      Row{{.state = State::failed, .code = "322", .status = "REJECT: Too many pages in submission: 9, max 5"},
          Kind::failed,
          true,
          Class::policy,
          "E322",
          "REJECT: Too many pages in submission: 9, max 5; 0 pages arrived"},
  };
  for (const auto &row : rows) {
    const auto receipt = receipt_of(row.job);
    BOOST_TEST_CONTEXT(row.text) {
      BOOST_CHECK(receipt.kind == row.kind);
      BOOST_CHECK_EQUAL(receipt.is_final, row.is_final);
      BOOST_CHECK(receipt.failure == row.failure);
      BOOST_CHECK_EQUAL(receipt.code, row.code);
      BOOST_CHECK_EQUAL(receipt.text, row.text);
      BOOST_CHECK_EQUAL(receipt.ref, std::string{"17/"} + kKey);
      BOOST_CHECK_EQUAL(receipt.idempotency_key, kKey);
    }
  }
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_job_of_ours_are_unreadable) {
  for (const auto *bytes : {"", "{}", "[1]", R"({"job": "17", "state": "DONE"})",
                            R"({"job": "17", "key": "short", "state": "DONE"})",
                            R"({"job": "x", "key": "01HV5T3X2Y4Z6A8B0C2D4E6F8G", "state": "DONE"})",
                            R"({"job": "17", "key": "01HV5T3X2Y4Z6A8B0C2D4E6F8G", "state": "LOST"})"})
    BOOST_CHECK(read_inbound(bytes).status == sdk::Parsed::Status::unreadable);
}

BOOST_AUTO_TEST_CASE(a_name_of_what_is_told_changes_with_everything_that_happens) {
  const Job first{.id = "17", .key = kKey, .state = State::sleeping, .dials = 1};
  auto second = first;
  second.dials = 2;
  auto third = first;
  third.state = State::active;
  BOOST_CHECK(to_inbound(first).name != to_inbound(second).name);
  BOOST_CHECK(to_inbound(first).name != to_inbound(third).name);
  BOOST_CHECK_EQUAL(to_inbound(first).name, to_inbound(first).name);
}

BOOST_AUTO_TEST_CASE(settings_that_would_reach_the_wire_as_something_else_are_refused) {
  BOOST_CHECK(
      faults_of(
          R"({"host": "fax.example", "user": "relance", "password": "a b", "dial": {"country_code": "33", "prefix": "0,"}})")
          .empty());
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"/user", R"({"host": "h", "user": "a\r\nADMIN"})"},
      {"/user", R"({"host": "h"})"},
      {"/host", R"({"user": "u"})"},
      {"/password", R"({"host": "h", "user": "u", "password": "a\nJKILL 1"})"},
      {"/modem", R"({"host": "h", "user": "u", "modem": "a\"b"})"},
      {"/dial/prefix", R"({"host": "h", "user": "u", "dial": {"prefix": "0,"}})"},
      {"/dial/national_prefix",
       R"({"host": "h", "user": "u", "dial": {"country_code": "33", "national_prefix": "0W"}})"},
      {"/dials_max", R"({"host": "h", "user": "u", "dials_max": 0})"},
      {"", "[]"}};
  for (const auto &[path, json] : wrong) {
    const auto faults = faults_of(json);
    BOOST_TEST_CONTEXT(json) {
      BOOST_REQUIRE_EQUAL(faults.size(), 1u);
      BOOST_CHECK_EQUAL(faults[0], path);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_line_of_a_list_is_read_with_whatever_words_stand_at_its_end) {
  const auto job = relance::hylafax::read_listed(
      "8|S|01HV5T3X2Y4Z6A8B0C2D4E6F8G|relance|0|2|1|3|1795361070|Busy | signal");
  BOOST_REQUIRE(job);
  BOOST_CHECK(job->state == State::sleeping);
  BOOST_CHECK_EQUAL(job->status, "Busy | signal");
  BOOST_CHECK_EQUAL(job->scheduled_s, 1795361070);
  for (const auto *line : {"", "8|S", "x|S|k|o|0|0|0|0|0|", "8|?|k|o|0|0|0|0|0|"})
    BOOST_CHECK(!relance::hylafax::read_listed(line));
}

BOOST_AUTO_TEST_SUITE_END()
