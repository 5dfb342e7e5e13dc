// How a Store embedded in one SQLite file is opened. SQLite itself stays behind this page.
#pragma once

#include "host/store/store.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace relance::store {

struct SqliteOptions {
  std::filesystem::path path;
  /// A reader's checkpoint can hold the writer for a moment, never for long.
  std::int32_t busy_timeout_ms{250};
  /// Page cache of the writer, filled by work only; what is not in it comes through the memory map.
  std::int64_t cache_kib{32 * 1024};
  std::int64_t mmap_bytes{std::int64_t{4} << 30};  ///< address space, not memory
  /// Pages gathered in the log before they go into the file. 16,384 (64 MiB): a page that several batches
  /// touch is then written once; recovery of such a log takes well under a second.
  std::int32_t checkpoint_pages{16'384};
  std::int64_t pages_max{0};  ///< 0: as many as the disk holds; else the store is full at this size
};

/// Opens or makes the store, for writing, alone: `<path>.lock` is held (flock) for the life of the object and
/// names the process. Errors: conflict (another process has it: file and pid are named), invalid (made by a
/// newer program, or not a store), unavailable (disk full, not writable).
Result<std::unique_ptr<Store>> open_sqlite(const SqliteOptions &options);

}  // namespace relance::store
