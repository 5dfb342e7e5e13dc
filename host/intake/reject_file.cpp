#include "host/intake/reject_file.hpp"

#include "host/intake/csv_writer.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace relance::intake {
namespace {

constexpr std::string_view kByteOrderMark{"\xEF\xBB\xBF"};
/// Written at once; a file of a million rejects must not be a million writes.
constexpr std::size_t kPendingBytesMax = 64 * 1024;

}  // namespace

RejectFile::RejectFile(std::filesystem::path path) : path_(std::move(path)) {}

RejectFile::~RejectFile() {
  if (file_ >= 0) {
    (void)flush();  // finish() is where a failure can be told
    ::close(file_);
  }
}

Result<void> RejectFile::start(const FileLayout &layout) {
  layout_ = layout;
  if (layout_.quote == 0) layout_.quote = '"';  // only the reason may need it
  return {};
}

Result<void> RejectFile::open() {
  // Names and addresses of debtors: for the owner alone.
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file_ < 0)
    return unavailable("the reject file " + path_.string() +
                       " cannot be written: " + std::generic_category().message(errno));
  pending_ = kByteOrderMark;
  for (const std::string_view name : {kRejectLine, kRejectColumn, kRejectReason}) {
    pending_ += name;
    pending_ += layout_.separator;
  }
  if (layout_.header.empty()) pending_.pop_back();
  pending_ += layout_.header;
  pending_ += "\r\n";
  return {};
}

Result<void> RejectFile::flush() {
  std::string_view left = pending_;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0)
      return unavailable("the reject file " + path_.string() +
                         " cannot be written: " + std::generic_category().message(errno));
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  pending_.clear();
  return {};
}

Result<void> RejectFile::write_row(std::uint64_t line, std::size_t column, std::string_view reason,
                                   std::string_view raw) {
  if (file_ < 0)
    if (Result<void> opened = open(); opened.has_error()) return opened;
  pending_ += std::to_string(line);
  pending_ += layout_.separator;
  if (column > 0) pending_ += std::to_string(column);
  pending_ += layout_.separator;
  append_csv_cell(pending_, reason, layout_.separator, layout_.quote);
  pending_ += layout_.separator;
  pending_ += raw;
  pending_ += "\r\n";
  ++rows_;
  return pending_.size() > kPendingBytesMax ? flush() : Result<void>{};
}

Result<void> RejectFile::add(const Reject &reject) {
  std::string reason;
  for (const CellFault &fault : reject.faults) {
    // The first fault's place has columns of its own; the others name theirs.
    if (&fault != reject.faults.data())
      reason += " | " + fault.text();
    else
      reason = fault.reason + (fault.advice.empty() ? "" : "; " + fault.advice);
  }
  if (reject.is_cut) reason += " (only the start of the row stands here)";
  const CellFault &first = reject.faults.front();
  return write_row(first.line, first.column, reason, reject.raw);
}

Result<void> RejectFile::add(const RowOrigin &origin, std::string_view reason) {
  return write_row(origin.line, 0, reason, origin.raw);
}

Result<void> RejectFile::finish() {
  return file_ < 0 ? Result<void>{} : flush();
}

}  // namespace relance::intake
