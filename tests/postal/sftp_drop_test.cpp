// The driver "sftp" against a real OpenSSH server: what lies in the drop folder after each step, after a
// crash at each step, and what an operator is told when the server is not the one it should be.
#include "plugins/postal/sftp/channel.hpp"
#include "tests/postal/letters.hpp"
#include "tests/postal/ssh_server.hpp"

#include <boost/test/unit_test.hpp>
#include <relance/channel.hpp>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

using namespace relance;
using relance::postal::sftp::SftpChannel;
using relance::test::key_of;
using relance::test::letter_of;
using relance::test::pdf_of;
using sdk::FailureClass;
using sdk::OutcomeKind;
using sdk::ReceiptKind;

BOOST_AUTO_TEST_SUITE(sftp_drop_test)

namespace {

namespace fs = std::filesystem;

struct Setup {
  std::string host_key{}, private_key{}, password{}, folder{}, more{};
};

struct Bench {
  test::SshServer server;
  std::optional<testkit::FakeHost> host;
  std::optional<testkit::Instance> instance;

  [[nodiscard]] std::string settings(const Setup &setup = {}) const {
    const auto or_else = [](const std::string &text, const std::string &otherwise) {
      return text.empty() ? otherwise : text;
    };
    std::string text{R"({"host": "127.0.0.1", "port": )" + std::to_string(server.port()) + R"(, "user": )" +
                     sdk::json_string(test::SshServer::user()) + R"(, "timeout_s": 5, "host_key": )" +
                     sdk::json_string(or_else(setup.host_key, server.host_key())) + R"(, "folder": )" +
                     sdk::json_string(or_else(setup.folder, server.folder().string()))};
    if (setup.password.empty())
      text += R"(, "private_key": )" + sdk::json_string(or_else(setup.private_key, server.private_key()));
    else
      text += R"(, "password": )" + sdk::json_string(setup.password);
    return text + setup.more + '}';
  }
  testkit::Instance &started(const Setup &setup = {}) {
    end();
    host.emplace();
    host->set_wall_ms(::time(nullptr) * 1000LL);
    instance.emplace(sdk::Driver<SftpChannel>::table(), *host, settings(setup));
    return *instance;
  }
  void end() {
    instance.reset();
    host.reset();
  }
  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto &entry : fs::directory_iterator(server.folder())) names.insert(entry.path().filename());
    return names;
  }
  [[nodiscard]] std::string content(const std::string &name) const {
    return test::text_of(server.folder() / name);
  }
  void write(const std::string &name, const std::string &text) const {
    std::ofstream{server.home() / name} << text;
  }
};

bool is_skipped() {
  const auto why = test::SshServer::missing();
  if (!why.empty()) std::cout << "all of this suite skipped: " << why << '\n';
  return !why.empty();
}

constexpr const char *kAcknowledged{
    R"(, "acknowledgements": {"folder": "@", "key": "job", "state": "status", "time": "when", "reason": "why",
      "states": {"Posted": "dispatched", "DELIVERED": "delivered", "RETURNED": "returned", "BAD_PDF": "rejected"}})"};
std::string acknowledged(const fs::path &folder) {
  std::string text{kAcknowledged};
  return text.replace(text.find('@'), 1, folder.string());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_job_is_complete_before_it_is_released_and_released_by_one_rename) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  const auto pdf = pdf_of(3, 300'000);
  const auto prepared = plugin.send(letter_of(key_of(1), "registered_ar", pdf));
  BOOST_TEST_REQUIRE((prepared.kind == OutcomeKind::prepared), prepared.text);
  BOOST_TEST((bench.files() == std::set<std::string>{key_of(1) + ".pdf.part", key_of(1) + ".json.part"}));
  BOOST_TEST((plugin.query(key_of(1), {}).kind == OutcomeKind::prepared));
  const auto accepted = plugin.commit(prepared.refs);
  BOOST_TEST_REQUIRE((accepted.kind == OutcomeKind::accepted), accepted.text);
  BOOST_TEST((bench.files() == std::set<std::string>{key_of(1) + ".pdf", key_of(1) + ".json"}));
  BOOST_TEST((bench.content(key_of(1) + ".pdf") == pdf));
  const auto manifest = sdk::Json::parse(bench.content(key_of(1) + ".json"));
  BOOST_TEST(manifest["key"].text() == key_of(1));
  BOOST_TEST(manifest["service"].text() == "registered_ar");
  BOOST_TEST(manifest["recipient"]["lines"][2].text() == "75002 Paris");
  BOOST_TEST(manifest["document"]["pages"].integer() == 3);
  BOOST_TEST(manifest["document"]["sha256"].text() == sdk::to_hex(sdk::Sha256{}.add(pdf).digest()));
  BOOST_TEST(manifest["references"]["invoice"].text() == "F-2026-017");
  BOOST_TEST((plugin.commit(prepared.refs).kind == OutcomeKind::accepted),
             "a second commit finds it released");
  BOOST_TEST((plugin.query({}, prepared.refs).kind == OutcomeKind::accepted));
}

