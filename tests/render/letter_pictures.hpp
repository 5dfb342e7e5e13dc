// What others see in a letter: poppler's words, fonts and dots, zbar's reading of its QR code, libtiff's of a
// fax.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace relance::test {

/// A page as grey dots, 0 is black.
struct PagePicture {
  int width{0}, height{0};
  double dots_per_mm_x{0}, dots_per_mm_y{0};
  std::vector<unsigned char> dots;

  /// Dots darker than grey within this area, given in millimetres.
  [[nodiscard]] std::size_t ink(double x, double y, double wide, double high) const;
};

std::string words_of(const std::string &pdf, int page = 0);  ///< 0: of all
struct EmbeddedFont {
  std::string name;
  bool is_embedded{false}, is_subset{false};
};
std::vector<EmbeddedFont> fonts_of(const std::string &pdf);
PagePicture picture_of(const std::string &pdf, int page, int dots_per_inch = 150);
/// Every code on the page.
std::vector<std::string> codes_on(const PagePicture &picture);

struct FaxPage {
  PagePicture picture;
  std::map<int, double> tags;  ///< of TIFF, by number
};
std::vector<FaxPage> fax_pages_of(const std::string &tiff);

/// A PNG of this size; a blue bar on white.
std::string png(int width, int height);

}  // namespace relance::test
