// The page for whoever opens the container without a program: what was asked, when, of whom, and what became
// of it. No script and nothing from elsewhere: it must look the same in ten years.
#include "host/evidence/dossier.hpp"

namespace relance::evidence {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

class Page {
 public:
  std::string out;

  void row(std::string_view name, std::string_view text) {
    if (!text.empty())
      out.append("<tr><th>").append(name).append("</th><td>").append(escaped(text)).append("</td></tr>\n");
  }
  void raw_row(std::string_view name, std::string_view html) {
    out.append("<tr><th>").append(name).append("</th><td>").append(html).append("</td></tr>\n");
  }
  void heading(int level, std::string_view text) {
    const auto tag = "h" + std::to_string(level);
    out.append("<" + tag + ">").append(escaped(text)).append("</" + tag + ">\n");
  }
};

class Writer {
 public:
  Writer(const store::InvoiceEvidence &evidence, Page &page) : evidence_{evidence}, page_{page} {}

  std::string link(const Sha256 &hash, std::string_view words) const {
    for (const auto &file : evidence_.files)
      if (file.hash == hash)
        return "<a href=\"" + entry_name(file) + "\">" + escaped(words) + "</a> <code>" + to_hex(hash) +
               "</code>";
    return escaped(words) + " (erased) <code>" + to_hex(hash) + "</code>";
  }

  std::string came(const store::EvidenceReceipt &receipt) const {
    if (!receipt.raw) return {};
    if (!receipt.event) return "<br>" + link(*receipt.raw, "as it came");
    return "<br>" + link(*receipt.event, "as it was read") + "<br>" +
           (receipt.is_expired ? expired("as it came", *receipt.raw) : of_others_too(*receipt.raw));
  }

  static std::string expired(std::string_view words, const Sha256 &hash) {
    return escaped(words) + " (past its retention) <code>" + to_hex(hash) + "</code>";
  }

  static std::string of_others_too(const Sha256 &raw) {
    return "from bytes that speak of others too and are not here <code>" + to_hex(raw) + "</code>";
  }

  void attempt(const store::EvidenceAttempt &one) {
    page_.heading(4, "By " + one.channel + " through " + one.provider);
    page_.out += "<table>\n";
    page_.row("To", one.address.empty() ? "(erased)" : one.address);
    page_.row("Subject", one.subject);
    page_.row("Dated", format_instant(one.dated));
    page_.row("Handed over", one.state + (one.delivery == "interim" ? "" : ", " + one.delivery));
    page_.row("The provider said", one.code + (one.text.empty() ? "" : " " + one.text));
    page_.row("Key", one.idempotency_key);
    for (const auto &part : one.parts) {
      const auto &name = part.file_name.empty() ? part.role : part.file_name;
      page_.raw_row("Content", part.is_expired ? expired(name, part.hash) : link(part.hash, name));
    }
    for (const auto &receipt : one.receipts) {
      auto words = std::string{domain::name_of(receipt.kind)} + ", " + format_instant(receipt.at);
      if (!receipt.code.empty() || !receipt.text.empty()) words += ": " + receipt.code + " " + receipt.text;
      page_.raw_row("Receipt", escaped(words) + came(receipt));
    }
    for (const auto &proof : one.proofs)
      page_.raw_row("Proof", proof.document ? link(*proof.document,
                                                   proof.file_name.empty() ? "document" : proof.file_name)
                              : proof.is_expired
                                  ? escaped(proof.file_name + " (past its retention)")
                                  : escaped("named, not fetched: " + proof.reference));
    page_.out += "</table>\n";
  }

  void reminder(const store::EvidenceReminder &one) {
    page_.heading(3, format_date(one.decided_on) + ": " + one.step_id + (one.is_void ? " (withdrawn)" : ""));
    std::string invoices;
    for (const auto &number : one.invoices) invoices += (invoices.empty() ? "" : ", ") + number;
    page_.out += "<p>Asks for " +
                 escaped(domain::format_money({one.balance_minor, evidence_.amount.currency})) +
                 " of this invoice; lists: " + escaped(invoices) + ".</p>\n";
    for (const auto &task : one.tasks)
      page_.out += "<p>Task (" + escaped(task.kind) + "), " + escaped(task.state) + ": " +
                   escaped(task.text) + " " + escaped(task.outcome) + "</p>\n";
    for (const auto &try_ : one.attempts) attempt(try_);
  }