BOOST_AUTO_TEST_CASE(a_manifest_may_be_a_table) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started({.more = R"(, "manifest": "csv", "delimiter": ",")"});
  auto message = letter_of(key_of(1));
  message.postal_lines = {"Martin, \"Camille\"", "12 rue de la Paix", "75002 Paris"};
  const auto prepared = plugin.send(message);
  BOOST_TEST((plugin.query(key_of(1), {}).kind == OutcomeKind::prepared));
  BOOST_TEST((plugin.commit(prepared.refs).kind == OutcomeKind::accepted));
  const auto table = bench.content(key_of(1) + ".csv");
  BOOST_TEST(table.find("\"Martin, \"\"Camille\"\"\",12 rue de la Paix,75002 Paris,,,,FR\r\n") != table.npos,
             table);
}

BOOST_AUTO_TEST_CASE(a_draft_is_discarded_and_a_released_job_is_not) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  const auto draft = plugin.send(letter_of(key_of(1))), released = plugin.send(letter_of(key_of(2)));
  BOOST_TEST((plugin.commit(released.refs).kind == OutcomeKind::accepted));
  BOOST_TEST((plugin.discard(draft.refs).kind == sdk::DiscardKind::gone));
  BOOST_TEST((plugin.discard(released.refs).kind == sdk::DiscardKind::released));
  BOOST_TEST((bench.files() == std::set<std::string>{key_of(2) + ".pdf", key_of(2) + ".json"}));
  const auto gone = plugin.commit(draft.refs);
  BOOST_TEST((gone.kind == OutcomeKind::unknown), "a job that is not there may have been taken");
}

BOOST_AUTO_TEST_CASE(drafts_that_nobody_knows_of_are_swept_after_their_time) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  BOOST_TEST((plugin.send(letter_of(key_of(1))).kind == OutcomeKind::prepared));
  bench.write("drop/of-somebody-else.part", "x");
  BOOST_TEST(plugin.poll("").error == "");
  BOOST_TEST(bench.files().size() == 3u);
  bench.host->set_wall_ms(bench.host->wall_ms() + 8 * 86'400'000LL);
  BOOST_TEST(plugin.poll("").error == "");
  BOOST_TEST((bench.files() == std::set<std::string>{"of-somebody-else.part"}));
}

BOOST_AUTO_TEST_CASE(a_half_draft_is_never_offered_for_release) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  const auto draft = plugin.send(letter_of(key_of(1)));
  const auto manifest = bench.content(key_of(1) + ".json.part");
  bench.write("drop/" + key_of(1) + ".json.part", manifest.substr(0, manifest.size() / 2));
  BOOST_TEST((plugin.query(key_of(1), {}).kind == OutcomeKind::unknown));
  bench.write("drop/" + key_of(1) + ".json.part", manifest);
  BOOST_TEST((plugin.query(key_of(1), {}).kind == OutcomeKind::prepared));
  bench.write("drop/" + key_of(1) + ".pdf.part", "%PDF-1.5 half");
  BOOST_TEST((plugin.query(key_of(1), {}).kind == OutcomeKind::unknown));
}

