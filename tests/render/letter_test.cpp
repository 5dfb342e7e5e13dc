// Letters as others read them: the words by pdftotext, the fonts by pdffonts, the ink by pdftoppm, the QR
// code by zbar.
#include "host/render/letter.hpp"

#include "host/render/formats.hpp"
#include "host/render/letter_layout.hpp"
#include "host/render/payment_code.hpp"
#include "tests/render/letter_pictures.hpp"
#include "tests/render/sample_letter.hpp"
#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <fontconfig/fontconfig.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace relance::render {
BOOST_AUTO_TEST_SUITE(letter_test)

using test::SampleLetter;

const config::Configuration &shipped() {
  static const auto kLoaded = config::load(test::source_dir() / "config/relanced.toml",
                                           {.reads_secrets = false, .check_template = {}});
  if (!kLoaded.configuration) throw std::runtime_error(kLoaded.issues.front().text());
  return *kLoaded.configuration;
}

SampleLetter notice(int items = 5, const std::string &language = "fr") {
  auto sample = test::one_page_letter(shipped(), "formal-notice", language);
  test::set_item_count(sample.model, items);
  sample.fill();
  return sample;
}

PrintedLetter printed(const SampleLetter &sample, LetterForm form = LetterForm::pdf) {
  static LetterPrinter printer;
  auto letter = printer.print(sample.order(), form);
  BOOST_TEST_REQUIRE(letter.has_value(), sample.name << ": " << (letter ? "" : letter.error().text()));
  return std::move(*letter);
}

/// Why it does not fit; or, `unavailable`, why no letter of this creditor can be printed.
std::string refusal(const SampleLetter &sample, LetterForm form = LetterForm::pdf,
                    ErrorKind kind = ErrorKind::conflict) {
  static LetterPrinter printer;
  const auto letter = printer.print(sample.order(), form);
  BOOST_TEST_REQUIRE(!letter.has_value());
  BOOST_TEST((letter.error().kind == kind));
  return letter.error().message;
}

bool has(const std::string &text, const std::string &words) {
  return text.find(words) != text.npos;
}

std::size_t count(const std::string &text, const std::string &words) {
  std::size_t found{0};
  for (auto at = text.find(words); at != text.npos; at = text.find(words, at + words.size())) ++found;
  return found;
}

