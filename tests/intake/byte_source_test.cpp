#include "host/intake/byte_source.hpp"

#include "host/intake/csv_reader.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace relance::intake {
namespace {

std::string drain(const ByteSource &source) {
  std::string text;
  std::array<char, 7> buffer{};
  while (const std::size_t got = source(buffer).value()) text.append(buffer.data(), got);
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(byte_source_test)

BOOST_AUTO_TEST_CASE(every_source_gives_all_bytes_and_then_the_end_again_and_again) {
  const std::string text("a,b\r\n\0c,d and more than one buffer", 35);
  std::istringstream stream(text);
  std::array<int, 2> ends{};
  BOOST_TEST_REQUIRE(::pipe(ends.data()) == 0);
  BOOST_TEST_REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  for (const ByteSource &source : {from_text(text, 3), from_stream(stream), from_descriptor(ends[0])}) {
    BOOST_TEST(drain(source) == text);
    BOOST_TEST(drain(source).empty());
  }
  ::close(ends[0]);
}

BOOST_AUTO_TEST_CASE(a_descriptor_that_cannot_be_read_is_an_error_and_not_an_empty_file) {
  const int folder = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CsvReader reader(from_descriptor(folder), {});
  CsvRow row;
  const Result<bool> got = reader.next(row);
  BOOST_TEST_REQUIRE(got.has_error());
  BOOST_TEST((got.error().kind == ErrorKind::unavailable));
  ::close(folder);
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::intake
