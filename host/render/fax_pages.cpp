// The same pages in dots, as fax machines of Group 3 at fine resolution take them, and their TIFF.
#include "host/render/letter_layout.hpp"
#include "host/render/letter_paint.hpp"

#include <algorithm>
#include <cairo.h>
#include <cstring>
#include <string_view>
#include <tiffio.h>

namespace relance::render {

namespace {

// ITU-T T.4: 1728 dots a line are 215 mm; 196 lines an inch.
constexpr int kDotsWide{1728};
constexpr int kDotsPerInch{204}, kLinesPerInch{196};
constexpr int kLines{static_cast<int>(kSheetHeightMm / 25.4 * kLinesPerInch)};
/// From so much ink on, a dot is black: thin strokes at these few dots an inch would break at half.
constexpr unsigned char kBlackFrom{96};

/// libtiff writes here and goes back to chain one page to the next.
struct Memory {
  std::string bytes;
  std::size_t at{0};
};

tmsize_t read_memory(thandle_t handle, void *into, tmsize_t size) {
  auto &memory = *static_cast<Memory *>(handle);
  const auto left = memory.bytes.size() - std::min(memory.at, memory.bytes.size());
  const auto length = std::min(static_cast<std::size_t>(size), left);
  std::memcpy(into, memory.bytes.data() + memory.at, length);
  memory.at += length;
  return static_cast<tmsize_t>(length);
}
tmsize_t write_memory(thandle_t handle, void *data, tmsize_t size) {
  auto &memory = *static_cast<Memory *>(handle);
  const auto length = static_cast<std::size_t>(size);
  if (memory.bytes.size() < memory.at + length) memory.bytes.resize(memory.at + length);
  std::memcpy(memory.bytes.data() + memory.at, data, length);
  memory.at += length;
  return size;
}
toff_t seek_memory(thandle_t handle, toff_t offset, int from) {
  auto &memory = *static_cast<Memory *>(handle);
  memory.at = static_cast<std::size_t>(offset) + (from == SEEK_CUR   ? memory.at
                                                  : from == SEEK_END ? memory.bytes.size()
                                                                     : 0);
  return memory.at;
}
int close_memory(thandle_t) {
  return 0;
}
toff_t size_of_memory(thandle_t handle) {
  return static_cast<Memory *>(handle)->bytes.size();
}

/// One page in dots, eight a byte, the leftmost the highest bit, 1 black.
class Raster {
 public:
  Raster() : surface_{cairo_image_surface_create(CAIRO_FORMAT_A8, kDotsWide, kLines), cairo_surface_destroy} {
    packed_.resize(std::size_t{kDotsWide} / 8 * kLines);
  }

  bool draw_page(const Page &page) {
    auto *canvas = cairo_create(surface_.get());
    cairo_set_operator(canvas, CAIRO_OPERATOR_CLEAR);
    cairo_paint(canvas);
    cairo_set_operator(canvas, CAIRO_OPERATOR_OVER);
    // The sheet's 210 mm in the middle of the line's 215.
    cairo_translate(canvas, (kDotsWide - kSheetWidthMm / 25.4 * kDotsPerInch) / 2, 0);
    cairo_scale(canvas, kDotsPerInch / 72.0, kLinesPerInch / 72.0);
    draw(canvas, page, 0);
    const bool is_drawn{cairo_status(canvas) == CAIRO_STATUS_SUCCESS};
    cairo_destroy(canvas);
    if (!is_drawn) return false;
    cairo_surface_flush(surface_.get());
    pack();
    return true;
  }

  [[nodiscard]] char *packed() { return packed_.data(); }
  [[nodiscard]] std::size_t size() const { return packed_.size(); }

 private:
  void pack() {
    const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface_.get()));
    const auto *row = cairo_image_surface_get_data(surface_.get());
    auto *out = packed_.data();
    for (int y{0}; y < kLines; ++y, row += stride)
      for (std::size_t x{0}; x < kDotsWide; x += 8) {
        std::uint64_t eight{0};
        std::memcpy(&eight, row + x, 8);
        unsigned bits{0};
        if (eight != 0)
          for (std::size_t i{0}; i < 8; ++i) bits = bits << 1U | (row[x + i] >= kBlackFrom ? 1U : 0U);
        *out++ = static_cast<char>(bits);
      }
  }

  std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)> surface_;
  std::string packed_;
};

void describe(TIFF *file, std::uint16_t number, std::uint16_t of) {
  TIFFSetField(file, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(kDotsWide));
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(kLines));
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 1);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(file, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  TIFFSetField(file, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB);
  TIFFSetField(file, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, static_cast<std::uint32_t>(kLines));
  TIFFSetField(file, TIFFTAG_XRESOLUTION, static_cast<double>(kDotsPerInch));
  TIFFSetField(file, TIFFTAG_YRESOLUTION, static_cast<double>(kLinesPerInch));
  TIFFSetField(file, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
  TIFFSetField(file, TIFFTAG_PAGENUMBER, number, of);
}

}  // namespace

std::string fax_of(const Pages &pages) {
  Memory memory;
  auto *file = TIFFClientOpen("fax", "wl", &memory, read_memory, write_memory, seek_memory, close_memory,
                              size_of_memory, nullptr, nullptr);
  if (file == nullptr) return {};
  Raster raster;
  bool is_written{true};
  std::uint16_t number{0};
  for (const auto &page : pages.pages) {
    describe(file, number++, static_cast<std::uint16_t>(pages.pages.size()));
    is_written = is_written && raster.draw_page(page) &&
                 TIFFWriteEncodedStrip(file, 0, raster.packed(), static_cast<tmsize_t>(raster.size())) >= 0 &&
                 TIFFWriteDirectory(file) == 1;
  }
  TIFFClose(file);
  if (!is_written) memory.bytes.clear();
  return std::move(memory.bytes);
}

}  // namespace relance::render
