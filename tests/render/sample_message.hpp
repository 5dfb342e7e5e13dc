// A message of five invoices, as an engine would build it, for tests and benchmarks.
#pragma once

#include "host/render/message.hpp"

namespace relance::test {

inline render::MessageModel sample_message() {
  using domain::Currency;
  using domain::Money;
  const auto euro = Currency::parse("EUR").value();
  render::MessageModel model;
  model.creditor_name = "Exemple Distribution SAS";
  model.creditor_address = {"12 rue de la République", "69002 LYON"};
  model.bank =
      config::BankAccount{euro, "FR1420041010050500013M02606", "PSSTFRPPLYO", "Exemple Distribution SAS"};
  model.debtor_name = "Café du Marché & Fils";
  model.contact_name = "Mme Durand";
  model.language = "fr";
  model.country = "FR";
  for (int i{0}; i < 5; ++i) {
    const auto due = civil(2026, 11, 1) + Days{5 * i};
    const auto overdue = static_cast<std::int32_t>((civil(2026, 11, 12) - due).count());
    model.items.push_back({"F-2026-00" + std::to_string(i + 1), "", due - Days{30}, due,
                           Money{123450 + i, euro}, Money{100000 + i, euro}, overdue});
    model.total.minor += 100000 + i;
  }
  model.total.currency = euro;
  model.step_id = "reminder-1";
  model.level = 1;
  model.payment_reference = "CAFE-0042";
  model.dated = civil(2026, 11, 12);
  return model;
}

inline config::Template sample_template(std::string subject, std::string text, std::string html = {}) {
  static int made_count{0};
  config::Template made;
  made.id = "sample";
  made.language = "fr";
  made.version = "v" + std::to_string(++made_count);
  made.subject = std::move(subject);
  made.text = std::move(text);
  made.html = std::move(html);
  made.subject_at = {"sample.fr.toml", 1, 12};
  made.text_at = {"sample.fr.toml", 4, 1};
  made.html_at = {"sample.fr.toml", 20, 1};
  return made;
}

}  // namespace relance::test
