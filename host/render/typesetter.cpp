// One font map and context for all letters of a thread: fonts stay open.
#include "host/render/typesetter.hpp"

#include "host/render/plain_text.hpp"

#include <algorithm>
#include <cstdio>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
// Fontconfig keeps one pattern of its own for the life of the process, and loses its address.
extern "C" const char *__lsan_default_suppressions();   // NOLINT: the sanitizer's name
extern "C" const char *__lsan_default_suppressions() {  // NOLINT
  return "leak:libfontconfig.so\n";
}
extern "C" const char *__lsan_default_options();   // NOLINT
extern "C" const char *__lsan_default_options() {  // NOLINT
  return "print_suppressions=0";
}
#endif
#endif

namespace relance::render {

namespace {

std::string valid_utf8(std::string_view text) {
  const std::unique_ptr<char, decltype(&g_free)> made{
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())), g_free};
  return made.get();
}

/// Amounts hold spaces at which no line breaks, U+00A0 and U+202F. Cairo embeds each font once more for
/// characters outside Windows-1252, and these are the only ones in most letters: they become plain spaces
/// that do not break.
PangoAttrList *plain_spaces(std::string &text) {
  PangoAttrList *attributes{nullptr};
  for (const std::string_view fixed : {"\u00a0", "\u202f"})
    for (auto at = text.find(fixed); at != text.npos; at = text.find(fixed, at + 1))
      text.replace(at, fixed.size(), "\x01");
  for (auto at = text.find('\x01'); at != text.npos; at = text.find('\x01', at + 1)) {
    text[at] = ' ';
    auto *unbroken = pango_attr_allow_breaks_new(false);
    unbroken->start_index = static_cast<guint>(at);
    // A break stands before the character that follows: it belongs to the range.
    const auto *next = text.c_str() + at + 1;
    unbroken->end_index = static_cast<guint>((*next == '\0' ? next : g_utf8_next_char(next)) - text.c_str());
    if (attributes == nullptr) attributes = pango_attr_list_new();
    pango_attr_list_insert(attributes, unbroken);
  }
  return attributes;
}

/// Each line runs from the right, whatever its first letter: a name in Latin script too.
void turn_lines(std::string &text) {
  constexpr std::string_view kRightToLeftMark{"\u200f"};
  text.insert(0, kRightToLeftMark);
  for (auto at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1))
    text.insert(at + 1, kRightToLeftMark);
}

std::string code_point(unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", value);
  return text;
}

}  // namespace

struct Typesetter::Pango {
  std::unique_ptr<PangoFontMap, decltype(&g_object_unref)> map{pango_cairo_font_map_new(), g_object_unref};
  std::unique_ptr<PangoContext, decltype(&g_object_unref)> context{nullptr, g_object_unref};

