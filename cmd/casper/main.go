// Casper reads, writes and explains the cookies and digests that tell a server
// which assets a client already holds.
//
//	casper decode h2o_casper=qF0
//	casper encode /index.html /css/0.css
//	casper explain qF0
//
// Exit code 0 means done, 1 that an input was invalid or a check failed, 2 wrong
// usage, 3 that nothing was wrong but an input held nothing. Data goes to stdout, everything said about it to stderr, a line each.
//
// With go install -tags noserver, what serves is left out, and what judges a server, for those who
// read cookies and filters alone: that is 11 MB instead of 31 without symbols, and neither Redis nor Prometheus.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
