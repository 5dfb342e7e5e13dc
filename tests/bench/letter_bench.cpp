// One-page letters and fax pages a second on one core: the shipped formal notice with five invoices, a
// letterhead, embedded fonts and the payment's QR code. Yard-stick of the same run: the same words put on a
// page by Pango and Cairo as their manuals show it, with all that is costly made anew for each page. Rounds
// are interleaved.
//
//   letter_bench [CONFIG]                figures
//   letter_bench [CONFIG] --samples DIR  instead: a letter of every window and language, to look at
#include "host/render/letter.hpp"
#include "host/render/renderer.hpp"
#include "tests/render/sample_letter.hpp"

#include <algorithm>
#include <cairo-pdf.h>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <pango/pangocairo.h>
#include <string>
#include <string_view>
#include <vector>

namespace relance {
namespace {

constexpr int kRounds{5};
constexpr int kLetters{60};  // a round

/// Of this thread: a core's worth, whatever else the machine does.
double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

template <class Work>
double per_second(Work work) {
  const auto begin = cpu_seconds();
  for (int i{0}; i < kLetters; ++i) work(i);
  return kLetters / (cpu_seconds() - begin);
}

double median(std::vector<double> rounds) {
  std::ranges::sort(rounds);
  return rounds[rounds.size() / 2];
}

cairo_status_t append(void *closure, const unsigned char *data, unsigned length) {
  static_cast<std::string *>(closure)->append(reinterpret_cast<const char *>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

/// The words of a letter on one page, and no more: no table, no QR code, no letterhead.
std::size_t naive_page(const render::RenderedLetter &words, const std::vector<std::string> &lines) {
  std::string bytes;
  auto *surface = cairo_pdf_surface_create_for_stream(append, &bytes, 595.28, 841.89);
  auto *canvas = cairo_create(surface);
  auto *map = pango_cairo_font_map_new();
  auto *context = pango_font_map_create_context(map);
  pango_cairo_update_context(canvas, context);
  double y{40};
  const auto put = [&](const std::string &text, const char *font) {
    auto *layout = pango_layout_new(context);
    auto *description = pango_font_description_from_string(font);
    pango_layout_set_font_description(layout, description);
    pango_layout_set_width(layout, 470 * PANGO_SCALE);
    pango_layout_set_text(layout, text.c_str(), -1);
    cairo_move_to(canvas, 60, y);
    pango_cairo_show_layout(canvas, layout);
    int height{0};
    pango_layout_get_pixel_size(layout, nullptr, &height);
    y += height + 2;
    pango_font_description_free(description);
    g_object_unref(layout);
  };
  put(words.subject, "Liberation Sans Bold 11");
  put(words.opening, "Liberation Sans 10");
  for (const auto &line : lines) put(line, "Liberation Sans 9");
  put(words.closing, "Liberation Sans 10");
  cairo_show_page(canvas);
  g_object_unref(context);
  g_object_unref(map);
  cairo_destroy(canvas);
  cairo_surface_finish(surface);
  cairo_surface_destroy(surface);
  return bytes.size();
}

int write_samples(const config::Configuration &configuration, const std::string &folder) {
  render::LetterPrinter printer;
  int failed{0};
  for (const auto &sample : test::sample_letters(configuration)) {
    for (const auto form : {render::LetterForm::pdf, render::LetterForm::fax}) {
      const auto letter = printer.print(sample.order(), form);
      if (!letter) {
        std::printf("%s: %s\n", sample.name.c_str(), letter.error().text().c_str());
        ++failed;
        break;
      }
      std::ofstream{folder + '/' + sample.name + (form == render::LetterForm::pdf ? ".pdf" : ".tiff"),
                    std::ios::binary}
          << letter->bytes;
    }
  }
  return failed == 0 ? 0 : 1;
}

int measure(const config::Configuration &configuration) {
  auto sample = test::one_page_letter(configuration);
  render::LetterPrinter printer;
  std::vector<double> letters, naive, faxes;
  std::size_t bytes_max{0}, fax_bytes{0};
  std::uint32_t pages{0};
  for (int round{0}; round < kRounds; ++round) {
    letters.push_back(per_second([&](int i) {
      for (auto &item : sample.model.items) item.balance.minor = 10'000 + i * 7 + round;
      const auto letter = printer.print(sample.order(), render::LetterForm::pdf).value();
      bytes_max = std::max(bytes_max, letter.bytes.size());
      pages = std::max(pages, letter.pages);
    }));
    naive.push_back(per_second([&](int) { naive_page(sample.words, sample.naive_lines()); }));
    faxes.push_back(per_second([&](int) {
      fax_bytes = printer.print(sample.order(), render::LetterForm::fax).value().bytes.size();
    }));
  }
  std::printf("%-52s %8.0f pages/s   %zu bytes at most, %u page\n",
              "letters (letterhead, table, fonts, QR code)", median(letters), bytes_max, pages);
  std::printf("%-52s %8.0f pages/s   ratio %.2f\n", "the words alone, naively by Pango and Cairo",
              median(naive), median(letters) / median(naive));
  std::printf("%-52s %8.0f pages/s   %zu bytes\n", "faxes of the same letter", median(faxes), fax_bytes);
  return pages == 1 ? 0 : 1;
}

int run(const std::string &config_file, const std::string &samples) {
  const auto loaded = config::load(config_file, {.reads_secrets = false, .check_template = {}});
  if (!loaded.configuration) {
    for (const auto &issue : loaded.issues) std::fprintf(stderr, "%s\n", issue.text().c_str());
    return 1;
  }
  return samples.empty() ? measure(*loaded.configuration) : write_samples(*loaded.configuration, samples);
}

}  // namespace
}  // namespace relance

int main(int argc, char **argv) {
  std::string file{"config/relanced.toml"}, samples;
  for (int i{1}; i < argc; ++i) {
    if (std::string_view{argv[i]} == "--samples" && i + 1 < argc)
      samples = argv[++i];
    else
      file = argv[i];
  }
  return relance::run(file, samples);
}
