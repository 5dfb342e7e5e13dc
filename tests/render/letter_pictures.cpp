// Runs poppler's programs on files in a folder of its own.
#include "tests/render/letter_pictures.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cairo.h>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <tiffio.h>
#include <unistd.h>
#include <zbar.h>

namespace relance::test {

namespace {

namespace fs = std::filesystem;

class ScratchFile {
 public:
  ScratchFile(const std::string &bytes, const char *suffix) {
    static std::atomic<int> count{0};
    path_ = fs::temp_directory_path() /
            ("relance-letter-" + std::to_string(getpid()) + '-' + std::to_string(++count) + suffix);
    std::ofstream{path_, std::ios::binary} << bytes;
  }
  ~ScratchFile() { fs::remove(path_); }
  ScratchFile(const ScratchFile &) = delete;
  ScratchFile &operator=(const ScratchFile &) = delete;
  [[nodiscard]] const fs::path &path() const { return path_; }

 private:
  fs::path path_;
};

std::string output_of(const std::string &command) {
  const std::unique_ptr<FILE, int (*)(FILE *)> pipe{popen(command.c_str(), "r"), pclose};
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 65536> piece{};
  while (const auto length = std::fread(piece.data(), 1, piece.size(), pipe.get()))
    text.append(piece.data(), length);
  return text;
}

}  // namespace

std::size_t PagePicture::ink(double x, double y, double wide, double high) const {
  constexpr unsigned char kDark{160};
  const auto column = [&](double at) { return std::clamp(static_cast<int>(at * dots_per_mm_x), 0, width); };
  const auto row = [&](double at) { return std::clamp(static_cast<int>(at * dots_per_mm_y), 0, height); };
  std::size_t count{0};
  for (int line{row(y)}; line < row(y + high); ++line)
    for (int at{column(x)}; at < column(x + wide); ++at)
      if (dots[static_cast<std::size_t>(line) * static_cast<std::size_t>(width) +
               static_cast<std::size_t>(at)] < kDark)
        ++count;
  return count;
}

std::string words_of(const std::string &pdf, int page) {
  const ScratchFile file{pdf, ".pdf"};
  const auto range =
      page == 0 ? std::string{} : " -f " + std::to_string(page) + " -l " + std::to_string(page);
  return output_of("pdftotext -layout" + range + ' ' + file.path().string() + " -");
}

std::vector<EmbeddedFont> fonts_of(const std::string &pdf) {
  const ScratchFile file{pdf, ".pdf"};
  std::istringstream lines{output_of("pdffonts " + file.path().string())};
  std::vector<EmbeddedFont> fonts;
  std::string line;
  for (int number{0}; std::getline(lines, line); ++number) {
    if (number < 2 || line.size() < 63) continue;
    const auto at = line.find(" yes");
    fonts.push_back({line.substr(0, line.find(' ')), at != line.npos,
                     at != line.npos && line.compare(at, 8, " yes yes") == 0});
  }
  return fonts;
}

PagePicture picture_of(const std::string &pdf, int page, int dots_per_inch) {
  const ScratchFile file{pdf, ".pdf"};
  const auto number = std::to_string(page);
  const auto pgm = output_of("pdftoppm -gray -r " + std::to_string(dots_per_inch) + " -f " + number + " -l " +
                             number + " -singlefile " + file.path().string());
  std::istringstream stream{pgm};
  std::string magic;
  int most{0};
  PagePicture picture;
  stream >> magic >> picture.width >> picture.height >> most;
  stream.get();
  if (magic != "P5" || most != 255) throw std::runtime_error("pdftoppm drew no page " + number);
  picture.dots_per_mm_x = picture.dots_per_mm_y = dots_per_inch / 25.4;
  picture.dots.assign(std::istreambuf_iterator<char>{stream}, {});
  return picture;
}

std::vector<std::string> codes_on(const PagePicture &picture) {
  zbar::ImageScanner scanner;
  zbar::Image image{static_cast<unsigned>(picture.width), static_cast<unsigned>(picture.height), "Y800",
                    picture.dots.data(), picture.dots.size()};
  scanner.scan(image);
  std::vector<std::string> codes;
  for (auto symbol = image.symbol_begin(); symbol != image.symbol_end(); ++symbol)
    codes.push_back(symbol->get_data());
  return codes;
}

std::vector<FaxPage> fax_pages_of(const std::string &tiff) {
  const ScratchFile scratch{tiff, ".tiff"};
  const std::unique_ptr<TIFF, decltype(&TIFFClose)> file{TIFFOpen(scratch.path().c_str(), "r"), TIFFClose};
  if (!file) throw std::runtime_error("no TIFF");
  std::vector<FaxPage> pages;
  do {
    FaxPage page;
    for (const int tag : {TIFFTAG_COMPRESSION, TIFFTAG_PHOTOMETRIC, TIFFTAG_FILLORDER, TIFFTAG_RESOLUTIONUNIT,
                          TIFFTAG_BITSPERSAMPLE}) {
      std::uint16_t value{0};
      if (TIFFGetField(file.get(), static_cast<std::uint32_t>(tag), &value) == 1) page.tags[tag] = value;
    }
    for (const int tag : {TIFFTAG_XRESOLUTION, TIFFTAG_YRESOLUTION}) {
      float value{0};
      if (TIFFGetField(file.get(), static_cast<std::uint32_t>(tag), &value) == 1)
        page.tags[tag] = static_cast<double>(value);
    }
    std::uint32_t width{0}, height{0};
    TIFFGetField(file.get(), TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(file.get(), TIFFTAG_IMAGELENGTH, &height);
    page.picture.width = static_cast<int>(width);
    page.picture.height = static_cast<int>(height);
    page.picture.dots_per_mm_x = page.tags[TIFFTAG_XRESOLUTION] / 25.4;
    page.picture.dots_per_mm_y = page.tags[TIFFTAG_YRESOLUTION] / 25.4;
    std::vector<unsigned char> line((width + 7) / 8);
    for (std::uint32_t y{0}; y < height; ++y) {
      if (TIFFReadScanline(file.get(), line.data(), y) != 1)
        throw std::runtime_error("a line of the fax is damaged");
      for (std::uint32_t x{0}; x < width; ++x)
        page.picture.dots.push_back((line[x / 8] >> (7 - x % 8) & 1) != 0 ? 0 : 255);
    }
    pages.push_back(std::move(page));
  } while (TIFFReadDirectory(file.get()) == 1);
  return pages;
}

std::string png(int width, int height) {
  auto *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  auto *canvas = cairo_create(surface);
  cairo_set_source_rgb(canvas, 1, 1, 1);
  cairo_paint(canvas);
  cairo_set_source_rgb(canvas, 0.1, 0.3, 0.8);
  cairo_rectangle(canvas, 0, height / 4.0, width, height / 2.0);
  cairo_fill(canvas);
  cairo_destroy(canvas);
  std::string bytes;
  cairo_surface_write_to_png_stream(
      surface,
      [](void *into, const unsigned char *data, unsigned length) {
        static_cast<std::string *>(into)->append(reinterpret_cast<const char *>(data), length);
        return CAIRO_STATUS_SUCCESS;
      },
      &bytes);
  cairo_surface_destroy(surface);
  return bytes;
}

}  // namespace relance::test
