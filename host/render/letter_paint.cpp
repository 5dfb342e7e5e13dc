// Texts line by line, rules, pictures; and the PDF, whose only date is the letter's.
#include "host/render/letter_paint.hpp"

#include "host/render/letter_layout.hpp"

#include <algorithm>
#include <cairo-pdf.h>
#include <cmath>
#include <pango/pangocairo.h>

namespace relance::render {

namespace {

/// The paper knows how black a dot is, and no colour: a fax.
bool is_ink_only(cairo_t *canvas) {
  return cairo_surface_get_content(cairo_get_target(canvas)) == CAIRO_CONTENT_ALPHA;
}

void use_colour(cairo_t *canvas, std::uint32_t colour) {
  const auto part = [colour](unsigned shift) { return static_cast<double>((colour >> shift) & 0xFFU) / 255; };
  cairo_set_source_rgb(canvas, part(16), part(8), part(0));
}

void draw_rule(cairo_t *canvas, const PlacedRule &rule, std::uint32_t colour) {
  use_colour(canvas, colour);
  double y{rule.y}, thickness{rule.thickness};
  if (is_ink_only(canvas)) {
    // A hairline between two lines of dots would be too thin for either: it is a whole line.
    double across{0}, down{rule.thickness};
    cairo_user_to_device_distance(canvas, &across, &down);
    down = std::max(1.0, std::round(down));
    double x{rule.x};
    cairo_user_to_device(canvas, &x, &y);
    y = std::round(y);
    cairo_device_to_user(canvas, &x, &y);
    cairo_device_to_user_distance(canvas, &across, &down);
    thickness = down;
  }
  cairo_rectangle(canvas, rule.x, y, rule.width, thickness);
  cairo_fill(canvas);
}

void draw_text(cairo_t *canvas, const PlacedText &placed) {
  if (placed.lines < 0) {
    cairo_move_to(canvas, placed.x, placed.y);
    pango_cairo_show_layout(canvas, placed.text.get());
    return;
  }
  auto *at = pango_layout_get_iter(placed.text.get());
  int top{0};
  for (int line{0}; line < placed.first_line + placed.lines; ++line) {
    if (line == placed.first_line) pango_layout_iter_get_line_yrange(at, &top, nullptr);
    if (line >= placed.first_line) {
      PangoRectangle logical{};
      pango_layout_iter_get_line_extents(at, nullptr, &logical);
      const auto baseline = pango_layout_iter_get_baseline(at);
      cairo_move_to(canvas, placed.x + static_cast<double>(logical.x) / PANGO_SCALE,
                    placed.y + static_cast<double>(baseline - top) / PANGO_SCALE);
      pango_cairo_show_layout_line(canvas, pango_layout_iter_get_line_readonly(at));
    }
    if (!pango_layout_iter_next_line(at)) break;
  }
  pango_layout_iter_free(at);
}

void draw_picture(cairo_t *canvas, const PlacedPicture &placed) {
  const bool is_ink{!placed.picture ||
                    cairo_surface_get_content(cairo_get_target(canvas)) == CAIRO_CONTENT_ALPHA};
  auto *picture = is_ink ? placed.ink.get() : placed.picture.get();
  cairo_save(canvas);
  cairo_translate(canvas, placed.x, placed.y);
  cairo_scale(canvas, placed.width / cairo_image_surface_get_width(picture),
              placed.height / cairo_image_surface_get_height(picture));
  auto *pattern = cairo_pattern_create_for_surface(picture);
  cairo_pattern_set_filter(pattern, placed.is_code ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
  if (is_ink) {
    cairo_mask(canvas, pattern);
  } else {
    cairo_set_source(canvas, pattern);
    cairo_paint(canvas);
  }
  cairo_pattern_destroy(pattern);
  cairo_restore(canvas);
}

cairo_status_t append(void *closure, const unsigned char *data, unsigned length) {
  static_cast<std::string *>(closure)->append(reinterpret_cast<const char *>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

void draw(cairo_t *canvas, const Page &page, std::uint32_t colour) {
  for (const auto &rule : page.rules) draw_rule(canvas, rule, rule.is_coloured ? colour : 0);
  use_colour(canvas, colour);
  for (const auto &text : page.texts)
    if (text.is_coloured) draw_text(canvas, text);
  use_colour(canvas, 0);
  for (const auto &text : page.texts)
    if (!text.is_coloured) draw_text(canvas, text);
  for (const auto &picture : page.pictures) draw_picture(canvas, picture);
}

std::string pdf_of(const Pages &pages) {
  std::string bytes;
  auto *surface = cairo_pdf_surface_create_for_stream(append, &bytes, kSheetWidthMm * kPointsPerMm,
                                                      kSheetHeightMm * kPointsPerMm);
  // One wrong byte in them, and Cairo draws nothing at all.
  for (const auto &[field, words] :
       {std::pair{CAIRO_PDF_METADATA_TITLE, &pages.title}, {CAIRO_PDF_METADATA_AUTHOR, &pages.author}}) {
    const std::unique_ptr<char, decltype(&g_free)> valid{
        g_utf8_make_valid(words->data(), static_cast<gssize>(words->size())), g_free};
    cairo_pdf_surface_set_metadata(surface, field, valid.get());
  }
  const auto midnight = pages.date + "T00:00:00Z";
  for (const auto field : {CAIRO_PDF_METADATA_CREATE_DATE, CAIRO_PDF_METADATA_MOD_DATE})
    cairo_pdf_surface_set_metadata(surface, field, midnight.c_str());
  auto *canvas = cairo_create(surface);
  for (const auto &page : pages.pages) {
    draw(canvas, page, pages.colour);
    cairo_show_page(canvas);
  }
  const auto drawn = cairo_status(canvas);
  cairo_destroy(canvas);
  cairo_surface_finish(surface);
  const auto written = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  if (drawn != CAIRO_STATUS_SUCCESS || written != CAIRO_STATUS_SUCCESS) bytes.clear();
  return bytes;
}

}  // namespace relance::render