 private:
  const store::InvoiceEvidence &evidence_;
  Page &page_;
};

constexpr std::string_view kHead{
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}\n"
    "table{border-collapse:collapse}th,td{border:1px solid #999;padding:.2em "
    ".6em;text-align:left;vertical-align:top}\n"
    "code{font-size:.7em;overflow-wrap:anywhere}\n</style>\n"};

void facts(const store::InvoiceEvidence &evidence, const Sender &creditor, Instant made_at, Page &page) {
  page.out += "<table>\n";
  page.row("Creditor", creditor.name + " (" + creditor.code + ")");
  page.row("Debtor", evidence.debtor_name.empty() ? evidence.debtor_code
                                                  : evidence.debtor_name + " (" + evidence.debtor_code + ")");
  page.row("Invoice", evidence.number);
  page.row("Reference", evidence.reference);
  page.row("Issued, due", format_date(evidence.issued) + ", " + format_date(evidence.due));
  page.row("Amount", domain::format_money(evidence.amount));
  page.row("Balance", domain::format_money(evidence.balance) + " (" + evidence.state + ")");
  page.row("Made", format_instant(made_at));
  if (evidence.is_erased)
    page.row("Erased",
             "names, addresses, words and documents of this debtor were erased" +
                 (evidence.erased_at ? " at " + format_instant(*evidence.erased_at) : std::string{}) +
                 (evidence.erased_by.empty() ? "" : " by " + evidence.erased_by));
  page.out += "</table>\n";
}

}  // namespace

std::string page_html(const store::InvoiceEvidence &evidence, const Sender &creditor, Instant made_at) {
  Page page{std::string{kHead}};
  page.out += "<title>Invoice " + escaped(evidence.number) + "</title>\n";
  page.heading(1, "How invoice " + evidence.number + " was chased");
  facts(evidence, creditor, made_at, page);
  page.heading(2, "Reminders");
  if (evidence.reminders.empty()) page.out += "<p>None.</p>\n";
  Writer writer{evidence, page};
  for (const auto &reminder : evidence.reminders) writer.reminder(reminder);
  if (!evidence.approvals.empty()) page.heading(2, "Approvals");
  for (const auto &one : evidence.approvals)
    page.out += "<p>" + escaped(one.step_id) + ": " + escaped(one.state) +
                (one.decided_by.empty() ? "" : " by " + escaped(one.decided_by)) + ", asked " +
                format_instant(one.at) + "</p>\n";
  if (!evidence.replies.empty()) page.heading(2, "What the debtor wrote");
  for (const auto &one : evidence.replies)
    page.out += "<p>" + format_instant(one.at) + ": " +
                (!one.raw          ? "(erased)"
                 : one.is_expired  ? Writer::expired("as it came", *one.raw)
                 : one.is_raw_here ? writer.link(*one.raw, "as it came")
                                   : Writer::of_others_too(*one.raw)) +
                "</p>\n";
  page.heading(2, "What happened, in order");
  page.out += "<table>\n<tr><th>Entry</th><th>At</th><th>Kind</th><th>What</th></tr>\n";
  for (const auto &entry : evidence.entries)
    page.out += "<tr><td>" + std::to_string(entry.id) + "</td><td>" + format_instant(entry.at) + "</td><td>" +
                escaped(entry.kind) + "</td><td>" + (entry.payload ? escaped(*entry.payload) : "(erased)") +
                "</td></tr>\n";
  page.out +=
      "</table>\n<p>Every file of this container stands with its SHA-256 in META-INF; "
      "<code>relancectl evidence verify</code> checks all of it.</p>\n</html>\n";
  return std::move(page.out);
}

}  // namespace relance::evidence
