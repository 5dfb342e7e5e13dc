// What a log line looks like, and what can never be in it.
#include "host/base/log.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <fcntl.h>
#include <set>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace relance::log {
namespace {

constexpr Id kAll[]{
#define RELANCE_LOG_MESSAGE(id, level, text, explanation) Id::id,
#include "host/base/log_catalogue.def"
#undef RELANCE_LOG_MESSAGE
};

/// Standard error, caught in a file for the object's life.
class Caught {
 public:
  Caught() : saved_{dup(STDERR_FILENO)}, file_{std::tmpfile()} {
    std::fflush(stderr);
    dup2(fileno(file_), STDERR_FILENO);
  }
  ~Caught() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    std::fclose(file_);
  }
  Caught(const Caught &) = delete;
  Caught &operator=(const Caught &) = delete;
  [[nodiscard]] std::string text() const {
    std::fflush(stderr);
    std::string all(static_cast<std::size_t>(lseek(fileno(file_), 0, SEEK_END)), '\0');
    const auto got = pread(fileno(file_), all.data(), all.size(), 0);
    all.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return all;
  }

 private:
  int saved_;
  std::FILE *file_;
};

BOOST_AUTO_TEST_SUITE(log_test)

BOOST_AUTO_TEST_CASE(every_message_says_what_it_means) {
  std::set<std::string_view> names;
  for (const auto id : kAll) {
    const auto &message = message_of(id);
    BOOST_TEST_CONTEXT(message.name) {
      BOOST_TEST(names.insert(message.name).second);
      BOOST_TEST(!message.text.empty());
      BOOST_TEST(message.explanation.size() > 20u);
      BOOST_TEST(message.explanation.ends_with('.'));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_line_has_time_level_id_text_and_fields) {
  start(Target::standard_error, Level::info);
  const Caught caught;
  event(Id::DAEMON_READY, {{"milliseconds", 42}, {"who", "a \"b\""}});
  const auto line = caught.text();
  BOOST_TEST(line.ends_with("info DAEMON_READY relanced is ready milliseconds=\"42\" who=\"a \\\"b\\\"\"\n"));
  BOOST_TEST(line.substr(4, 1) == "-");
  BOOST_TEST(line.substr(10, 1) == "T");
}

BOOST_AUTO_TEST_CASE(nothing_from_outside_makes_a_second_line) {
  start(Target::standard_error, Level::info);
  const Caught caught;
  event(Id::DAEMON_READY, {{"value", std::string_view{"one\nerror DAEMON_FORGED\r\x1b[2J\x7f", 29}}});
  const auto text = caught.text();
  BOOST_TEST(text.find('\n') == text.size() - 1);
  BOOST_TEST(text.find('\x1b') == std::string::npos);
  BOOST_TEST(text.find(R"(\nerror DAEMON_FORGED\u000d\u001b[2J)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_long_value_is_cut_and_says_so) {
  start(Target::standard_error, Level::info);
  const Caught caught;
  event(Id::DAEMON_READY, {{"value", std::string(10'000, 'x')}});
  const auto text = caught.text();
  BOOST_TEST(text.size() < 2300u);
  BOOST_TEST(text.find("(cut)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(messages_below_the_level_are_counted_and_not_written) {
  start(Target::standard_error, Level::error);
  const auto before = count_of(Id::DAEMON_READY);
  const Caught caught;
  event(Id::DAEMON_READY);
  BOOST_TEST(caught.text().empty());
  BOOST_TEST(count_of(Id::DAEMON_READY) == before + 1);
  set_level(Level::info);
  event(Id::DAEMON_READY);
  BOOST_TEST(!caught.text().empty());
}

BOOST_AUTO_TEST_CASE(the_journal_is_chosen_only_when_it_is_our_standard_error) {
  setenv("JOURNAL_STREAM", "1:2", 1);
  BOOST_TEST((detect_target() == Target::standard_error));
  struct stat status{};
  BOOST_REQUIRE(fstat(STDERR_FILENO, &status) == 0);
  setenv("JOURNAL_STREAM", (std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino)).c_str(), 1);
  BOOST_TEST((detect_target() == Target::journald));
  unsetenv("JOURNAL_STREAM");
  BOOST_TEST((detect_target() == Target::standard_error));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace relance::log
