// The same reminder as mime_bench.cpp, built by nodemailer's own composer into one buffer; same words in, same words out.
"use strict";
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { createRequire } = require("module");
const composer = createRequire(path.join(process.argv[2], "peer.js"))("nodemailer/lib/mail-composer");
const MailComposer = composer.default ?? composer;

const [text, html] = [3, 4].map((index) => fs.readFileSync(process.argv[index], "utf8"));
const pdf = process.argv[5] === "-" ? null : fs.readFileSync(process.argv[5]);
const mail = () => ({
  from: { name: "Créancier SA", address: "compta@creditor.example" },
  to: [{ name: "Élodie Durand, comptabilité", address: "elodie.durand@debtor.example" }],
  replyTo: "compta@creditor.example",
  subject: "Facture 2026-0042 échue depuis 15 jours – merci de vérifier votre règlement",
  date: new Date(1767225600000),
  messageId: "<01KAMRZXEY0000000000000001@creditor.example>",
  headers: { "Auto-Submitted": "auto-generated" },
  text,
  html,
  attachments: pdf ? [{ filename: "Relevé 2026-0042.pdf", contentType: "application/pdf", content: pdf }] : [],
});
const build = () =>
  new Promise((resolve, reject) =>
    new MailComposer(mail()).compile().build((error, bytes) => (error ? reject(error) : resolve(bytes))));

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const begin = process.hrtime.bigint();
    const end = begin + BigInt(line) * 1000000n;
    let built = 0;
    let bytes = 0;
    let now = begin;
    while (now < end) {
      // Several under way at once, as a pool has them: a build waits for the event loop more than once.
      const batch = await Promise.all(Array.from({ length: 50 }, build));
      for (const one of batch) bytes += one.length;
      built += batch.length;
      now = process.hrtime.bigint();
    }
    console.log(`${(built / (Number(now - begin) / 1e9)).toFixed(1)} ${Math.round(bytes / built)}`);
  }
})();
