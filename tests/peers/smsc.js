// A message centre for tests and demonstrations: the npm package `smpp` as a server, told what to do over its standard input,
// one JSON order a line; what it sees goes to standard output, one JSON event a line.
//   {"on": "submit", "then": T, "times": n}   T: accept, throttle, full, status:N, nack, silent, hold, cut_before, cut_after;
//                                             queued, then accept. hold: answered at {"release": "reverse" | "forward"}
//   {"on": "bind", "then": accept | refuse | status:N | cut | silent, "times": n}
//   {"on": "enquire", "then": answer | cut | ignore, "times": n}
//   {"ids": "plain" | "hex" | "HEX" | "decimal"}            how ids look from now on
//   {"receipts": {"stat": "DELIVRD", "as": "tlv" | "text" | "decimal" | "hex", "before": bool, "count": n} | null}
//                                             one for each message that it takes; before: ahead of the answer
//   {"deliver": {"id", "stat", "tlv", "from", "to", "text", "udh", "coding", "error", "wide", "data_sm"}}   a receipt or a text
//   {"cut": true}   {"unbind": true}   {"enquire": true}   {"raw": "hex octets"}   {"believes": false}   {"query": state}   {"cancel": status}
//   {"cut_at": point, "nth": n}   the link is cut when this point of a PDU's way is reached for the n-th time from now on; the points
//                   are the words behind cuts(link, …) below
// What was taken is reported, whatever became of the link on which it came; a receipt without its answer is sent again on
// the next link, as a message centre does. submit_resp: an answer behind which the link was not cut. With TLS when SMSC_KEY and
// SMSC_CERT name files. What was taken is counted here and nowhere else.
'use strict';
const fs = require('fs');
const smpp = require('smpp');
const say = (event) => process.stdout.write(JSON.stringify(event) + '\n');

const scripts = {submit: [], bind: [], enquire: []};
const next = (what, usual) => {
  const first = scripts[what][0];
  if (!first) return usual;
  if (--first.times <= 0) scripts[what].shift();
  return first.then;
};
const statusOf = (then) => ({throttle: smpp.ESME_RTHROTTLED, full: smpp.ESME_RMSGQFUL, refuse: smpp.ESME_RBINDFAIL})[then] ||
  (then.startsWith('status:') ? Number(then.slice(7)) : undefined);
const links = new Set();
const unanswered = new Map();  // token → what a deliver_sm says
const held = [];
let lastId = Number(process.env.SMSC_FIRST_ID || 1000000), lastToken = 0, believes = true, ids = 'plain', receipts = null;
let cutAt = '', cutIn = 0, queryState = 1, cancelStatus = 0;

/// True when this point is where the link is to be cut: whoever asks stops.
function cuts(link, point) {
  if (point !== cutAt || --cutIn > 0) return false;
  cutAt = '';
  say({event: 'cut', point});
  link.destroy();
  return true;
}

const idOf = (number) => ({plain: `m-${number}`, hex: number.toString(16), HEX: number.toString(16).toUpperCase().padStart(8, '0'),
  decimal: String(number)})[ids];

function pduOf(what) {
  const pdu = {source_addr: what.from || '33600000001', destination_addr: what.to || '33140000000', source_addr_ton: what.ton === undefined ? 1 : what.ton};
  if (what.id === undefined) {
    pdu.short_message = what.udh ? {udh: Buffer.from(what.udh, 'hex'), message: what.text} : what.text;
    if (what.udh) pdu.esm_class = 0x40;
    if (what.coding !== undefined) pdu.data_coding = what.coding;
    return pdu;
  }
  pdu.esm_class = what.intermediate ? 0x20 : 0x04;
  const stat = what.stat || 'DELIVRD';
  if (what.tlv) {
    pdu.receipted_message_id = what.id;
    pdu.message_state = {SCHEDLD: 0, ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7, REJECTD: 8}[stat];
    if (what.error) pdu.network_error_code = Buffer.from(what.error, 'hex');
    if (!what.data_sm) pdu.short_message = '';
  } else {
    pdu.short_message = `id:${what.id} sub:001 dlvrd:001 submit date:2603020800 done date:2603020801 stat:${stat} err:${what.err || '000'} text:`;
  }
  return pdu;
}

function deliver(link, token, what) {
  if (cuts(link, 'before a deliver_sm')) return;
  say({event: 'deliver', token});
  link[what.data_sm ? 'data_sm' : 'deliver_sm'](pduOf(what), (answer) => {
    if (cuts(link, 'at a deliver_sm_resp')) return;
    say({event: 'deliver_resp', token, status: answer.command_status});
    if (believes && answer.command_status === 0) unanswered.delete(token);
  });
  cuts(link, 'behind a deliver_sm');
}

function report(link, seen, number) {
  if (!receipts) return;
  const id = {tlv: seen.id, text: seen.id, decimal: String(number).padStart(10, '0'), hex: number.toString(16).toUpperCase()}[receipts.as || 'tlv'];
  for (let count = 0; count < (receipts.count || 1); ++count) {
    const what = {id, stat: receipts.stat, tlv: (receipts.as || 'tlv') === 'tlv', from: seen.to, to: seen.from};
    unanswered.set(++lastToken, what);
    if (links.has(link) && !link.socket.destroyed) deliver(link, lastToken, what);
  }
}

