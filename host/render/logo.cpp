// The head of the file is ours to read, the rest Cairo's.
#include "host/render/logo.hpp"

#include <algorithm>
#include <cairo.h>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace relance::render {

namespace {

constexpr double kDotsPerMm{300 / 25.4};  // what is finer only makes letters larger

struct Reading {
  const std::string &bytes;
  std::size_t at{0};
};

cairo_status_t read_some(void *closure, unsigned char *into, unsigned length) {
  auto &reading = *static_cast<Reading *>(closure);
  if (reading.bytes.size() - reading.at < length) return CAIRO_STATUS_READ_ERROR;
  std::memcpy(into, reading.bytes.data() + reading.at, length);
  reading.at += length;
  return CAIRO_STATUS_SUCCESS;
}

std::uint32_t number_at(const std::string &bytes, std::size_t at) {
  std::uint32_t value{0};
  for (std::size_t i{0}; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// @see ITU-R BT.601 for the weights
unsigned darkness(const unsigned char *dot) {
  std::uint32_t rgb{0};
  std::memcpy(&rgb, dot, sizeof rgb);
  return 255 - (299 * ((rgb >> 16U) & 0xFFU) + 587 * ((rgb >> 8U) & 0xFFU) + 114 * (rgb & 0xFFU)) / 1000;
}

Picture ink_of(cairo_surface_t *picture) {
  cairo_surface_flush(picture);
  const auto width = cairo_image_surface_get_width(picture), height = cairo_image_surface_get_height(picture);
  Picture ink{cairo_image_surface_create(CAIRO_FORMAT_A8, width, height), cairo_surface_destroy};
  const auto *from = cairo_image_surface_get_data(picture);
  auto *to = cairo_image_surface_get_data(ink.get());
  if (to == nullptr) return ink;
  const auto from_stride = cairo_image_surface_get_stride(picture),
             to_stride = cairo_image_surface_get_stride(ink.get());
  unsigned darkest{1};
  for (int y{0}; y < height; ++y)
    for (int x{0}; x < width; ++x)
      darkest = std::max(darkest, darkness(from + std::ptrdiff_t{y} * from_stride + 4 * x));
  for (int y{0}; y < height; ++y)
    for (int x{0}; x < width; ++x)
      to[std::ptrdiff_t{y} * to_stride + x] = static_cast<unsigned char>(
          darkness(from + std::ptrdiff_t{y} * from_stride + 4 * x) * 255 / darkest);
  cairo_surface_mark_dirty(ink.get());
  return ink;
}

}  // namespace

Result<Logo> read_logo(const std::filesystem::path &file, double height_mm, double width_mm_max) {
  const auto wrong = [&file](const std::string &what) {
    return unavailable("the logo " + file.string() + ' ' + what);
  };
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error))
    return wrong("cannot be read");  // a pipe would be waited for
  std::ifstream stream{file, std::ios::binary};
  const auto size = std::filesystem::file_size(file, error);
  if (!stream || error) return wrong("cannot be read");
  if (size > kLogoBytesMax) return wrong("is larger than 2 MiB");
  const std::string bytes{std::istreambuf_iterator<char>{stream}, {}};
  // Signature, then IHDR with width and height.
  if (bytes.size() < 33 || !bytes.starts_with("\x89PNG\r\n\x1a\n") || bytes.compare(12, 4, "IHDR") != 0)
    return wrong("is no PNG");
  const auto width = number_at(bytes, 16), height = number_at(bytes, 20);
  if (width == 0 || height == 0 || width > kLogoSideMax || height > kLogoSideMax ||
      std::uint64_t{width} * height > kLogoDotsMax)
    return wrong("has " + std::to_string(width) + " × " + std::to_string(height) +
                 " dots; 8 million are enough");
  Reading reading{bytes};
  const Picture whole{cairo_image_surface_create_from_png_stream(read_some, &reading), cairo_surface_destroy};
  if (const auto status = cairo_surface_status(whole.get()); status != CAIRO_STATUS_SUCCESS)
    return wrong(std::string{"is damaged: "} + cairo_status_to_string(status));
  Logo logo;
  logo.height_mm = std::min(height_mm, width_mm_max * height / width);
  logo.width_mm = logo.height_mm * width / height;
  const auto scale = std::min(1.0, logo.height_mm * kDotsPerMm / height);
  const auto dots = [scale](std::uint32_t side) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  logo.picture = {cairo_image_surface_create(CAIRO_FORMAT_RGB24, dots(width), dots(height)),
                  cairo_surface_destroy};
  auto *draw = cairo_create(logo.picture.get());
  cairo_set_source_rgb(draw, 1, 1, 1);
  cairo_paint(draw);
  cairo_scale(draw, static_cast<double>(dots(width)) / width, static_cast<double>(dots(height)) / height);
  cairo_set_source_surface(draw, whole.get(), 0, 0);
  cairo_pattern_set_filter(cairo_get_source(draw), CAIRO_FILTER_BEST);
  cairo_paint(draw);
  const auto status = cairo_status(draw);
  cairo_destroy(draw);
  if (status != CAIRO_STATUS_SUCCESS) return wrong(cairo_status_to_string(status));
  logo.ink = ink_of(logo.picture.get());
  return logo;
}

}  // namespace relance::render
