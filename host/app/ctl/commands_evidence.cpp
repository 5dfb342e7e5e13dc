// What shows how an invoice was chased: listed, shown, exported; and verified, for which no daemon is needed.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/output.hpp"
#include "host/evidence/verify.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace relance::ctl {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

/// A new file beside its final name, which it takes only when it is whole.
class NewFile {
 public:
  explicit NewFile(fs::path path) : path_{std::move(path)}, part_{path_.string() + ".part"} {}
  ~NewFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(part_.c_str());
  }
  NewFile(const NewFile &) = delete;
  NewFile &operator=(const NewFile &) = delete;

  [[nodiscard]] std::string open() {
    if (std::error_code failed; fs::exists(path_, failed))
      return path_.string() + " is there already; name another file with --output, or move it away";
    file_ = ::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return file_ < 0 ? part_.string() + ": " + std::strerror(errno) : std::string{};
  }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        failure_ = part_.string() + ": " + std::strerror(errno);
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  [[nodiscard]] const std::string &failure() const { return failure_; }
  /// Durable under its name; what went wrong otherwise.
  [[nodiscard]] std::string finish() {
    // link() instead of rename(): what came there meanwhile is not overwritten.
    if (::fsync(file_) != 0 || ::link(part_.c_str(), path_.c_str()) != 0)
      return path_.string() + ": " + std::strerror(errno);
    return {};
  }

 private:
  const fs::path path_, part_;
  int file_{-1};
  std::string failure_;
};

int file_failed(const std::string &words) {
  fmt::print(stderr, "relancectl: {}\n", printable(words));
  return kExitRefused;
}

/// As a file of the current folder, whatever the invoice is called.
std::string file_name_of(const std::string &invoice, bool is_unsigned) {
  std::string name;
  for (const char c : invoice) {
    const bool is_plain{(c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        c == '-' || c == '_'};
    name += is_plain ? c : '_';
  }
  return name + (is_unsigned ? ".unsigned.zip" : ".asice");
}

/// The answer of `target` into a new file.
int download(const Run &run, const std::string &target, const fs::path &path, const json::object &about,
             const std::string &words) {
  NewFile file{path};
  if (const auto why = file.open(); !why.empty()) return file_failed(why);
  std::uint64_t bytes{0};
  const auto reply = run.client.download(target, [&](std::string_view piece) {
    bytes += piece.size();
    return file.write(piece);
  });
  if (!reply) return run.unreachable(reply.error());
  if (reply->status != 200) return run.refused(reply->body);
  if (!file.failure().empty()) return file_failed(file.failure());
  if (const auto why = file.finish(); !why.empty()) return file_failed(why);
  if (!reply->warning.empty())
    fmt::print(stderr, "relancectl: without a time-stamp: {}\n", printable(reply->warning));
  auto out = about;
  out["file"] = path.string();
  out["bytes"] = bytes;
  if (!reply->warning.empty()) out["warning"] = reply->warning;
  if (run.is_json)
    fmt::print("{}\n", json::serialize(out));
  else
    fmt::print("{}: {} bytes{}\n", path.string(), grouped(bytes), words);
  return kExitOk;
}

int export_evidence(const Run &run) {
  const auto invoice = run.text("INVOICE");
  const bool is_unsigned{run.has("--unsigned")};
  const fs::path path{run.has("--output") ? run.text("--output") : file_name_of(invoice, is_unsigned)};
  return download(
      run, run.target("/v1/evidence/export", {{"invoice", invoice}, {"unsigned", is_unsigned ? "true" : ""}}),
      path, {{"invoice", invoice}, {"signed", !is_unsigned}},
      is_unsigned ? "; nobody signed it: it proves nothing but that it is whole" : "");
}

int list_evidence(const Run &run) {
  return run.get(
      run.target("/v1/evidence", {{"invoice", run.text("INVOICE")}}), [](const json::object &answer) {
        fmt::print("invoice {} of debtor {}: {} reminders, {} journal entries, {}\n",
                   printable(member(answer, "invoice")), printable(member(answer, "debtor")),
                   grouped(number(answer, "reminders")), grouped(number(answer, "journal_entries")),
                   answer.at("sealed_day").is_null() ? "no sealed day yet"
                                                     : "sealed " + member(answer, "sealed_day"));
        if (flag(answer, "erased"))
          fmt::print("its debtor was erased: what happened remains, words and documents are gone\n");
        Table table{{{"SHA-256", false, 64}, {"ORIGIN"}, {"TYPE"}, {"NAME"}, {"BYTES", true}}};
        for (const auto &item : answer.at("files").as_array()) {
          const auto &row = item.as_object();
          table.add({member(row, "sha256"), member(row, "origin"), member(row, "media_type"),
                     member(row, "file_name"), grouped(number(row, "bytes"))});
        }
        table.print("There is no document.");
        return int{kExitOk};
      });
}

int show_evidence(const Run &run) {
  const auto hash = run.text("HASH");
  const auto target = run.target("/v1/evidence/documents/" + hash);
  if (run.has("--output")) return download(run, target, run.text("--output"), {{"sha256", hash}}, "");
  const auto reply = run.client.download(target, [](std::string_view piece) {
    return std::fwrite(piece.data(), 1, piece.size(), stdout) == piece.size();
  });
  if (!reply) return run.unreachable(reply.error());
  return reply->status == 200 ? int{kExitOk} : run.refused(reply->body);
}

/// All bytes of a file, without a copy.
class Mapped {
 public:
  explicit Mapped(const std::string &path) {
    const int file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status{};
    if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
      why_ = path + ": " + (file < 0 ? std::strerror(errno) : "is no file");
    } else if (status.st_size > 0) {
      size_ = static_cast<std::size_t>(status.st_size);
      bytes_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (bytes_ == MAP_FAILED) why_ = path + ": " + std::strerror(errno);
    }
    if (file >= 0) ::close(file);
  }
  ~Mapped() {
    if (size_ > 0 && bytes_ != MAP_FAILED) ::munmap(bytes_, size_);
  }
  Mapped(const Mapped &) = delete;
  Mapped &operator=(const Mapped &) = delete;
  [[nodiscard]] const std::string &why() const { return why_; }
  [[nodiscard]] std::string_view bytes() const {
    return size_ == 0 ? std::string_view{} : std::string_view{static_cast<const char *>(bytes_), size_};
  }

 private:
  void *bytes_{MAP_FAILED};
  std::size_t size_{0};
  std::string why_;
};