BOOST_AUTO_TEST_CASE(another_server_gets_nothing_and_the_operator_reads_why) {
  if (is_skipped()) return;
  Bench bench;
  const auto says = [&](const Setup &setup, std::string_view words, bool is_configuration) {
    const auto outcome = bench.started(setup).send(letter_of(key_of(1)));
    BOOST_TEST((outcome.kind == OutcomeKind::not_sent), outcome.text);
    BOOST_TEST((outcome.failure == FailureClass::configuration) == is_configuration, outcome.text);
    BOOST_TEST(outcome.whole_instance);
    BOOST_TEST(outcome.retry_after_ms > 0);
    BOOST_TEST(outcome.text.find(words) != std::string::npos, outcome.text);
    BOOST_TEST(bench.files().empty());
  };
  auto other = bench.server.host_key();
  other.back() = other.back() == 'A' ? 'E' : 'A';
  says({.host_key = other}, "shows the host key " + bench.server.host_key(), true);
  says({.private_key = bench.server.other_key()}, "refuses the login of " + test::SshServer::user(), true);
  says({.password = "a wrong one"}, "refuses the login", true);
  says({.folder = "/nowhere/at/all"}, "no such file", true);
  bench.server.kill();
  says({}, "could not connect", false);
}

BOOST_AUTO_TEST_CASE(a_session_that_died_while_it_was_idle_costs_nothing) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started();
  const auto prepared = plugin.send(letter_of(key_of(1)));
  bench.server.kill();
  const auto lost = plugin.commit(prepared.refs);
  BOOST_TEST((lost.kind == OutcomeKind::not_sent), lost.text);
  bench.server.start();
  BOOST_TEST((plugin.commit(prepared.refs).kind == OutcomeKind::accepted));
  bench.server.kill();
  bench.server.start();
  BOOST_TEST((plugin.send(letter_of(key_of(2))).kind == OutcomeKind::prepared));
}

BOOST_AUTO_TEST_CASE(acknowledgements_are_read_when_they_are_whole_and_removed_when_they_are_stored) {
  if (is_skipped()) return;
  Bench bench;
  fs::create_directory(bench.server.home() / "said");
  auto &plugin = bench.started({.more = acknowledged(bench.server.home() / "said")});
  BOOST_TEST((plugin.traits().expected_receipt_count == 1u));
  const auto head = std::string{"job;status;when;why\n"};
  bench.write("said/1.csv", head + key_of(1) + ";posted;2026-11-22T10:00:00Z;\n");
  bench.write("said/2.csv.part", head);
  const auto first = plugin.poll("");
  BOOST_TEST(first.error == "");
  BOOST_TEST(bench.host->inbound().empty(), "seen once: it may still be written");
  bench.write("said/1.csv", head + key_of(1) + ";Posted;2026-11-22T10:00:00Z;\n" + key_of(2) +
                                ";RETURNED;;unknown here\n" + key_of(3) + ";SHREDDED;;\nnot-ours;Posted;;\n");
  const auto second = plugin.poll(first.cursor);
  BOOST_TEST(bench.host->inbound().empty(), "it has grown since");
  const auto third = plugin.poll(second.cursor);
  BOOST_TEST_REQUIRE(bench.host->inbound().size() == 1u);
  BOOST_TEST(fs::exists(bench.server.home() / "said/1.csv"), "not removed before its bytes are stored");
  const auto again = plugin.poll(second.cursor);
  BOOST_TEST(bench.host->inbound().size() == 2u, "a cursor that was not stored reads it again");
  bench.write("said/3.csv", head + key_of(4) + ";BAD_PDF;;no fonts\n");
  const auto fourth = plugin.poll(third.cursor);
  BOOST_TEST(!fs::exists(bench.server.home() / "said/1.csv"));
  BOOST_TEST(fs::exists(bench.server.home() / "said/3.csv"));

  const auto parsed = plugin.parse("poll", bench.host->inbound()[0].bytes);
  BOOST_TEST_REQUIRE(parsed.receipts.size() == 3u);
  BOOST_TEST((parsed.receipts[0].kind == ReceiptKind::dispatched && !parsed.receipts[0].is_final));
  BOOST_TEST(parsed.receipts[0].provider_time_ms == 1'795'341'600'000);
  BOOST_TEST((parsed.receipts[1].kind == ReceiptKind::returned &&
              parsed.receipts[1].failure == FailureClass::address_dead));
  BOOST_TEST(parsed.receipts[1].text == "unknown here");
  BOOST_TEST((parsed.receipts[2].kind == ReceiptKind::interim && !parsed.receipts[2].is_final),
             "an unknown word is never final");
}

