// The npm package `smpp` as a client: so many texts with so many without an answer; prints texts a second.
//   node smpp_client.js PORT MESSAGES WINDOW
'use strict';
const smpp = require('smpp');
const [port, messages, window] = process.argv.slice(2).map(Number);
const link = smpp.connect({host: '127.0.0.1', port});
const text = 'Acme: sauf erreur, 1 234,50 EUR restent a regler (ref. F-2026-017).';
link.on('error', (error) => { console.error(error.message); process.exit(1); });
link.bind_transceiver({system_id: 'bench', password: 'secret08'}, () => {
  const began = process.hrtime.bigint();
  let sent = 0, answered = 0;
  const send = () => link.submit_sm({source_addr: 'Acme', source_addr_ton: 5, destination_addr: '33612345678', dest_addr_ton: 1, dest_addr_npi: 1,
    registered_delivery: 1, short_message: text}, (answer) => {
    if (answer.command_status !== 0) process.exit(1);
    if (++answered === messages) {
      console.log(messages / (Number(process.hrtime.bigint() - began) / 1e9));
      process.exit(0);
    }
    if (sent < messages) { ++sent; send(); }
  });
  for (; sent < Math.min(window, messages); ++sent) send();
});
