// Letters as an engine would order them: one of every window and language, and awkward ones; for tests, the
// benchmark, and eyes.
#pragma once

#include "host/render/letter.hpp"
#include "host/render/renderer.hpp"
#include "tests/render/sample_message.hpp"

#include <string>
#include <vector>

namespace relance::test {

struct SampleLetter {
  std::string name;
  config::Creditor creditor;
  config::LetterSettings settings{};
  config::Template made;
  render::MessageModel model;
  render::RenderedLetter words{};
  std::vector<std::string> address{"Café du Marché & Fils", "Service comptabilité", "Bâtiment C",
                                   "12 bis rue des Lilas", "75011 PARIS"};

  [[nodiscard]] render::LetterOrder order() const {
    return {creditor, settings, made, words, model, address};
  }

  /// Words anew, after the model or the template was changed.
  void fill() {
    render::Renderer renderer;
    made.version += '+';  // not the one that a renderer may have parsed before
    words = renderer.render_letter(made, model).value();
  }

  [[nodiscard]] std::vector<std::string> naive_lines() const {
    std::vector<std::string> lines;
    for (const auto &item : model.items)
      lines.push_back(item.number + "  " + format_date(item.issued) + "  " + format_date(item.due) + "  " +
                      domain::format_money(item.balance));
    lines.push_back("IBAN " + model.bank->iban + "  BIC " + model.bank->bic);
    return lines;
  }
};

inline void set_item_count(render::MessageModel &model, int count) {
  const auto euro = model.total.currency;
  model.items.clear();
  model.total.minor = 0;
  for (int i{0}; i < count; ++i) {
    const auto due = civil(2026, 9, 1) + Days{i % 60};
    const auto overdue = static_cast<std::int32_t>((model.dated - due).count());
    model.items.push_back({"F-2026-" + std::to_string(1000 + i), "", due - Days{30}, due,
                           domain::Money{123450 + i, euro}, domain::Money{123450 + i, euro}, overdue});
    model.total.minor += 123450 + i;
  }
  model.payment_reference = count == 1 ? model.items.front().number : "CAFE-0042";
}

inline SampleLetter one_page_letter(const config::Configuration &configuration,
                                    const std::string &id = "formal-notice",
                                    const std::string &language = "fr") {
  SampleLetter sample;
  sample.name = id + '-' + language;
  sample.creditor = configuration.creditors.front();
  sample.creditor.letterhead.colour = 0x1A4F8B;
  sample.creditor.letterhead.footer = {
      "Exemple Distribution SAS au capital de 100 000 € · RCS Lyon 123 456 789",
      "TVA FR 00 123456789 · 12 rue de la République, 69002 Lyon"};
  sample.made = *configuration.find_template(id, language, {});
  sample.model = sample_message();
  set_item_count(sample.model, 5);
  sample.model.language = language;
  sample.model.country = {};
  sample.model.contact_name = {};
  sample.model.customer_number = "CAFE-0042";
  sample.model.letter_reference = "CAFE-0042-20261112";
  sample.fill();
  return sample;
}

/// Words for a language that Relance does not speak: an operator's own.
inline void speak(SampleLetter &sample, const std::string &language, const std::string &opening,
                  const std::string &closing, config::LetterLabels labels) {
  sample.name = "language-" + language;
  sample.made.language = language;
  sample.made.letter->opening = opening;
  sample.made.letter->closing = closing;
  sample.made.letter->labels = std::move(labels);
  sample.model.language = language;
  sample.fill();
}

inline std::vector<SampleLetter> foreign_letters(const config::Configuration &configuration) {
  std::vector<SampleLetter> samples;
  auto arabic = one_page_letter(configuration);
  arabic.made.subject = "إشعار بالدفع: {{overdue_total}}";
  arabic.address = {"شركة النور للتجارة", "شارع الحبيب بورقيبة 12", "1000 TUNIS", "TUNISIE"};
  speak(arabic, "ar",
        "السادة الكرام،\n\nلم نتلق بعد تسديد الفواتير التالية، ونرجو منكم دفع مبلغ {{overdue_total}}.",
        "نرجو التسديد خلال خمسة عشر يوما.\n\nوتفضلوا بقبول فائق الاحترام\n{{creditor.name}}",
        {"التاريخ", "رقم العميل", "مرجعنا", "الفاتورة", "التاريخ", "الاستحقاق", "التأخير", "المبلغ", "الرصيد",
         "المجموع", "لم تستحق بعد", "المجموع المرحل", "المجموع السابق", "الحساب البنكي", "صاحب الحساب",
         "المرجع", "ادفع بالتطبيق", "صفحة {page} من {pages}"});
  samples.push_back(std::move(arabic));
  auto hebrew = one_page_letter(configuration);
  hebrew.made.subject = "דרישת תשלום: {{overdue_total}}";
  hebrew.address = {"חברת הדוגמה בע\"מ", "רחוב הרצל 12", "תל אביב 6688101", "ISRAEL"};
  speak(hebrew, "he", "שלום רב,\n\nהחשבוניות הבאות (F-2026) טרם שולמו. נא לשלם {{overdue_total}}.",
        "נודה על התשלום בתוך חמישה עשר יום.\n\nבכבוד רב,\n{{creditor.name}}",
        {"תאריך", "מספר לקוח", "סימוכין", "חשבונית", "תאריך", "לתשלום עד", "איחור", "סכום", "יתרה", "סך הכול",
         "טרם הגיע מועדן", "להעברה", "מהעברה", "פרטי בנק", "שם החשבון", "אסמכתה", "תשלום באפליקציה",
         "עמוד {page} מתוך {pages}"});
  samples.push_back(std::move(hebrew));
  auto chinese = one_page_letter(configuration);
  chinese.made.subject = "付款通知：{{overdue_total}}";
  chinese.address = {"示例贸易有限公司", "财务部", "北京市朝阳区建国路12号", "100022 BEIJING", "CHINE"};
  speak(chinese, "zh", "尊敬的客户：\n\n我们尚未收到以下发票的款项，请支付 {{overdue_total}}。",
        "请在十五天内付款。\n\n此致敬礼\n{{creditor.name}}",
        {"日期", "客户编号", "我方编号", "发票", "日期", "到期日", "逾期", "金额", "余额", "合计", "尚未到期",
         "转下页", "承上页", "银行账户", "户名", "附言", "手机银行付款", "第{page}页，共{pages}页"});
  samples.push_back(std::move(chinese));
  return samples;
}

inline std::vector<SampleLetter> sample_letters(const config::Configuration &configuration) {
  std::vector<SampleLetter> samples;
  for (std::size_t i{0}; i < config::kLetterWindowNames.size(); ++i) {
    auto sample = one_page_letter(configuration);
    sample.name = "window-" + std::string{config::kLetterWindowNames[i]};
    sample.settings.window = static_cast<config::LetterWindow>(i);
    samples.push_back(std::move(sample));
  }
  for (const char *language : {"de", "en", "es", "it"})
    for (const char *id : {"formal-notice", "reminder-2"})
      samples.push_back(one_page_letter(configuration, id, language));
  for (const int count : {1, 40, 400}) {
    auto sample = one_page_letter(configuration);
    sample.name = "items-" + std::to_string(count);
    set_item_count(sample.model, count);
    sample.fill();
    samples.push_back(std::move(sample));
  }
  for (auto &sample : foreign_letters(configuration)) samples.push_back(std::move(sample));
  return samples;
}

}  // namespace relance::test
