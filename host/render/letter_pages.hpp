// Pages as a list of what stands where, before they become a PDF or a fax: how many there are is known first,
// and both are the same letter. Points (1/72 inch) from the top left corner.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

using PangoLayout = struct _PangoLayout;
using cairo_surface_t = struct _cairo_surface;

namespace relance::render {

inline constexpr double kPointsPerMm{72.0 / 25.4};
/// Whatever a provider allows: 400 invoices are 12 pages, and a message's bytes lie in memory while it is
/// under way.
inline constexpr std::size_t kPagesMax{200};

using Text = std::shared_ptr<PangoLayout>;
using Picture = std::shared_ptr<cairo_surface_t>;

struct PlacedText {
  Text text;
  double x{0}, y{0};
  int first_line{0}, lines{-1};  ///< of a paragraph that goes on elsewhere; -1: all
  bool is_coloured{false};       ///< in the letterhead's colour, else black
};
struct PlacedRule {
  double x{0}, y{0}, width{0}, thickness{0.4};
  bool is_coloured{false};
};
struct PlacedPicture {
  Picture picture;  ///< in colour; none: `ink` everywhere
  Picture ink;      ///< how black each dot is, for paper without colours
  double x{0}, y{0}, width{0}, height{0};
  bool is_code{false};  ///< its dots have sharp edges
};
struct Page {
  std::vector<PlacedText> texts{};
  std::vector<PlacedRule> rules{};
  std::vector<PlacedPicture> pictures{};
};
struct Pages {
  std::vector<Page> pages{};
  std::uint32_t colour{0};
  std::string title{}, author{}, date{};  ///< for the PDF; the date "2026-11-12"
};

/// Empty when memory ran out.
std::string pdf_of(const Pages &pages);
std::string fax_of(const Pages &pages);

}  // namespace relance::render
