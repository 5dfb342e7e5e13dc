#include "tests/postal/printer_peer.hpp"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace relance::test {

std::string PrinterPeer::missing() {
  for (const char *name : {"ippeveprinter", "dbus-daemon"})
    if (found_program(name).empty()) return std::string{name} + " is not installed";
  return {};
}

PrinterPeer::PrinterPeer(const std::string &format) {
  const auto home = folder_.path();
  std::filesystem::create_directories(home / "spool");
  std::filesystem::create_directories(home / "printed");
  end_with(0);
  std::ofstream{home / "print"} << "#!/bin/sh\nwhile [ -e '" << (home / "held").string()
                                << "' ]; do sleep 0.02; done\n"
                                << "status=$(cat '" << (home / "status").string() << "')\n"
                                << "[ \"$status\" = 0 ] && cp \"$1\" '" << (home / "printed").string()
                                << "'/\"$IPP_JOB_NAME\"\n"
                                << "exit \"$status\"\n";
  std::filesystem::permissions(home / "print", std::filesystem::perms::owner_all);
  // It announces itself on a bus, and does not start without one; nobody listens on this one.
  const auto bus = "unix:path=" + (home / "bus").string();
  bus_ =
      std::make_unique<PeerProcess>(std::vector<std::string>{found_program("dbus-daemon"), "--session",
                                                             "--nofork", "--nopidfile", "--address=" + bus},
                                    home / "bus.log");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!std::filesystem::exists(home / "bus")) {
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error("no bus: " + text_of(home / "bus.log"));
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  printer_ = std::make_unique<PeerProcess>(
      std::vector<std::string>{found_program("ippeveprinter"), "-p", std::to_string(port_), "-n", "localhost",
                               "-r", "off", "-f", format, "-F", format, "-c", (home / "print").string(), "-d",
                               (home / "spool").string(), "-k", "Office printer"},
      home / "printer.log", std::vector<std::string>{"DBUS_SYSTEM_BUS_ADDRESS=" + bus});
  await_port(port_, *printer_, home / "printer.log");
}

void PrinterPeer::hold() const {
  std::ofstream{folder_.path() / "held"} << "held";
}
void PrinterPeer::let_go() const {
  std::filesystem::remove(folder_.path() / "held");
}
void PrinterPeer::end_with(int status) const {
  std::ofstream{folder_.path() / "status"} << status;
}
std::vector<std::string> PrinterPeer::printed() const {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(folder_.path() / "printed"))
    names.push_back(entry.path().filename());
  return names;
}
std::string PrinterPeer::document(const std::string &job_name) const {
  return text_of(folder_.path() / "printed" / job_name);
}

}  // namespace relance::test
