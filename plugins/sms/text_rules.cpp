#include "plugins/sms/text_rules.hpp"

namespace relance::sms {

TextRules read_text_rules(const sdk::Json &text, sdk::Issues &issues) {
  TextRules rules;
  if (text.is_absent()) return rules;
  const auto replacement = text["replacement"].text("typographic");
  if (replacement == "off")
    rules.encoding.replacement = gsm::Replacement::off;
  else if (replacement == "accents")
    rules.encoding.replacement = gsm::Replacement::accents;
  else if (replacement != "typographic")
    issues.fatal("/text/replacement", "is none of off, typographic, accents");
  const auto parts_max = text["parts_max"].integer(4);
  if (parts_max < 1 || parts_max > static_cast<std::int64_t>(gsm::kPartsMax))
    issues.fatal("/text/parts_max", "is not between 1 and 255");
  else
    rules.parts_max = static_cast<std::size_t>(parts_max);
  return rules;
}

}  // namespace relance::sms
