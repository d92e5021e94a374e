// Package e2e lets real programs visit what casper serves: Debian's Chromium and Firefox, Node,
// curl, nghttp and h2load; over HTTP/3 a real Caddy with casper in it. It holds tests alone, and is a module of its own so that nobody who
// uses casper downloads a driver for browsers:
//
//	cd server/e2e && go test -v .
//
// Chromium is told to trust one certificate by its hash. The simpler switch that ignores all
// certificate errors also turns its cache off, and each hint would look like a second fetch.
//
// All its visits go through a proxy that adds 80 ms to each round trip. Without such a
// distance Chromium takes up hints or misses them at random; with it, it took 51 of 52. A
// browser on a busy machine is not to be had to the last digit, so these tests ask for k of n.
package e2e