/// Every file that the option names, one after the other; nothing, with words, when one cannot be read.
std::optional<std::string> texts_of(const Run &run, std::string_view option) {
  std::string text;
  if (!run.has(option)) return text;
  std::ifstream in{run.text(option), std::ios::binary};
  std::ostringstream all;
  all << in.rdbuf();
  text = all.str();
  if (!text.empty()) return text;
  static_cast<void>(file_failed(run.text(option) + " is empty or cannot be read"));
  return std::nullopt;
}

void print_verification(const std::string &path, const evidence::Verification &found) {
  if (!found.invoice.empty())
    fmt::print("{}: invoice {} of creditor {}, made {}\n", path, printable(found.invoice),
               printable(found.creditor), printable(found.made_at));
  Table table{{{"FINDING"}, {"WHAT"}, {"WORDS", false, 200}}};
  for (const auto &check : found.checks)
    table.add({std::string{name_of(check.finding)}, check.subject, check.words});
  table.print("");
}

int verify_evidence(const Run &run) {
  const auto path = run.text("FILE");
  const Mapped file{path};
  if (!file.why().empty()) return file_failed(file.why());
  const auto trusted = texts_of(run, "--trust"), revoked = texts_of(run, "--crl");
  if (!trusted || !revoked) return kExitRefused;
  const auto found = evidence::verify(file.bytes(), {*trusted, *revoked}, WallClock{}.now());
  const auto finding = found.finding();
  const bool is_enough{finding == evidence::Finding::right ||
                       (finding == evidence::Finding::open && run.has("--untrusted-ok"))};
  if (run.is_json) {
    json::array checks;
    for (const auto &check : found.checks)
      checks.push_back(
          json::object{{"what", check.subject}, {"finding", name_of(check.finding)}, {"words", check.words}});
    fmt::print("{}\n", json::serialize(json::object{{"file", path},
                                                    {"finding", name_of(finding)},
                                                    {"creditor", found.creditor},
                                                    {"invoice", found.invoice},
                                                    {"made_at", found.made_at},
                                                    {"signed_by", found.signed_by},
                                                    {"checks", std::move(checks)}}));
    return is_enough ? kExitOk : kExitRefused;
  }
  print_verification(path, found);
  fmt::print("{}\n", finding == evidence::Finding::right ? "right in every point"
                     : finding == evidence::Finding::open
                         ? "whole, but nobody who is trusted vouches for it (--trust CA.pem)"
                         : "NOT what was exported");
  return is_enough ? kExitOk : kExitRefused;
}

}  // namespace

std::vector<Command> evidence_commands() {
  const Option invoice{"INVOICE", "INVOICE", "the invoice's number", true};
  return {
      group_of("evidence", "What shows how an invoice was chased, and that nothing of it was changed",
               "relancectl evidence list F-1001"),
      {"evidence list",
       "List the messages, receipts and proofs of an invoice, by their hash",
       "relancectl evidence list F-1001",
       {invoice},
       list_evidence},
      {"evidence show",
       "Print one of them, or write it to a file",
       "relancectl evidence show 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 --output "
       "proof.pdf",
       {{"HASH", "HASH", "its SHA-256", true}, {"--output", "FILE", "a new file; else standard output"}},
       show_evidence},
      {"evidence export",
       "Write all of an invoice's evidence into one signed container (ASiC-E)",
       "relancectl evidence export F-1001 --output F-1001.asice",
       {invoice,
        {"--output", "FILE", "a new file; else INVOICE.asice in this folder"},
        {"--unsigned", "", "signed by nobody: it proves nothing but that it is whole"}},
       export_evidence},
      {"evidence verify",
       "Check a container in every point; needs no daemon",
       "relancectl evidence verify F-1001.asice --trust authorities.pem",
       {{"FILE", "FILE", "the container", true},
        {"--trust", "PEM", "certificates in whose name signer and time are believed"},
        {"--crl", "PEM", "revocation lists of those who issued certificates"},
        {"--untrusted-ok", "", "exit with 0 also when it is whole and nobody trusted vouches for it"}},
       verify_evidence},
  };
}

}  // namespace relance::ctl