BOOST_AUTO_TEST_CASE(a_letter_says_who_owes_whom_what_and_how_to_pay_it) {
  const auto letter = printed(notice());
  BOOST_TEST(letter.pages == 1U);
  const auto words = test::words_of(letter.bytes);
  for (const char *wanted :
       {"Exemple Distribution SAS", "69002 LYON", "12 bis rue des Lilas", "75011 PARIS", "12 novembre 2026",
        "CAFE-0042", "CAFE-0042-20261112", "Mise en demeure de payer : 6 172,60 €", "F-2026-1004",
        "1 sept. 2026", "1 234,54 €", "72 jours", "FR14 2004 1010 0505 0001 3M02 606", "PSSTFRPPLYO",
        "Page 1 sur 1", "RCS Lyon 123 456 789", "salutations distinguées"})
    BOOST_TEST(has(words, wanted), wanted << " is missing in:\n" << words);
  BOOST_TEST(letter.bytes.size() <= 60'000U);
}

BOOST_AUTO_TEST_CASE(every_font_is_embedded_and_only_what_is_used_of_it) {
  for (const auto &sample : test::foreign_letters(shipped())) {
    const auto fonts = test::fonts_of(printed(sample).bytes);
    BOOST_TEST(fonts.size() >= 2U);
    for (const auto &font : fonts)
      BOOST_TEST((font.is_embedded && font.is_subset), sample.name << ": " << font.name);
  }
}

/// A file in a folder for temporary ones, gone with the object.
struct LogoFile {
  std::filesystem::path path{std::filesystem::temp_directory_path() /
                             ("relance-logo-" + std::to_string(getpid()) + ".png")};
  explicit LogoFile(const std::string &bytes) { std::ofstream{path, std::ios::binary} << bytes; }
  ~LogoFile() { std::filesystem::remove(path); }
  LogoFile(const LogoFile &) = delete;
  LogoFile &operator=(const LogoFile &) = delete;
};

void check_window(SampleLetter sample, config::LetterWindow window) {
  sample.settings.window = window;
  sample.address = {"Etablissements Durand et Compagnie",
                    "A l attention de Madame Durand",
                    "Entree B etage 4",
                    "12 bis rue du Faubourg Saint Antoine",
                    "Zone industrielle",
                    "75011 PARIS"};
  const bool is_cover{window == config::LetterWindow::cover_sheet};
  const auto &layout = letter_layout(is_cover ? config::LetterWindow::fr : window);
  const auto page = test::picture_of(printed(sample).bytes, 1);
  const auto &a = layout.address;
  const auto &w = layout.window;
  BOOST_TEST(page.ink(a.x, a.y, a.width, a.height) > 2000U);
  // The six lines stand below each other: ink in each sixth.
  for (int i{0}; i < 6; ++i) BOOST_TEST(page.ink(a.x, a.y + i * 4, a.width, 4.5) > 50U, "line " << i);
  std::size_t sender{0};
  if (layout.sender_line > 0) sender = page.ink(a.x, layout.sender_line - 0.2, a.width, 4.2);
  BOOST_TEST((sender > 0U) == (layout.sender_line > 0));
  BOOST_TEST(page.ink(w.x, w.y, w.width, w.height) == page.ink(a.x, a.y, a.width, a.height) + sender);
  BOOST_TEST(page.ink(layout.franking.x, layout.franking.y, layout.franking.width, layout.franking.height) ==
             0U);
  // What printers and sorting machines want empty.
  BOOST_TEST(page.ink(0, 0, kSheetWidthMm, 7) == 0U);
  BOOST_TEST(page.ink(0, kSheetHeightMm - 7, kSheetWidthMm, 7) == 0U);
  BOOST_TEST(page.ink(0, 0, 12, kSheetHeightMm) == 0U);
  BOOST_TEST(page.ink(kSheetWidthMm - 2.5, 0, 2.5, kSheetHeightMm) == 0U);
}

BOOST_AUTO_TEST_CASE(the_address_shows_through_its_window_and_nothing_else_does) {
  for (std::size_t i{0}; i < config::kLetterWindowNames.size(); ++i) {
    BOOST_TEST_CONTEXT(config::kLetterWindowNames[i]) {
      const auto window = static_cast<config::LetterWindow>(i);
      auto sample = notice();
      check_window(sample, window);
      // Whatever stands in the letterhead.
      sample.creditor.name = std::string(300, 'M');
      sample.creditor.address_lines.assign(
          7, "An address of a length that nobody has and that takes lines of its own to be written");
      check_window(sample, window);
      const LogoFile logo{test::png(300, 300)};
      sample.creditor.letterhead.logo = logo.path;
      sample.creditor.letterhead.logo_height_mm = 25;
      check_window(sample, window);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_payment_code_pays_what_the_letter_asks_for) {
  const auto sample = notice();
  const std::string wanted{
      "BCD\n002\n1\nSCT\nPSSTFRPPLYO\nExemple Distribution "
      "SAS\nFR1420041010050500013M02606\nEUR6172.60\n\n\nCAFE-0042"};
  const auto codes = test::codes_on(test::picture_of(printed(sample).bytes, 1, 200));
  BOOST_TEST_REQUIRE(codes.size() == 1U);
  BOOST_TEST(codes.front() == wanted);
  const auto fax = test::fax_pages_of(printed(sample, LetterForm::fax).bytes);
  const auto from_fax = test::codes_on(fax.front().picture);
  BOOST_TEST_REQUIRE(from_fax.size() == 1U);
  BOOST_TEST(from_fax.front() == wanted);
}

BOOST_AUTO_TEST_CASE(what_the_code_cannot_pay_has_none) {
  const auto euro = domain::Currency::parse("EUR").value(), pound = domain::Currency::parse("GBP").value();
  const config::BankAccount account{euro, "FR1420041010050500013M02606", "", std::string(80, 'N')};
  BOOST_TEST(!payment_lines(account, {100, pound}, "R"));
  BOOST_TEST(!payment_lines(account, {0, euro}, "R"));
  BOOST_TEST(!payment_lines(account, {-5, euro}, "R"));
  BOOST_TEST(!payment_lines(account, {100'000'000'000, euro}, "R"));
  BOOST_TEST(*payment_lines(account, {99'999'999'999, euro}, "R") ==
             "BCD\n002\n1\nSCT\n\n" + std::string(70, 'N') +
                 "\nFR1420041010050500013M02606\nEUR999999999.99\n\n\nR");
  // A creditor reference goes where banks look for one; what only looks like one does not.
  BOOST_TEST(payment_lines(account, {1, euro}, "RF18539007547034")->ends_with("EUR0.01\n\nRF18539007547034"));
  BOOST_TEST(
      payment_lines(account, {1, euro}, "RF19539007547034")->ends_with("EUR0.01\n\n\nRF19539007547034"));
  BOOST_TEST(payment_lines(account, {1, euro}, "two\nlines")->ends_with("two lines"));
  // A reference that is cut would pay another invoice.
  BOOST_TEST(payment_lines(account, {1, euro}, std::string(140, 'R')).has_value());
  BOOST_TEST(!payment_lines(account, {1, euro}, std::string(141, 'R')));
  std::string accents;
  for (int i{0}; i < 140; ++i) accents += "\u00e9";
  BOOST_TEST(!payment_lines(account, {1, euro}, accents));  // more bytes than the code holds
  auto accented = notice();
  accented.model.payment_reference = accents;
  const auto without = printed(accented);
  BOOST_TEST(test::codes_on(test::picture_of(without.bytes, 1, 200)).empty());
  BOOST_TEST(has(test::words_of(without.bytes), "FR14 2004 1010"));
  BOOST_TEST(payment_lines(account, {1, euro}, "")->ends_with("EUR0.01"));
  auto sample = notice();
  sample.model.bank = *sample.creditor.account(pound);
  for (auto &item : sample.model.items) item.amount.currency = item.balance.currency = pound;
  sample.model.total.currency = pound;
  sample.fill();
  const auto letter = printed(sample);
  BOOST_TEST(has(test::words_of(letter.bytes), "GB29 NWBK 6016 1331 9268 19"));
  BOOST_TEST(test::codes_on(test::picture_of(letter.bytes, 1, 200)).empty());
}

BOOST_AUTO_TEST_CASE(a_table_goes_on_over_pages_with_its_head_and_the_sum_so_far) {
  for (const int items : {1, 40, 400}) {
    const auto sample = notice(items);
    const auto letter = printed(sample);
    BOOST_TEST(letter.pages == (items == 1 ? 1U : items == 40 ? 2U : 10U));
    const auto all = test::words_of(letter.bytes);
    BOOST_TEST(count(all, "F-2026-1") ==
               static_cast<std::size_t>(items == 1 ? 2 : items));  // and as the reference
    for (int i{0}; i < items; ++i) BOOST_TEST(count(all, "F-2026-" + std::to_string(1000 + i)) >= 1U);
    std::int64_t sum{0};
    int listed{0};
    for (std::uint32_t page{1}; page <= letter.pages; ++page) {
      const auto words = test::words_of(letter.bytes, static_cast<int>(page));
      BOOST_TEST(has(words, "Page " + std::to_string(page) + " sur " + std::to_string(letter.pages)));
      const auto rows = static_cast<int>(items == 1 ? 1 : count(words, "F-2026-1"));
      if (page > 1 && listed < items)
        BOOST_TEST((has(words, "Facture") && has(words, "Échéance") && has(words, "Report")));
      Formats formats{"fr", ""};
      const auto money = [&](std::int64_t minor) {
        auto text = formats.money({minor, sample.model.total.currency});
        for (const std::string fixed : {"\u00a0", "\u202f"})
          for (auto at = text.find(fixed); at != text.npos; at = text.find(fixed))
            text.replace(at, fixed.size(), " ");
        return text;
      };
      if (listed > 0 && listed < items) BOOST_TEST(has(words.substr(words.find("Report")), money(sum)));
      for (int i{0}; i < rows; ++i) sum += 123450 + listed++;
      if (listed < items) BOOST_TEST(has(words.substr(words.find("À reporter")), money(sum)));
    }
    BOOST_TEST(listed == items);
    BOOST_TEST(sum == sample.model.total.minor);
  }
}

BOOST_AUTO_TEST_CASE(the_same_letter_is_the_same_bytes) {
  for (const auto form : {LetterForm::pdf, LetterForm::fax}) {
    LetterPrinter one, other;
    const auto sample = notice(40);
    const auto first = one.print(sample.order(), form).value().bytes;
    one.print(notice(1).order(), form).value();
    BOOST_TEST((one.print(sample.order(), form).value().bytes == first));
    BOOST_TEST((other.print(sample.order(), form).value().bytes == first));
    if (form == LetterForm::pdf) {
      BOOST_TEST(has(first, "20261112"));
      BOOST_TEST(count(first, "(20") == 2U);  // created and modified on the letter's day, and no other date
    }
  }
}

BOOST_AUTO_TEST_CASE(scripts_of_every_direction_are_written_whole) {
  const std::vector<std::vector<std::string>> wanted{
      {"شركة", "الحبيب", "6\u066c172"}, {"הרצל", "לשלם"}, {"示例贸易有限公司", "付款通知", "合计"}};
  const auto samples = test::foreign_letters(shipped());
  for (std::size_t i{0}; i < samples.size(); ++i) {
    const auto letter = printed(samples[i]);
    const auto words = test::words_of(letter.bytes);
    for (const auto &part : wanted[i])
      if (!part.starts_with('6')) BOOST_TEST(has(words, part), part << " is missing in:\n" << words);
    BOOST_TEST(has(words, "FR14 2004 1010 0505 0001 3M02 606"));
    BOOST_TEST(has(words, "Exemple Distribution SAS"));
    printed(samples[i], LetterForm::fax);
  }
  // Right to left, what begins a line stands on the right: the table's first column, the letter's first
  // words.
  const auto arabic = test::picture_of(printed(samples[0]).bytes, 1);
  BOOST_TEST(arabic.ink(150, 98, 40, 10) > 100U);
  BOOST_TEST(arabic.ink(20, 98, 40, 10) == 0U);
}

BOOST_AUTO_TEST_CASE(a_character_that_no_font_has_is_said_instead_of_a_box) {
  auto sample = notice();
  sample.address[0] = "Caf\u00e9 \U0010FFFD";
  BOOST_TEST(refusal(sample) == "no installed font has the character U+10FFFD of \"Caf\u00e9 \U0010FFFD\"");
  sample = notice();
  sample.model.items[3].number = "F \U0010FFFD";
  BOOST_TEST(has(refusal(sample, LetterForm::fax), "U+10FFFD"));
  BOOST_TEST(printed(notice()).pages == 1U);  // and the next letter is none the worse
}

BOOST_AUTO_TEST_CASE(an_address_that_does_not_fit_its_window_is_refused_with_its_line) {
  auto sample = notice();
  sample.address.assign(8, "line");
  BOOST_TEST(refusal(sample) == "the address has 8 lines, and the window takes 7");
  sample.address = {"Caf\u00e9", "", "   ", "\t", "1 rue A", "", "75001 PARIS", ""};
  BOOST_TEST(printed(sample).pages == 1U);
  sample.address = {"Caf\u00e9\u2028of\u0085two\nlines", "1 rue A", "75001 PARIS"};
  BOOST_TEST(has(test::words_of(printed(sample).bytes), "Caf\u00e9 of two lines"));
  sample.address = {"Caf\u00e9", std::string(60, 'W'), "75001 PARIS"};
  BOOST_TEST(refusal(sample) ==
             "the address's line \"" + std::string(60, 'W') + "\" is wider than the window (81 mm)");
  // 38 characters, what the French norm allows, fit every window.
  sample.address = {"SOCIETE GENERALE DE TRAVAUX MARITIMES A", "RESIDENCE LES JARDINS DE LA MEDITERRAN",
                    "69002 LYON CEDEX 02"};
  for (std::size_t i{0}; i < config::kLetterWindowNames.size(); ++i) {
    sample.settings.window = static_cast<config::LetterWindow>(i);
    BOOST_TEST(printed(sample).pages >= 1U);
  }
  // Six lines and the country's, of a letter that goes abroad.
  sample.address = {"SOCIETE GENERALE DE TRAVAUX MARITIMES A",
                    "A L ATTENTION DE MADAME DURAND",
                    "ENTREE B ETAGE 4",
                    "12 BIS RUE DU FAUBOURG SAINT ANTOINE",
                    "ZONE INDUSTRIELLE",
                    "75011 PARIS",
                    "FRANCE"};
  for (std::size_t i{0}; i < config::kLetterWindowNames.size(); ++i) {
    sample.settings.window = static_cast<config::LetterWindow>(i);
    const auto &layout = letter_layout(sample.settings.window == config::LetterWindow::cover_sheet
                                           ? usual_window(sample.creditor.country)
                                           : *sample.settings.window);
    const auto page = test::picture_of(printed(sample).bytes, 1);
    const auto &a = layout.address;
    for (int line{0}; line < 7; ++line)
      BOOST_TEST(page.ink(a.x, a.y + line * a.height / 8, a.width, a.height / 7) > 50U);
    BOOST_TEST(page.ink(a.x, a.y + a.height, a.width,
                        layout.window.y + layout.window.height - a.y - a.height) == 0U);
  }
  // What travels in no envelope has room for it.
  sample.settings.window = config::LetterWindow::fr;
  sample.address.assign(
      9, "A line that is as long as no window is wide, for nobody ever has to look through one");
  auto order = sample.order();
  order.has_envelope = false;
  LetterPrinter printer;
  const auto wide = printer.print(order, LetterForm::pdf);
  BOOST_TEST_REQUIRE(wide.has_value());
  const auto words = test::words_of(wide->bytes);
  BOOST_TEST(count(words, "A line that is as long") == 9U);
  BOOST_TEST(words.rfind("A line that is as long") < words.find("Madame, Monsieur"));
  sample.address = {};
  BOOST_TEST(refusal(sample) == "the letter has no address");
}

BOOST_AUTO_TEST_CASE(a_providers_limits_are_known_before_it_is_asked) {
  auto sample = notice(400);
  sample.settings.pages_max = 9;
  BOOST_TEST(refusal(sample) == "the letter has 10 pages, and this provider takes 9");
  sample.settings.pages_max = 10;
  BOOST_TEST(printed(sample).sheets == 10U);
  sample.settings.sheets_max = 5;
  BOOST_TEST(refusal(sample) == "the letter has 10 sheets, and this provider takes 5");
  sample.settings.is_duplex = true;
  BOOST_TEST(printed(sample).sheets == 5U);
  sample.settings.bytes_max = 20'000;
  BOOST_TEST(has(refusal(sample), " bytes, and this provider takes 20000"));
  sample.words.opening = std::string(2'000'000, 'w');
  BOOST_TEST(refusal(sample) == "the letter is longer than 200 pages");
  sample = notice(9000);
  BOOST_TEST(has(refusal(sample), " pages, and this provider takes 200"));
}

BOOST_AUTO_TEST_CASE(a_cover_sheet_carries_the_address_and_its_back_stays_empty) {
  auto sample = notice();
  sample.settings.window = config::LetterWindow::cover_sheet;
  auto letter = printed(sample);
  BOOST_TEST(letter.pages == 2U);
  auto words = test::words_of(letter.bytes, 1);
  BOOST_TEST(has(words, "75011 PARIS"));
  BOOST_TEST(!has(words, "Mise en demeure"));
  BOOST_TEST(has(test::words_of(letter.bytes, 2), "Page 1 sur 1"));
  sample.settings.is_duplex = true;
  letter = printed(sample);
  BOOST_TEST(letter.pages == 3U);
  BOOST_TEST(letter.sheets == 2U);
  BOOST_TEST(test::picture_of(letter.bytes, 2, 50).ink(0, 0, 210, 297) == 0U);
}

BOOST_AUTO_TEST_CASE(a_logo_stands_at_the_head_and_a_bad_one_is_said) {
  const auto with = [](const std::filesystem::path &logo) {
    auto sample = notice();
    sample.creditor.letterhead.logo = logo;
    return sample;
  };
  const auto good = test::png(1600, 400);
  {
    const LogoFile file{good};
    const auto letter = printed(with(file.path));
    BOOST_TEST(test::picture_of(letter.bytes, 1).ink(20, 12, 64, 16) > 15'000U);
    const auto fax = test::fax_pages_of(printed(with(file.path), LetterForm::fax).bytes);
    BOOST_TEST(fax.front().picture.ink(22.5, 12, 64, 16) > 20'000U);
    BOOST_TEST(letter.bytes.size() < 60'000U);
  }
  const auto said = [&](const std::string &bytes) {
    const LogoFile file{bytes};
    auto why = refusal(with(file.path), LetterForm::pdf, ErrorKind::unavailable);
    BOOST_TEST(has(why, "the logo " + file.path.string() + ' '));
    return why.substr(why.find(".png ") + 5);
  };
  BOOST_TEST(said("GIF89a and so on, long enough to have a head") == "is no PNG");
  BOOST_TEST(said("") == "is no PNG");
  BOOST_TEST(has(said(good.substr(0, good.size() / 2)), "is damaged"));
  auto damaged = good;
  damaged[good.size() / 2] = static_cast<char>(damaged[good.size() / 2] ^ 0x55);
  BOOST_TEST(has(said(damaged), "is damaged"));
  // A head that promises 65,000 × 65,000 dots in a file of a few bytes.
  auto bomb = good;
  for (const std::size_t at : {16U, 20U}) bomb.replace(at, 4, std::string{"\0\0\xFD\xE8", 4});
  BOOST_TEST(said(bomb) == "has 65000 × 65000 dots; 8 million are enough");
  BOOST_TEST(said(good + std::string(2 * 1024 * 1024, 'x')) == "is larger than 2 MiB");
  BOOST_TEST(
      has(refusal(with("/nowhere/logo.png"), LetterForm::pdf, ErrorKind::unavailable), "cannot be read"));
  // A pipe that nobody writes to would be waited for.
  const auto pipe =
      std::filesystem::temp_directory_path() / ("relance-logo-pipe-" + std::to_string(getpid()));
  BOOST_TEST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  BOOST_TEST(has(refusal(with(pipe), LetterForm::pdf, ErrorKind::unavailable), "cannot be read"));
  std::filesystem::remove(pipe);
  // Mended in its place it is read again.
  LogoFile mended{damaged};
  BOOST_TEST(has(refusal(with(mended.path), LetterForm::pdf, ErrorKind::unavailable), "is damaged"));
  std::ofstream{mended.path, std::ios::binary} << good;
  std::filesystem::last_write_time(mended.path,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::seconds{1});
  BOOST_TEST(printed(with(mended.path)).pages == 1U);
}

BOOST_AUTO_TEST_CASE(a_font_that_is_not_installed_is_said) {
  auto sample = notice();
  sample.creditor.letterhead.font = "Corporate Sans";
  BOOST_TEST(refusal(sample, LetterForm::pdf, ErrorKind::unavailable) ==
             "the font \"Corporate Sans\" is not installed (fc-list shows those that are)");
  sample.creditor.letterhead.font = "DejaVu Sans";
  for (const auto &font : test::fonts_of(printed(sample).bytes)) BOOST_TEST(has(font.name, "DejaVu"));
}

/// Fonts of a test's own: the only ones that there are.
class FontFolder {
 public:
  FontFolder() {
    std::filesystem::create_directories(path_ / "fonts");
    std::ofstream{path_ / "fonts.conf"}
        << "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig><dir>"
        << (path_ / "fonts").string() << "</dir><cachedir>" << (path_ / "cache").string()
        << "</cachedir></fontconfig>";
    ::setenv("FONTCONFIG_FILE", (path_ / "fonts.conf").c_str(), 1);
    FcInitReinitialize();
  }
  ~FontFolder() {
    ::unsetenv("FONTCONFIG_FILE");
    FcInitReinitialize();
    std::filesystem::remove_all(path_);
  }
  FontFolder(const FontFolder &) = delete;
  FontFolder &operator=(const FontFolder &) = delete;
  /// In the place of what was there, as packages do.
  void put(const std::string &name, const std::string &bytes) const {
    std::ofstream{path_ / "new", std::ios::binary} << bytes;
    std::filesystem::rename(path_ / "new", path_ / "fonts" / name);
  }
  void remove(const std::string &name) const { std::filesystem::remove(path_ / "fonts" / name); }

 private:
  std::filesystem::path path_{std::filesystem::temp_directory_path() /
                              ("relance-fonts-" + std::to_string(getpid()))};
};

/// The file that this machine has for a font.
std::string font_file(const char *pattern) {
  auto *wanted = FcNameParse(reinterpret_cast<const FcChar8 *>(pattern));
  FcConfigSubstitute(nullptr, wanted, FcMatchPattern);
  FcDefaultSubstitute(wanted);
  FcResult result{};
  auto *found = FcFontMatch(nullptr, wanted, &result);
  FcChar8 *file{nullptr};
  FcPatternGetString(found, FC_FILE, 0, &file);
  std::ifstream stream{reinterpret_cast<const char *>(file), std::ios::binary};
  std::string bytes{std::istreambuf_iterator<char>{stream}, {}};
  FcPatternDestroy(found);
  FcPatternDestroy(wanted);
  return bytes;
}

BOOST_AUTO_TEST_CASE(fonts_that_are_damaged_or_gone_are_said_and_found_again_when_they_are_back) {
  const auto regular = font_file("Liberation Sans:style=Regular"),
             bold = font_file("Liberation Sans:style=Bold");
  const auto sample = notice();
  const FontFolder fonts;
  const auto why = [&] {
    LetterPrinter printer;  // as one that has waited longer than it takes to look again
    const auto letter = printer.print(sample.order(), LetterForm::pdf);
    if (!letter) BOOST_TEST((letter.error().kind == ErrorKind::unavailable));
    return letter ? std::string{} : letter.error().message;
  };
  BOOST_TEST(has(why(), "is not installed"));
  for (const auto &broken : {std::string{}, regular.substr(0, 60'000), std::string(regular.size(), 'x')}) {
    fonts.put("regular.ttf", broken);
    fonts.put("bold.ttf", broken);
    BOOST_TEST(has(why(), "is not installed"));
  }
  fonts.put("regular.ttf", regular);
  fonts.put("bold.ttf", bold);
  BOOST_TEST(why() == "");
  // One that prints goes on printing with what it has opened; another one finds nothing any more.
  LetterPrinter printer;
  const auto before = printer.print(sample.order(), LetterForm::pdf).value().bytes;
  fonts.remove("regular.ttf");
  fonts.remove("bold.ttf");
  BOOST_TEST((printer.print(sample.order(), LetterForm::pdf).value().bytes == before));
  BOOST_TEST(why() != "");
}

BOOST_AUTO_TEST_CASE(words_that_no_page_could_hold_are_refused_and_none_is_cut) {
  auto sample = notice();
  sample.words.opening = std::string(400'000, 'w');
  BOOST_TEST(has(refusal(sample), "a text of 400000 bytes cannot be set in one piece"));
  sample.words.opening = std::string(20'000, 'w');
  BOOST_TEST(has(refusal(sample), "a word of 20000 bytes is none: \"wwww"));
  sample = notice();
  for (int i{0}; i < 400'000; ++i) sample.address[1] += " de";
  BOOST_TEST(has(refusal(sample), " bytes cannot be set in one piece"));
  // Nor is more laid out than any provider could be given, whatever its limit says.
  sample = notice();
  sample.settings.pages_max = 1000;
  sample.words.opening.clear();
  for (int i{0}; i < 300'000; ++i) sample.words.opening += "mot\n\n";
  const auto why = refusal(sample);
  BOOST_TEST((why.starts_with("the letter has 20") && why.ends_with(" pages, and this provider takes 200")), why);
  // Many lines are no such text: a list of a thousand invoices.
  sample = notice();
  sample.words.opening.clear();
  for (int i{0}; i < 1000; ++i) sample.words.opening += "- Facture F-" + std::to_string(i) + " : 100,00\n";
  const auto words = test::words_of(printed(sample).bytes);
  BOOST_TEST(count(words, "- Facture F-") == 1000U);
}

BOOST_AUTO_TEST_CASE(a_name_turns_neither_the_amount_behind_it_nor_the_markup_on) {
  auto sample = notice();
  const std::string name{"\u202eMalice \u2066<b>&amp;\u2069 SA"};
  sample.model.debtor_name = name;
  sample.made.letter->opening = "{{debtor.name}} nous doit {{total}}.";
  sample.address[0] = name;
  sample.fill();
  for (const auto *turn : {"\u202e", "\u2066", "\u2069"}) BOOST_TEST(!has(sample.words.opening, turn));
  const auto words = test::words_of(printed(sample).bytes);
  BOOST_TEST(has(words, "Malice <b>&amp; SA nous doit 6 172,60 €."));
  BOOST_TEST(count(words, "Malice <b>&amp; SA") == 2U);
  // What is no control of direction stays: signs beside theirs, and a mark that turns nothing.
  sample.address[0] = "A\u2060B \u2026 C\u200e";
  BOOST_TEST(has(test::words_of(printed(sample).bytes), "\u2026"));
  sample.address[0] = "Caf\u00e9\u009f du\u0080March\u00e9";
  BOOST_TEST(has(test::words_of(printed(sample).bytes), "Caf\u00e9 du March\u00e9"));
}

BOOST_AUTO_TEST_CASE(a_broken_byte_in_a_subject_costs_a_character_and_no_letter) {
  auto sample = notice();
  sample.words.subject = "Facture \xff 12";
  sample.creditor.name = "Exemple \xfe SA";
  BOOST_TEST(has(test::words_of(printed(sample).bytes), " 12"));
}

BOOST_AUTO_TEST_CASE(a_template_without_letter_words_is_printed_as_its_text_says) {
  auto sample = notice();
  sample.made.letter.reset();
  sample.fill();
  const auto words = test::words_of(printed(sample).bytes);
  BOOST_TEST(has(words, "- Facture F-2026-1000 du"));
  BOOST_TEST(count(words, "IBAN") == 1U);
}

BOOST_AUTO_TEST_CASE(every_shipped_template_is_a_letter_of_one_page) {
  for (const auto &made : shipped().templates) {
    if (made.id == "call") continue;  // nobody posts it
    BOOST_TEST_REQUIRE(made.letter.has_value(), made.id << '.' << made.language);
    const auto sample = test::one_page_letter(shipped(), made.id, made.language);
    const auto letter = printed(sample);
    BOOST_TEST(letter.pages == 1U);
    BOOST_TEST(has(test::words_of(letter.bytes), "FR14 2004") == (made.id != "thank-you"));
  }
}

BOOST_AUTO_TEST_CASE(those_not_yet_due_stand_apart_where_the_template_says_so) {
  auto sample = test::one_page_letter(shipped(), "reminder-2", "de");
  for (std::size_t i : {3U, 4U}) sample.model.items[i].days_overdue = -3;
  sample.fill();
  const auto words = test::words_of(printed(sample).bytes);
  BOOST_TEST(has(words, "Noch nicht fällig"));
  BOOST_TEST(words.find("F-2026-1002") < words.find("Summe"));
  BOOST_TEST(words.find("F-2026-1003") > words.find("Noch nicht fällig"));
  BOOST_TEST(has(words, "3.703,53 €"));
  auto notice_too = notice();
  for (std::size_t i : {3U, 4U}) notice_too.model.items[i].days_overdue = -3;
  notice_too.fill();
  BOOST_TEST(!has(test::words_of(printed(notice_too).bytes), "F-2026-1003"));
}

BOOST_AUTO_TEST_CASE(names_of_any_length_break_and_push_nothing_off_the_page) {
  auto sample = notice(60);
  sample.creditor.name = std::string(300, 'M');
  sample.creditor.address_lines.assign(7, std::string(90, 'A'));
  sample.creditor.letterhead.sender_line = std::string(400, 's');
  sample.model.items[1].number = std::string(5000, '9');
  sample.model.items[2].amount.minor = sample.model.items[2].balance.minor = 922'337'203'685'477'580;
  sample.model.customer_number = std::string(200, 'K');
  sample.model.payment_reference = std::string(300, 'R');
  sample.words.subject = "Mise en demeure " + std::string(600, 'x');
  std::string long_text;
  for (int i{0}; i < 900; ++i) long_text += "mot" + std::to_string(i) + ' ';
  sample.words.opening = "Madame,\n\n" + long_text;
  sample.settings.window = config::LetterWindow::din5008_b;
  const auto letter = printed(sample);
  const auto words = test::words_of(letter.bytes);
  for (const int i : {0, 450, 899}) BOOST_TEST(has(words, "mot" + std::to_string(i)));
  BOOST_TEST(has(words, "F-2026-1059"));
  for (std::uint32_t page{1}; page <= letter.pages; ++page) {
    const auto picture = test::picture_of(letter.bytes, static_cast<int>(page), 72);
    BOOST_TEST(picture.ink(0, 0, 12, 297) == 0U);
    BOOST_TEST(picture.ink(200, 0, 10, 297) == 0U, "page " << page);
    BOOST_TEST(picture.ink(0, 290, 210, 7) == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_fax_is_what_machines_of_group_three_take) {
  const auto letter = printed(notice(40), LetterForm::fax);
  const auto pages = test::fax_pages_of(letter.bytes);
  BOOST_TEST(pages.size() == 2U);
  BOOST_TEST(letter.pages == 2U);
  for (const auto &page : pages) {
    BOOST_TEST(page.picture.width == 1728);
    BOOST_TEST(page.picture.height == 2291);
    // By number: compression Group 4, resolution 204 × 196 an inch, white is 0, high bit first, one bit a
    // dot.
    const std::map<int, double> wanted{{258, 1},   {259, 4},   {262, 0}, {266, 1},
                                       {282, 204}, {283, 196}, {296, 2}};
    BOOST_TEST((page.tags == wanted));
    BOOST_TEST(page.picture.ink(20, 20, 170, 250) > 50'000U);
  }
  // Every row of the table has its rule: long lines of dots, 26 rows and head and what is carried forward.
  int rules{0};
  const auto &first = pages[0].picture;
  for (int y{1}; y < first.height; ++y) {
    const auto is_rule = [&](int line) {
      return std::count(first.dots.begin() + line * first.width + 200,
                        first.dots.begin() + line * first.width + 1500, 0) == 1300;
    };
    if (is_rule(y) && !is_rule(y - 1)) ++rules;
  }
  BOOST_TEST(rules == 29);
  // The same letter as the PDF: as much ink in every band of the page, within what fewer dots blur.
  const auto paper = test::picture_of(printed(notice(40)).bytes, 1, 200);
  for (int band{10}; band < 280; band += 30) {
    const auto on_paper = static_cast<double>(paper.ink(15, band, 185, 30)) / (200.0 * 200);
    const auto on_fax = static_cast<double>(pages[0].picture.ink(17.5, band, 185, 30)) / (204.0 * 196);
    BOOST_TEST(on_fax > on_paper * 0.75, "band " << band << ": " << on_paper << ", " << on_fax);
    BOOST_TEST(on_fax < on_paper * 1.5 + 0.001, "band " << band << ": " << on_paper << ", " << on_fax);
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::render
