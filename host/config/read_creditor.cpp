// [[creditor]] in relanced.toml: who is owed, how they sign, and where the money goes.
#include "host/config/draft.hpp"

#include <algorithm>

namespace relance::config {

namespace {

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "FR76 3000 …" → without spaces, when country, length and check digits fit.
/// @see ISO 13616: the remainder by 97 of the rearranged number is 1
Result<std::string> parse_iban(std::string_view text) {
  std::string iban;
  for (const char c : text)
    if (c != ' ') iban += c;
  if (iban.size() < 15 || iban.size() > 34 || !is_upper(iban[0]) || !is_upper(iban[1]) ||
      !std::ranges::all_of(iban, [](char c) { return is_upper(c) || is_digit(c); }))
    return invalid("is no IBAN: two capital letters, then 13 to 32 letters and digits");
  const std::string rearranged{iban.substr(4) + iban.substr(0, 4)};
  unsigned remainder{0};
  for (const char c : rearranged)
    remainder = is_digit(c) ? (remainder * 10 + static_cast<unsigned>(c - '0')) % 97
                            : (remainder * 100 + static_cast<unsigned>(c - 'A') + 10) % 97;
  if (remainder != 1) return invalid("has wrong check digits; compare it with the bank's document");
  return iban;
}

bool is_bic(std::string_view text) {
  return (text.size() == 8 || text.size() == 11) && std::ranges::all_of(text.substr(0, 6), is_upper) &&
         std::ranges::all_of(text, [](char c) { return is_upper(c) || is_digit(c); });
}

/// Enough to catch what can never be an address; the mail plugin has the full grammar.
bool is_mail_address(std::string_view text) {
  const auto at = text.rfind('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.size() <= 254 &&
         std::ranges::none_of(text, [](char c) { return c == ' ' || c == '<' || c == '>' || c == ','; });
}

class CreditorReader {
 public:
  CreditorReader(Draft &draft, Section &section) : draft_{draft}, section_{section} {}

  void read() {
    const auto code = section_.id("code");
    creditor_.code = code.text;
    creditor_.name = section_.required("name", "\"Exemple SAS\"").text;
    for (const auto &line : section_.texts("address", 7)) creditor_.address_lines.push_back(line.text);
    const auto country = section_.required("country", "\"FR\"");
    creditor_.country = country.text;
    if (!country.text.empty() && !is_country(country.text))
      draft_.issues.error(country.at, '"' + country.text +
                                          "\" is no country code; write two capital letters, such as \"FR\"");
    const auto region = section_.required("region", "\"FR\"");
    creditor_.region = region.text;
    const std::string by{"creditor " + code.text};
    if (!region.text.empty()) draft_.mentions.push_back({Mentioned::region, region.text, region.at, {}, by});
    const auto language = section_.required("language", "\"fr\"");
    creditor_.language = language.text;
    if (!language.text.empty() && !is_language(language.text))
      draft_.issues.error(
          language.at,
          '"' + language.text + "\" is no language; write two small letters, such as \"fr\" or \"fr-BE\"");
    else if (!language.text.empty())
      draft_.mentions.push_back({Mentioned::language, language.text, language.at, {}, by});
    read_senders();
    for (auto &account : section_.tables("account", 100)) read_account(account);
    read_currencies();
    if (auto table = section_.table("letterhead")) {
      creditor_.letterhead = read_letterhead(*table, draft_.configuration.file.parent_path());
      draft_.letterheads.emplace(code.text, table->at());
    }
    section_.finish();
    if (!code.text.empty() && define(draft_, draft_.creditors, "creditor", code.text, code.at))
      draft_.configuration.creditors.push_back(std::move(creditor_));
  }

 private:
  void read_senders() {
    auto table = section_.table("sender");
    if (!table) return;
    for (const auto &entry : table->value().table) {
      if (!is_known_channel(entry.key) || entry.key == "task") {
        draft_.issues.error({table->document().file, entry.line, entry.column},
                            "there is no channel \"" + entry.key + "\" with a sender" +
                                suggestion(entry.key, provider_channels()));
        continue;
      }
      auto sender = table->table(entry.key);
      if (!sender) continue;
      SenderIdentity identity{entry.key, sender->text("name"), sender->text("address"),
                              sender->text("reply_to")};
      if (entry.key == "email") {
        check_mail_address(*sender, "address", identity.address);
        if (!identity.reply_to.empty()) check_mail_address(*sender, "reply_to", identity.reply_to);
      }
      sender->finish();
      creditor_.senders.push_back(std::move(identity));
    }
  }

  void check_mail_address(Section &sender, std::string_view key, const std::string &address) {
    if (!is_mail_address(address))
      draft_.issues.error(sender.at(key), '"' + address + "\" is no e-mail address; write " +
                                              std::string{key} + " = \"accounts@example.com\"");
  }

  void read_account(Section &table) {
    BankAccount account;
    const auto code = table.required("currency", "\"EUR\"");
    const auto currency = domain::Currency::parse(code.text);
    if (!currency && !code.text.empty()) draft_.issues.error(code.at, currency.error().message);
    const auto iban = table.required("iban", "\"FR76…\"");
    if (!iban.text.empty()) {
      const auto parsed = parse_iban(iban.text);
      if (parsed)
        account.iban = *parsed;
      else
        draft_.issues.error(iban.at, '"' + iban.text + "\" " + parsed.error().message);
    }
    account.bic = table.text("bic");
    if (!account.bic.empty() && !is_bic(account.bic))
      draft_.issues.error(table.at("bic"),
                          '"' + account.bic + "\" is no BIC; it has 8 or 11 capital letters and digits");
    account.name = table.text("name", creditor_.name);
    table.finish();
    if (!currency) return;
    account.currency = *currency;
    if (creditor_.account(*currency) != nullptr)
      draft_.issues.error(code.at, "a second bank account in " + code.text +
                                       "; a debtor must not have to choose, keep one a currency");
    else
      creditor_.accounts.push_back(std::move(account));
  }

  /// A reminder without the account to pay to, or with one of another currency, is worse than none.
  void read_currencies() {
    for (const auto &[code, at] : section_.texts("currencies")) {
      const auto currency = domain::Currency::parse(code);
      if (!currency)
        draft_.issues.error(at, currency.error().message);
      else if (creditor_.account(*currency) == nullptr)
        draft_.issues.error(
            at, "creditor \"" + creditor_.code + "\" invoices in " + code +
                    " and has no bank account for it; add [[creditor.account]] with currency = \"" + code +
                    '"');
    }
  }

  Draft &draft_;
  Section &section_;
  Creditor creditor_;
};

}  // namespace

bool is_country(std::string_view text) {
  return text.size() == 2 && std::ranges::all_of(text, is_upper);
}

bool is_language(std::string_view text) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  if (text.size() < 2 || !std::ranges::all_of(text.substr(0, 2), is_small)) return false;
  return text.size() == 2 || (text.size() == 5 && text[2] == '-' && is_country(text.substr(3)));
}

void read_creditors(Draft &draft, Section &root) {
  auto creditors = root.tables("creditor", 10'000);
  if (creditors.empty() && !root.has("creditor"))
    draft.issues.error(
        {root.document().file, 1, 1},
        "there is no creditor; add [[creditor]] with code, name, country, region and language");
  for (auto &section : creditors) CreditorReader{draft, section}.read();
}

}  // namespace relance::config
