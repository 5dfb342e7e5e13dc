// Each refusal of the loader: the file, what was found, what was expected.
#include "host/channel/library.hpp"

#include "tests/channel/recorder.hpp"

#include <elf.h>
#include <fstream>
#include <unistd.h>

namespace relance::channel {
namespace {

std::string path_of(const std::string &name) {
  return test::plugin_folder() + "/" + name + ".so";
}

void expect_refusal(const std::string &path, const std::string &found, const std::string &expected) {
  const auto loaded = load_plugin(path);
  BOOST_REQUIRE_MESSAGE(!loaded, path << " was loaded");
  const auto &message = loaded.error().message;
  BOOST_TEST_CONTEXT(message) {
    BOOST_TEST((loaded.error().kind == ErrorKind::invalid));
    BOOST_TEST(message.find("'" + path + "'") != std::string::npos);
    BOOST_TEST(message.find(found) != std::string::npos);
    const auto at = message.find("; expected ");
    BOOST_REQUIRE(at != std::string::npos);
    BOOST_TEST(message.find(expected, at) != std::string::npos);
  }
}

/// A copy of a good plugin with its ELF header changed.
template <class F>
std::string changed_copy(const test::TemporaryFolder &folder, F &&change) {
  const auto path = folder.path + "/changed.so";
  std::filesystem::copy_file(path_of("noop"), path, std::filesystem::copy_options::overwrite_existing);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char *>(&header), sizeof header);
  change(header);
  file.seekp(0);
  file.write(reinterpret_cast<const char *>(&header), sizeof header);
  return path;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(library_test)

BOOST_AUTO_TEST_CASE(a_good_plugin_is_loaded_and_its_drivers_are_listed) {
  const auto drivers = load_plugin(path_of("misfit_several_drivers"));
  BOOST_REQUIRE_MESSAGE(drivers, drivers.error().message);
  BOOST_REQUIRE(drivers->size() == 2u);
  BOOST_TEST(std::string(drivers->at(1)->descriptor->driver) == "second");
  BOOST_TEST((load_driver(path_of("misfit_several_drivers"), "second").value() == drivers->at(1)));
}

BOOST_AUTO_TEST_CASE(a_name_stands_for_a_file_of_the_plugin_directory) {
  BOOST_TEST(plugin_path("smtp", "/usr/lib/relance") == "/usr/lib/relance/smtp.so");
  BOOST_TEST(plugin_path("./mine.so", "/usr/lib/relance") == "./mine.so");
}

BOOST_AUTO_TEST_CASE(the_driver_must_be_chosen_where_there_are_several_and_must_be_there) {
  const auto none = load_driver(path_of("misfit_several_drivers"), "");
  BOOST_REQUIRE(!none);
  BOOST_TEST(none.error().message.find("one of: first, second") != std::string::npos);
  const auto wrong = load_driver(path_of("misfit_several_drivers"), "third");
  BOOST_REQUIRE(!wrong);
  BOOST_TEST(wrong.error().message.find("offers no driver 'third'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(files_that_are_no_shared_objects_are_refused_before_they_are_loaded) {
  const test::TemporaryFolder folder;
  expect_refusal(folder.path + "/absent.so", "does not exist", "an ELF shared object");
  expect_refusal(folder.path, "is a directory", "an ELF shared object");
  expect_refusal("/dev/null", "is not a regular file", "an ELF shared object");
  const auto script = folder.path + "/script.so";
  std::ofstream(script) << "#!/bin/sh\nexit 0\n";
  expect_refusal(script, "is not ELF", "an ELF shared object");
  const auto empty = folder.path + "/empty.so";
  std::ofstream(empty).close();
  expect_refusal(empty, "is empty", "an ELF shared object");
  const auto cut = folder.path + "/cut.so";
  std::filesystem::copy_file(path_of("noop"), cut);
  std::filesystem::resize_file(cut, 40);
  expect_refusal(cut, "is cut off within its ELF header", "an ELF shared object");
  std::filesystem::resize_file(cut, 4096);
  expect_refusal(cut, "'" + cut + "'", "");  // its symbols lie beyond: they cannot be read, or there are none
}

BOOST_AUTO_TEST_CASE(objects_of_another_kind_are_refused_before_they_are_loaded) {
  const test::TemporaryFolder folder;
  expect_refusal(changed_copy(folder, [](auto &h) { h.e_ident[EI_CLASS] = ELFCLASS32; }),
                 "is a 32-bit object", "64-bit");
  expect_refusal(changed_copy(folder, [](auto &h) { h.e_ident[EI_DATA] = ELFDATA2MSB; }), "is big-endian",
                 "little-endian");
  const auto foreign = static_cast<Elf64_Half>(
#if defined(__aarch64__)
      EM_X86_64
#else
      EM_AARCH64
#endif
  );
  expect_refusal(changed_copy(folder, [&](auto &h) { h.e_machine = foreign; }), "is built for ",
                 "; expected ");
  expect_refusal(changed_copy(folder, [](auto &h) { h.e_type = ET_EXEC; }), "is a program",
                 "an ELF shared object");
  expect_refusal(changed_copy(folder, [](auto &h) { h.e_type = ET_REL; }), "is an object file",
                 "an ELF shared object");
}

BOOST_AUTO_TEST_CASE(objects_without_the_entry_symbol_are_refused_before_they_are_loaded) {
  const auto no_entry = check_plugin_file(path_of("misfit_no_entry"));
  BOOST_REQUIRE(!no_entry);
  BOOST_TEST(no_entry.error().message.find("has no entry symbol") != std::string::npos);
  const auto other = check_plugin_file(path_of("misfit_other_version"));
  BOOST_REQUIRE(!other);
  BOOST_TEST(other.error().message.find("found relance_plugin_v2, and this host wants relance_plugin_v1") !=
                 std::string::npos,
             other.error().message);
  const auto draft = check_plugin_file(path_of("misfit_before_version_1"));
  BOOST_REQUIRE(!draft);
  BOOST_TEST(draft.error().message.find("found relance_plugin_v1rc, and this host wants relance_plugin_v1") !=
                 std::string::npos,
             draft.error().message);
}

BOOST_AUTO_TEST_CASE(drivers_that_break_the_contract_are_refused) {
  expect_refusal(path_of("misfit_entry_throws"), "throws an exception from its entry function",
                 "does no work");
  expect_refusal(path_of("misfit_no_driver"), "offers no driver", "at least one");
  expect_refusal(path_of("misfit_newer_host"), "wants a host of ABI 1.7 or newer",
                 "at most 1." + std::to_string(RELANCE_ABI_MINOR) + ", which this host offers");
  expect_refusal(path_of("misfit_no_descriptor"), "driver 0 has no descriptor", "one");
  expect_refusal(path_of("misfit_short_descriptor"), "has a descriptor of 24 bytes", "72");
  expect_refusal(path_of("misfit_no_id"), "has a descriptor without an id", "one such as com.example.sms");
  expect_refusal(path_of("misfit_no_submit"), "driver 'first' lacks a function", "submit");
  expect_refusal(path_of("misfit_empty_capability"), "states the capability RECALL without its functions",
                 "recall");
  expect_refusal(path_of("misfit_duplicate_driver"), "offers the driver 'first' twice", "unique names");
  expect_refusal(path_of("misfit_two_ids"), "has drivers of two plugins", "one id");
  expect_refusal(path_of("misfit_endless"), "offers the driver 'first' twice", "unique names");
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::channel
