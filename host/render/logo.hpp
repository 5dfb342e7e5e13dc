// A creditor's logo: a PNG of a bounded size, flat on white paper, no finer than print needs.
#pragma once

#include "host/base/result.hpp"
#include "host/render/letter_pages.hpp"

#include <filesystem>

namespace relance::render {

inline constexpr std::size_t kLogoBytesMax{2 * 1024 * 1024};
/// A picture of a few KB may unpack to gigabytes: what its head says is checked first.
inline constexpr std::uint32_t kLogoSideMax{8000};
inline constexpr std::uint64_t kLogoDotsMax{8'000'000};

struct Logo {
  Picture picture, ink;  ///< in colour; how dark each dot is, the darkest one black
  double width_mm{0}, height_mm{0};
};
/// As high as asked, unless it becomes wider than `width_mm_max`.
Result<Logo> read_logo(const std::filesystem::path &file, double height_mm, double width_mm_max);

}  // namespace relance::render
