// Takes callbacks over HTTP and counts them: prints its port, and at each line of its standard input the count.
'use strict';
let count = 0;
const server = require('http').createServer((request, response) => { ++count; response.end(); });
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
require('readline').createInterface({input: process.stdin}).on('line', () => console.log(count)).on('close', () => process.exit(0));
