// Asks for a page over HTTP/2 as a program in Node does, and prints one JSON object:
// the paths that were pushed, the Link fields of early hints, and the final header.
//
//	node client.js https://127.0.0.1:8443/ '{"cookie":"h2o_casper=..."}' [nopush]
const http2 = require('http2');

const [url, fields, mode] = process.argv.slice(2);
const { origin, pathname, search } = new URL(url);
const session = http2.connect(origin, { rejectUnauthorized: false, settings: { enablePush: mode !== 'nopush' } });
const seen = { pushed: [], early: [], header: {}, body: '' };
let open = 1;

function done() {
  if (--open === 0) session.close();
}

session.on('error', (err) => { console.error(err.message); process.exit(1); });
session.on('close', () => console.log(JSON.stringify(seen)));
session.on('stream', (pushed, promise) => {
  open++;
  seen.pushed.push(promise[':path']);
  pushed.on('close', done).resume();
});

const request = session.request({ ':path': pathname + search, ...JSON.parse(fields) });
request.setEncoding('utf8');
request.on('headers', (header) => seen.early.push({ status: header[':status'], link: header.link }));
request.on('response', (header) => { seen.header = { ...header }; });
request.on('data', (piece) => { seen.body += piece; });
request.on('close', done);
request.end();
