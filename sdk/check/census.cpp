// Counting what a process holds: descriptors, threads, memory, files.
#include "sdk/check/test.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <malloc.h>
#include <system_error>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define RELANCE_CHECK_FOREIGN_ALLOCATOR 1
#endif
#endif

namespace relance::check {
namespace {

std::size_t entries(const char *folder) {
  std::error_code error;
  std::size_t count{0};
  for (const auto &entry : std::filesystem::directory_iterator(folder, error))
    count += entry.path().empty() ? 0 : 1;
  return count;
}

}  // namespace

Census census() {
  Census now{{}, entries("/proc/self/task"), 0};
  std::error_code error;
  for (const auto &entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    // The descriptor that reads this very folder is gone when the loop is over.
    if (!gone && !target.ends_with("/fd")) now.descriptors.push_back(target);
  }
  std::sort(now.descriptors.begin(), now.descriptors.end());
#ifndef RELANCE_CHECK_FOREIGN_ALLOCATOR
  now.heap_bytes = ::mallinfo2().uordblks;
#endif
  return now;
}

std::string opened_since(const Census &before, const Census &now) {
  std::vector<std::string> more;
  std::set_difference(now.descriptors.begin(), now.descriptors.end(), before.descriptors.begin(),
                      before.descriptors.end(), std::back_inserter(more));
  std::string said;
  for (const auto &one : more) said += (said.empty() ? "" : ", ") + one;
  if (now.threads > before.threads)
    said += (said.empty() ? "" : ", ") + std::to_string(now.threads - before.threads) + " thread(s)";
  return said;
}

std::vector<std::string> files_below(const std::string &folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (!entry.is_directory(error)) files.push_back(entry.path().string());
  }
  return files;
}

}  // namespace relance::check
