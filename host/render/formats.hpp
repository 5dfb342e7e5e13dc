// Amounts, dates and counts as people of a language write them, by ICU. Formatters are costly to make and
// cheap to use, so one object keeps those of one locale. Confined to one thread.
#pragma once

#include "host/base/time.hpp"
#include "host/domain/money.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace relance::render {

class Formats {
 public:
  /// `language` is BCP 47; `country` is used where the language names none. Unknown ones fall back as ICU
  /// does.
  Formats(std::string_view language, std::string_view country);
  ~Formats();
  Formats(const Formats &) = delete;
  Formats &operator=(const Formats &) = delete;

  std::string money(domain::Money amount);       ///< "1 234,50 €"
  const std::string &date(CivilDate date);       ///< "23 nov. 2026"; valid until the next call
  const std::string &long_date(CivilDate date);  ///< "23 novembre 2026"; valid until the next call
  const std::string &days(std::int32_t count);   ///< "1 jour", "12 jours"; valid until the next call

 private:
  struct Icu;
  std::unique_ptr<Icu> icu_;
};

}  // namespace relance::render