BOOST_AUTO_TEST_CASE(acknowledgements_that_may_not_be_put_away_do_not_keep_new_ones_from_being_read) {
  if (is_skipped()) return;
  Bench bench;
  const auto said = bench.server.home() / "said";
  fs::create_directory(said);
  auto more = acknowledged(said);
  more.insert(more.find("\"key\""), "\"archive\": " + sdk::json_string((said / "nowhere").string()) + ", ");
  auto &plugin = bench.started({.more = more});
  const auto tell = [&](int number) {
    bench.write("said/" + std::to_string(number) + ".csv", "job;status\n" + key_of(number) + ";Posted\n");
  };
  for (int i{1000}; i < 1200; ++i) tell(i);
  auto cursor = plugin.poll(plugin.poll("").cursor).cursor;
  BOOST_TEST(bench.host->inbound().size() == 200u);
  tell(1200);
  for (int poll{0}; poll < 2; ++poll) {
    const auto polled = plugin.poll(cursor);
    BOOST_TEST(polled.error == "");
    cursor = polled.cursor;
  }
  BOOST_TEST(bench.host->inbound().size() == 201u);
}

BOOST_AUTO_TEST_CASE(acknowledgements_as_objects_and_bytes_that_are_none) {
  if (is_skipped()) return;
  Bench bench;
  auto more = acknowledged(bench.server.home());
  more.insert(more.find("\"key\""), R"("format": "json", )");
  auto &plugin = bench.started({.more = more});
  const auto object = R"({"job": ")" + key_of(1) + R"(", "status": "delivered"})";
  for (const auto &text : {object, '[' + object + ",7]", object + "\nnonsense\n"})
    BOOST_TEST(plugin.parse("poll", text).receipts.size() == 1u, text);
  for (const std::string text : {"", "\x01\x02", "[", "nonsense"})
    BOOST_TEST((plugin.parse("poll", text).status == sdk::Parsed::Status::unreadable), text);
}

/// In a process of its own, which is killed at some moment of it.
void send_and_commit(Bench &bench, const std::string &key, int report) {
  const auto tell = [&](char step) { return ::write(report, &step, 1) == 1; };
  auto &plugin = bench.started();
  const auto prepared = plugin.send(letter_of(key, "plain", pdf_of(2, 2'000'000)));
  if (prepared.kind != OutcomeKind::prepared || !tell('p')) return;
  if (!tell('c') || plugin.commit(prepared.refs).kind != OutcomeKind::accepted) return;
  (void)tell('a');
}

/// What the process has told, as far as it has.
std::string heard(int report) {
  std::string steps(8, '\0');
  const auto length = ::read(report, steps.data(), steps.size());
  steps.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return steps;
}

constexpr std::string_view kArrows[]{"begun",    ".pdf.part", "half", ".json.part",
                                     "prepared", "commit",    ".pdf", ".json"};

