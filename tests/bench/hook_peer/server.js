// What a careful team would write by hand: node's own HTTP server, better-sqlite3 with a write-ahead log synced at each
// commit, and one commit for all requests that came meanwhile. It authenticates nobody and parses nothing.
'use strict';
const http = require('http');
const Database = require(require.resolve('better-sqlite3', {paths: [process.argv[2]]}));

const store = new Database(process.argv[3]);
store.pragma('journal_mode = WAL');
store.pragma('synchronous = FULL');
store.exec('CREATE TABLE inbound (id INTEGER PRIMARY KEY, url TEXT, headers TEXT, body BLOB, received_at INTEGER)');
const insert = store.prepare('INSERT INTO inbound (url, headers, body, received_at) VALUES (?, ?, ?, ?)');

let waiting = [];
const commit = store.transaction((rows) => {
  for (const row of rows) insert.run(row.url, row.headers, row.body, row.at);
});
function flush() {
  const rows = waiting;
  waiting = [];
  commit(rows);
  for (const row of rows) row.response.end();
}

http.createServer((request, response) => {
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    if (waiting.length === 0) setImmediate(flush);
    waiting.push({url: request.url, headers: JSON.stringify(request.rawHeaders), body: Buffer.concat(pieces), at: Date.now(), response});
  });
}).listen(0, '127.0.0.1', function () {
  console.log(this.address().port);
});