function submitted(link, pdu) {
  const then = next('submit', 'accept');
  const payload = pdu.message_payload && pdu.message_payload.message;
  const message = payload === undefined ? pdu.short_message.message : payload;
  const udh = pdu.short_message.udh ? Buffer.concat(pdu.short_message.udh.map((e) => Buffer.isBuffer(e) ? e : Buffer.from(e))) : null;
  const seen = {event: 'submit', then, to: pdu.destination_addr, to_ton: pdu.dest_addr_ton, from: pdu.source_addr, ton: pdu.source_addr_ton,
    npi: pdu.source_addr_npi, text: String(message), coding: pdu.data_coding, receipt: pdu.registered_delivery, esm: pdu.esm_class,
    udh: udh && udh.toString('hex'), in_payload: payload !== undefined, sequence: pdu.sequence_number,
    sar: pdu.sar_total_segments && [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
    validity: pdu.validity_period, service_type: pdu.service_type};
  if (then === 'cut_before' || cuts(link, 'before a submit_sm')) {
    say({...seen, taken: false});
    return link.destroy();
  }
  const status = statusOf(then);
  if (status !== undefined || then === 'nack') {
    say({...seen, taken: false});
    const nack = () => new smpp.PDU('generic_nack', {sequence_number: pdu.sequence_number, command_status: smpp.ESME_RINVCMDID});
    return link.send(then === 'nack' ? nack() : pdu.response({command_status: status}));
  }
  const number = ++lastId;
  seen.id = idOf(number);
  say({...seen, taken: true});
  if (then === 'cut_after' || cuts(link, 'behind a submit_sm')) link.destroy();
  if (then === 'silent' || link.socket.destroyed) return report(link, seen, number);
  if (receipts && receipts.before) report(link, seen, number);
  const answer = () => {
    link.send(pdu.response({message_id: seen.id}));
    if (!cuts(link, 'behind a submit_sm_resp')) say({event: 'submit_resp', to: seen.to, id: seen.id});
    if (!receipts || !receipts.before) report(link, seen, number);
  };
  if (then === 'hold') return held.push(answer);
  answer();
}

function bound(link, pdu) {
  const then = next('bind', 'accept');
  say({event: 'bind', as: pdu.command, system_id: pdu.system_id, password_ok: pdu.password === 'secret08', then, version: pdu.interface_version,
    system_type: pdu.system_type});
  if (then === 'silent') return;
  if (then === 'cut' || cuts(link, 'before a bind')) return link.destroy();
  const status = statusOf(then) || (pdu.password === 'secret08' ? 0 : smpp.ESME_RINVPASWD);
  if (status !== 0) {
    link.send(pdu.response({command_status: status}));
    return link.close();
  }
  links.add(link);
  link.isReceiving = pdu.command !== 'bind_transmitter';
  link.send(pdu.response({system_id: 'peer'}));
  if (cuts(link, 'behind a bind_resp')) return;
  if (link.isReceiving) for (const [token, what] of unanswered) deliver(link, token, what);
}

const secure = process.env.SMSC_KEY ? {tls: true, key: fs.readFileSync(process.env.SMSC_KEY), cert: fs.readFileSync(process.env.SMSC_CERT)} : {};
const server = smpp.createServer(secure, (link) => {
  link.on('error', (error) => say({event: 'error', text: String(error.message)}));
  link.on('close', () => {
    say({event: 'closed', bound: links.delete(link)});
  });
  for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) link.on(bind, (pdu) => bound(link, pdu));
  link.on('submit_sm', (pdu) => submitted(link, pdu));
  link.on('query_sm', (pdu) => {
    say({event: 'query', id: pdu.message_id});
    link.send(pdu.response(queryState === null ? {command_status: smpp.ESME_RQUERYFAIL} : {message_id: pdu.message_id, final_date: '', message_state: queryState}));
  });
  link.on('cancel_sm', (pdu) => {
    say({event: 'cancel', id: pdu.message_id, from: pdu.source_addr});
    link.send(pdu.response({command_status: cancelStatus}));
  });
  link.on('enquire_link', (pdu) => {
    const then = next('enquire', 'answer');
    say({event: 'enquire', then});
    if (then === 'cut' || cuts(link, 'before an enquire_link')) return link.destroy();
    if (then !== 'ignore') link.send(pdu.response());
    cuts(link, 'behind an enquire_link_resp');
  });
  link.on('unbind', (pdu) => {
    say({event: 'unbind'});
    link.send(pdu.response());
    link.close();
  });
  link.on('generic_nack', (pdu) => say({event: 'nack', status: pdu.command_status}));
});
server.on('error', (error) => say({event: 'error', text: String(error.message)}));
server.listen(Number(process.env.SMSC_PORT || 0), '127.0.0.1', () => say({event: 'listening', port: server.address().port}));

const receivers = () => [...links].filter((link) => link.isReceiving);
const orders = {
  on: (order) => scripts[order.on].push({then: order.then, times: order.times || 1}),
  ids: (order) => { ids = order.ids; },
  receipts: (order) => { receipts = order.receipts; },
  deliver: (order) => {
    unanswered.set(++lastToken, order.deliver);
    if (receivers().length > 0) deliver(receivers()[0], lastToken, order.deliver);
  },
  release: (order) => { for (const answer of order.release === 'reverse' ? held.splice(0).reverse() : held.splice(0)) answer(); },
  believes: (order) => { believes = order.believes; },
  cut: () => { for (const link of links) link.destroy(); },
  cut_at: (order) => { [cutAt, cutIn] = [order.cut_at, order.nth || 1]; },
  unbind: () => { for (const link of links) link.unbind(); },
  enquire: () => { for (const link of links) link.enquire_link((answer) => say({event: 'enquire_resp', status: answer.command_status})); },
  raw: (order) => { for (const link of links) link.socket.write(Buffer.from(order.raw, 'hex')); },
  query: (order) => { queryState = order.query; },
  cancel: (order) => { cancelStatus = order.cancel; },
};
require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  const order = JSON.parse(line);
  for (const name of Object.keys(orders)) if (name in order) orders[name](order);
}).on('close', () => process.exit(0));
