// A message centre for one test: the npm package `smpp` as a server, scripted over its standard input, one JSON command a
// line; what it sees goes to standard output, one JSON event a line. Commands:
//   {"on": "submit", "then": "accept" | "throttle" | "refuse" | "cut_before" | "cut_after", "times": n}   queued, then accept
//   {"on": "bind", "then": "accept" | "refuse" | "cut", "times": n}     {"on": "enquire", "then": "answer" | "cut" | "ignore"}
//   {"deliver": {"id": …, "stat": "DELIVRD", "tlv": bool, "to": …, "from": …, "text": …}}    a receipt, or a text of a person
//   {"cut": true}     cuts every link now              {"believes": false}   deliver_sm_resp that come are not believed
// "cut_before": the message is not taken, "cut_after": it is, and its answer is lost with the link.
// A deliver_sm without its answer is sent again on the next link, as a message centre does.
'use strict';
const smpp = require('smpp');
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

const scripts = {submit: [], bind: [], enquire: []};
const next = (what, usual) => {
  const first = scripts[what][0];
  if (!first) return usual;
  if (--first.times <= 0) scripts[what].shift();
  return first.then;
};
const links = new Set();
const unanswered = new Map();  // token → what a deliver_sm says
let lastId = 0, lastToken = 0, believes = true;

function deliver(link, token, what) {
  const pdu = {source_addr: what.from || '33600000001', destination_addr: what.to || '33140000000'};
  if (what.id !== undefined) {
    pdu.esm_class = 0x04;
    const stat = what.stat || 'DELIVRD';
    if (what.tlv) {
      pdu.receipted_message_id = what.id;
      pdu.message_state = {DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, REJECTD: 8, ENROUTE: 1}[stat];
      pdu.short_message = '';
    } else {
      pdu.short_message = `id:${what.id} sub:001 dlvrd:001 submit date:2603020800 done date:2603020801 stat:${stat} err:000 text:`;
    }
  } else {
    pdu.short_message = what.text;
  }
  say({event: 'deliver', token});
  link.deliver_sm(pdu, (answer) => {
    say({event: 'deliver_resp', token, status: answer.command_status});
    if (believes && answer.command_status === 0) unanswered.delete(token);
  });
}

const server = smpp.createServer((link) => {
  let isBound = false;
  link.on('error', () => {});
  link.on('close', () => {
    links.delete(link);
    say({event: 'closed', bound: isBound});
  });
  link.on('bind_transceiver', (pdu) => {
    const then = next('bind', 'accept');
    say({event: 'bind', system_id: pdu.system_id, password_ok: pdu.password === 'secret08', then});
    if (then === 'cut') return link.destroy();
    if (then === 'refuse' || pdu.password !== 'secret08') {
      link.send(pdu.response({command_status: smpp.ESME_RBINDFAIL}));
      return link.close();
    }
    isBound = true;
    links.add(link);
    link.send(pdu.response({system_id: 'peer'}));
    for (const [token, what] of unanswered) deliver(link, token, what);
  });
  link.on('submit_sm', (pdu) => {
    const then = next('submit', 'accept');
    const message = pdu.short_message.message;
    const udh = pdu.short_message.udh ? Buffer.concat(pdu.short_message.udh.map((e) => Buffer.isBuffer(e) ? e : Buffer.from(e))) : null;
    const seen = {event: 'submit', then, to: pdu.destination_addr, from: pdu.source_addr, ton: pdu.source_addr_ton, text: String(message),
      coding: pdu.data_coding, receipt: pdu.registered_delivery, esm: pdu.esm_class, udh: udh && udh.toString('hex')};
    if (then === 'cut_before') {
      say({...seen, taken: false});
      return link.destroy();
    }
    if (then === 'throttle' || then === 'refuse') {
      say({...seen, taken: false});
      return link.send(pdu.response({command_status: then === 'throttle' ? smpp.ESME_RTHROTTLED : smpp.ESME_RINVDSTADR}));
    }
    seen.id = `m-${++lastId}`;
    say({...seen, taken: true});
    if (then === 'cut_after') return link.destroy();
    link.send(pdu.response({message_id: seen.id}));
  });
  link.on('enquire_link', (pdu) => {
    const then = next('enquire', 'answer');
    say({event: 'enquire', then});
    if (then === 'cut') return link.destroy();
    if (then !== 'ignore') link.send(pdu.response());
  });
  link.on('unbind', (pdu) => {
    say({event: 'unbind'});
    link.send(pdu.response());
    link.close();
  });
});

server.listen(0, '127.0.0.1', () => say({event: 'listening', port: server.address().port}));

require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  const order = JSON.parse(line);
  if (order.on) scripts[order.on].push({then: order.then, times: order.times || 1});
  if (order.deliver) {
    unanswered.set(++lastToken, order.deliver);
    for (const link of links) deliver(link, lastToken, order.deliver);
  }
  if ('believes' in order) believes = order.believes;
  if (order.cut) for (const link of links) link.destroy();
}).on('close', () => process.exit(0));
