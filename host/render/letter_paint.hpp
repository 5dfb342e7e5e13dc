// Draws what stands on a page with Cairo, whatever is behind it.
#pragma once

#include "host/render/letter_pages.hpp"

using cairo_t = struct _cairo;

namespace relance::render {

void draw(cairo_t *canvas, const Page &page, std::uint32_t colour);

}  // namespace relance::render