/// Waits until that arrow is reached, and kills there or a moment later; what the process had told by then.
std::string kill_at(std::string_view arrow, const Bench &bench, const std::string &key, pid_t pid,
                    int report) {
  std::string steps;
  const auto has_come = [&] {
    steps += heard(report);
    if (arrow == "begun") return true;
    if (arrow == "prepared") return steps.find('p') != steps.npos;
    if (arrow == "commit") return steps.find('c') != steps.npos;
    std::error_code none;
    if (arrow == "half")
      return fs::file_size(bench.server.folder() / (key + ".pdf.part"), none) > 1'000'000 && !none;
    return fs::exists(bench.server.folder() / (key + std::string{arrow}));
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!has_come() && steps.find('a') == steps.npos && std::chrono::steady_clock::now() < end) {
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return steps + heard(report);
}

/// What the host does then, by what it has on record; the key under which the letter must be there in the
/// end.
std::string recover(Bench &bench, const std::string &key, const std::string &other_key, bool is_prepared) {
  auto &plugin = bench.started();
  auto kept = key;
  if (!is_prepared) {  // at most a draft: handed over again under another key
    plugin.discard({key});
    kept = other_key;
    BOOST_TEST((plugin.send(letter_of(kept)).kind == OutcomeKind::prepared));
  }
  BOOST_TEST((plugin.commit({kept}).kind == OutcomeKind::accepted));
  return kept;
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_arrow_leaves_every_letter_in_the_folder_once) {
  if (is_skipped()) return;
  Bench bench;
  std::set<std::string> moments, wanted;
  int round{0};
  for (const auto arrow : kArrows) {
    const auto key = key_of(++round);
    bench.end();  // its threads would not be in the other process
    int report[2];
    BOOST_TEST_REQUIRE(::pipe(report) == 0);
    const auto pid = ::fork();
    if (pid == 0) {
      ::signal(SIGABRT, SIG_DFL);
      ::signal(SIGSEGV, SIG_DFL);
      send_and_commit(bench, key, report[1]);
      ::_exit(0);
    }
    ::close(report[1]);
    ::fcntl(report[0], F_SETFL, O_NONBLOCK);
    const auto steps = kill_at(arrow, bench, key, pid, report[0]);
    ::close(report[0]);
    const bool is_prepared{steps.find('p') != steps.npos};
    const auto files = bench.files();
    moments.insert(files.contains(key + ".json")       ? "released"
                   : is_prepared                       ? "prepared"
                   : files.contains(key + ".pdf.part") ? "with a draft begun"
                                                       : "before any byte");
    const auto kept = recover(bench, key, key_of(1000 + round), is_prepared);
    wanted.insert({kept + ".json", kept + ".pdf"});
  }
  // What the server still wrote for a process that was gone when its draft was discarded is swept in its
  // time.
  auto &plugin = bench.started();
  bench.host->set_wall_ms(bench.host->wall_ms() + 8 * 86'400'000LL);
  BOOST_TEST(plugin.poll("").error == "");
  BOOST_TEST((bench.files() == wanted), "every letter once, and no draft left");
  BOOST_TEST(moments.size() == 4u);
  for (const auto &moment : moments) BOOST_TEST_MESSAGE("killed " << moment);
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused_in_words) {
  if (is_skipped()) return;
  Bench bench;
  const auto fault = [&](const Setup &setup) {
    const testkit::FakeHost host;
    const auto issues =
        testkit::check_settings(sdk::Driver<SftpChannel>::table(), host, bench.settings(setup));
    for (const auto &issue : issues)
      if (issue.is_fatal) return issue.path;
    return std::string{};
  };
  BOOST_TEST(fault({}) == "");
  BOOST_TEST(fault({.host_key = "MD5:00"}) == "/host_key");
  BOOST_TEST(fault({.private_key = "hunter2"}) == "/private_key");
  BOOST_TEST(fault({.more = R"(, "password": "too")"}) == "/password");
  BOOST_TEST(fault({.more = R"(, "acknowledgements": {"folder": "x", "states": {"A": "eaten"}})"}) ==
             "/acknowledgements/states/A");
}

BOOST_AUTO_TEST_CASE(a_letter_beyond_the_limits_never_leaves) {
  if (is_skipped()) return;
  Bench bench;
  auto &plugin = bench.started({.more = R"(, "pages_max": 2)"});
  const auto long_one = plugin.send(letter_of(key_of(1), "plain", pdf_of(3)));
  BOOST_TEST((long_one.kind == OutcomeKind::rejected));
  BOOST_TEST(long_one.text.find("3 pages") != std::string::npos, long_one.text);
  auto without = letter_of(key_of(2));
  without.parts.pop_back();
  BOOST_TEST((plugin.send(without).kind == OutcomeKind::rejected));
  BOOST_TEST(bench.files().empty());
}

BOOST_AUTO_TEST_SUITE_END()
