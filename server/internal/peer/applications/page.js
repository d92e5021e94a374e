// An application on Node alone: public pages, compressed as they are written.
const http = require('http'), zlib = require('zlib')

http.createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  const file = { '/style.css': ['text/css', 'body{}'], '/app.js': ['text/javascript', 'let a'] }[pathname]
  if (file) {
    response.writeHead(200, { 'Content-Type': file[0], 'Cache-Control': 'public, max-age=3600' })
    response.end(file[1])
    return
  }
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  let out = response
  if (/\bgzip\b/.test(request.headers['accept-encoding'])) {
    response.setHeader('Content-Encoding', 'gzip')
    out = zlib.createGzip()
    out.pipe(response)
  }
  out.write('<!doctype html><html><head><title>page</title>')
  if (out.flush) out.flush()
  setTimeout(() => out.end('<link rel=stylesheet href=/style.css><script src=/app.js></script></head><p>text</html>'), 10)
}).listen(+process.argv[2], '127.0.0.1')
