// The container: one right sequence of bytes, and nothing else is taken for it.
#include "host/evidence/container.hpp"

#include "tests/evidence/pki.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace relance::evidence {
using test::TemporaryFolder;

BOOST_AUTO_TEST_SUITE(container_test)

namespace {

using Contents = std::vector<std::pair<std::string, std::string>>;

std::string packed(const Contents &contents) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "c.zip";
  const int file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  ContainerWriter writer{file};
  for (const auto &[name, bytes] : contents) BOOST_TEST_REQUIRE(writer.add(name, bytes).has_value());
  BOOST_TEST_REQUIRE(writer.finish().has_value());
  ::close(file);
  std::ostringstream out;
  out << std::ifstream{path, std::ios::binary}.rdbuf();
  return out.str();
}

const Contents kSome{
    {"mimetype", "application/vnd.etsi.asic-e+zip"}, {"files/a.txt", "hello"}, {"empty", ""}};

/// The name of the second entry, wherever it stands, becomes another of the same length.
std::string renamed(std::string file, const std::string &to) {
  for (auto at = file.find("files/a.txt"); at != std::string::npos; at = file.find("files/a.txt", at))
    file.replace(at, to.size(), to);
  return file;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_put_in_comes_out_in_its_order) {
  const auto file = packed(kSome);
  const auto entries = read_container(file);
  BOOST_TEST_REQUIRE(entries.has_value());
  BOOST_TEST_REQUIRE(entries->size() == kSome.size());
  for (std::size_t i{0}; i < kSome.size(); ++i) {
    BOOST_TEST((*entries)[i].name == kSome[i].first);
    BOOST_TEST((*entries)[i].bytes == kSome[i].second);
  }
}

BOOST_AUTO_TEST_CASE(its_type_stands_at_the_place_where_programs_look_for_it) {
  const auto file = packed(kSome);
  BOOST_TEST(file.substr(30, 39) == "mimetypeapplication/vnd.etsi.asic-e+zip");
}

BOOST_AUTO_TEST_CASE(other_programs_can_unpack_it) {
  const TemporaryFolder folder;
  std::ofstream{folder.path() / "c.zip", std::ios::binary} << packed(kSome);
  const auto in = "cd '" + folder.path().string() + "' && ";
  BOOST_TEST(std::system((in + "unzip -qt c.zip >/dev/null").c_str()) == 0);
  BOOST_TEST(
      std::system((in +
                   "python3 -c 'import zipfile; z = zipfile.ZipFile(\"c.zip\"); assert z.testzip() is None;"
                   " assert z.read(\"files/a.txt\") == b\"hello\"'")
                      .c_str()) == 0);
}

BOOST_AUTO_TEST_CASE(every_single_flipped_bit_is_found) {
  auto file = packed(kSome);
  for (std::size_t bit{0}; bit < file.size() * 8; ++bit) {
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
    BOOST_TEST(!read_container(file), "bit " << bit);
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_or_goes_on_is_refused) {
  const auto file = packed(kSome);
  for (std::size_t size{0}; size < file.size(); ++size)
    BOOST_TEST(!read_container(std::string_view{file}.substr(0, size)), size);
  BOOST_TEST(!read_container(file + '\0'));
  BOOST_TEST(!read_container(file + file));
  BOOST_TEST(!read_container("x" + file));
}

BOOST_AUTO_TEST_CASE(names_that_lead_elsewhere_or_hide_another_are_refused) {
  const auto file = packed(kSome);
  BOOST_TEST(
      read_container(renamed(file, "files/b.txt")).has_value());  // the way the others are made is right
  for (const char *name : {"../es/a.txt", "/iles/a.txt", "files/../xt", "files//.txt", "files\\a.txt",
                           "C:les/a.txt", "files/a txt", "files/a.tx/", "...../a.txt", "files/a.t\xc3\xa9"})
    BOOST_TEST(!read_container(renamed(file, name)), name);
  const Contents twice{{"mimetype", "x"}, {"files/a.txt", "1"}, {"FILES/A.TXT", "2"}};
  BOOST_TEST(!read_container(packed(twice)));
}

BOOST_AUTO_TEST_CASE(a_header_that_promises_gigabytes_costs_nothing) {
  auto file = packed({{"bomb", "x"}});
  for (std::size_t at{18}; at < 26; ++at) file[at] = static_cast<char>(0xFF);
  BOOST_TEST(!read_container(file));
}

BOOST_AUTO_TEST_CASE(what_was_taken_back_is_not_there) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "c.zip";
  const int file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  ContainerWriter writer{file};
  BOOST_TEST(writer.add("one", "1").has_value());
  const auto mark = writer.mark();
  BOOST_TEST(writer.add("two", "a longer text").has_value());
  BOOST_TEST(writer.back_to(mark).has_value());
  BOOST_TEST(writer.add("two", "2").has_value());
  BOOST_TEST(writer.finish().has_value());
  ::close(file);
  std::ostringstream out;
  out << std::ifstream{path, std::ios::binary}.rdbuf();
  BOOST_TEST(out.str() == packed({{"one", "1"}, {"two", "2"}}));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::evidence