  Pango() {
    pango_cairo_font_map_set_resolution(reinterpret_cast<PangoCairoFontMap *>(map.get()), 72);
    context.reset(pango_font_map_create_context(map.get()));
    // Paper has no dots to fit glyphs to: a line breaks at the same word in the PDF and in the fax.
    auto *options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    pango_cairo_context_set_font_options(context.get(), options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(context.get(), false);
  }
};

Typesetter::Typesetter() : pango_{std::make_unique<Pango>()} {}
Typesetter::~Typesetter() = default;

Result<void> Typesetter::begin(const std::string &family, bool is_right_to_left) {
  fault_.clear();
  family_ = family;
  is_right_to_left_ = is_right_to_left;
  auto wrong = fault_of(family);
  if (!wrong.empty() && std::chrono::steady_clock::now() - looked_ >= kFontsEvery) {
    look_again();
    wrong = fault_of(family);
  }
  if (!wrong.empty()) return unavailable("the font \"" + family + "\" " + wrong);
  return {};
}

/// Fontconfig read its folders once, and Pango keeps what it failed to open.
void Typesetter::look_again() {
  looked_ = std::chrono::steady_clock::now();
  FcInitReinitialize();
  known_families_.clear();
  pango_ = std::make_unique<Pango>();
}

std::string Typesetter::fault_of(const std::string &family) {
  if (!known_families_.contains(family)) {
    // Fontconfig never says no: it gives another font.
    PangoFontFamily **families{nullptr};
    int count{0};
    pango_font_map_list_families(pango_->map.get(), &families, &count);
    for (int i{0}; i < count; ++i) known_families_.insert(pango_font_family_get_name(families[i]));
    g_free(families);
    if (!known_families_.contains(family)) return "is not installed (fc-list shows those that are)";
  }
  for (const auto weight : {PANGO_WEIGHT_NORMAL, PANGO_WEIGHT_BOLD}) {
    auto *wanted = pango_font_description_new();
    pango_font_description_set_family_static(wanted, family.c_str());
    pango_font_description_set_weight(wanted, weight);
    pango_font_description_set_absolute_size(wanted, 10 * PANGO_SCALE);
    const std::unique_ptr<PangoFont, decltype(&g_object_unref)> font{
        pango_font_map_load_font(pango_->map.get(), pango_->context.get(), wanted), g_object_unref};
    pango_font_description_free(wanted);
    auto *scaled =
        font ? pango_cairo_font_get_scaled_font(reinterpret_cast<PangoCairoFont *>(font.get())) : nullptr;
    const auto status = scaled == nullptr ? CAIRO_STATUS_FILE_NOT_FOUND : cairo_scaled_font_status(scaled);
    if (status != CAIRO_STATUS_SUCCESS)
      return std::string{"cannot be read: "} + cairo_status_to_string(status);
  }
  return {};
}

void Typesetter::note_length(std::string_view text) {
  if (!fault_.empty()) return;
  if (text.size() > kTextBytesMax) {
    fault_ = "a text of " + std::to_string(text.size()) + " bytes cannot be set in one piece (" +
             std::to_string(kTextBytesMax) + " are the most): \"" + first_characters(text, 40) + "…\"";
    return;
  }
  for (std::size_t at{0}; at < text.size();) {
    const auto end = std::min(text.find_first_of(" \n", at), text.size());
    if (end - at > kWordBytesMax) {
      fault_ = "a word of " + std::to_string(end - at) + " bytes is none: \"" +
               first_characters(text.substr(at), 40) + "…\"";
      return;
    }
    at = end + 1;
  }
}

Text Typesetter::set(std::string_view text, const TextStyle &style, double width) {
  note_length(text);
  if (!fault_.empty()) text = "";  // no letter comes of it
  Text made{pango_layout_new(pango_->context.get()), g_object_unref};
  auto *font = pango_font_description_new();
  pango_font_description_set_family_static(font, family_.c_str());
  pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
  if (style.is_bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description(made.get(), font);
  pango_font_description_free(font);
  if (width > 0) {
    pango_layout_set_width(made.get(), static_cast<int>(width * PANGO_SCALE));
    pango_layout_set_wrap(made.get(), PANGO_WRAP_WORD_CHAR);
  }
  if (style.is_centred) pango_layout_set_alignment(made.get(), PANGO_ALIGN_CENTER);
  pango_layout_set_line_spacing(made.get(), static_cast<float>(style.leading));
  auto valid = valid_utf8(text);
  if (is_right_to_left_ && style.is_of_letter) turn_lines(valid);
  auto *attributes = plain_spaces(valid);
  pango_layout_set_text(made.get(), valid.data(), static_cast<int>(valid.size()));
  if (attributes != nullptr) {
    pango_layout_set_attributes(made.get(), attributes);
    pango_attr_list_unref(attributes);
  }
  if (pango_layout_get_unknown_glyphs_count(made.get()) > 0) note_missing(made);
  return made;
}

void Typesetter::note_missing(const Text &text) {
  if (!fault_.empty()) return;
  auto *at = pango_layout_get_iter(text.get());
  do {
    const auto *run = pango_layout_iter_get_run_readonly(at);
    for (int i{0}; run != nullptr && i < run->glyphs->num_glyphs && fault_.empty(); ++i)
      if (const auto glyph = run->glyphs->glyphs[i].glyph; (glyph & PANGO_GLYPH_UNKNOWN_FLAG) != 0)
        fault_ = "no installed font has the character " + code_point(glyph & ~PANGO_GLYPH_UNKNOWN_FLAG) +
                 " of \"" + pango_layout_get_text(text.get()) + '"';
  } while (fault_.empty() && pango_layout_iter_next_run(at));
  pango_layout_iter_free(at);
}

Extent Typesetter::extent(const Text &text) {
  PangoRectangle logical{};
  pango_layout_get_extents(text.get(), nullptr, &logical);
  return {static_cast<double>(logical.x + logical.width) / PANGO_SCALE,
          static_cast<double>(logical.width) / PANGO_SCALE,
          static_cast<double>(logical.height) / PANGO_SCALE};
}

int Typesetter::line_count(const Text &text) {
  return pango_layout_get_line_count(text.get());
}

double Typesetter::line_top(const Text &text, int line) {
  auto *at = pango_layout_get_iter(text.get());
  for (int i{0}; i < line && pango_layout_iter_next_line(at); ++i) {
  }
  int top{0};
  pango_layout_iter_get_line_yrange(at, &top, nullptr);
  pango_layout_iter_free(at);
  return static_cast<double>(top) / PANGO_SCALE;
}

}  // namespace relance::render
