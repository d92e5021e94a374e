// Package proxy fronts an application over HTTP. It is httputil.ReverseProxy with correct
// informational answers. Up to Go 1.27, ReverseProxy copies every header that was set before it
// ran into the application's 103, cookies included, and loses it for the final answer; and a
// hop-by-hop field in a 103 makes HTTP/2 clients drop the page.
//
// Here a 103 holds Link and Content-Security-Policy and nothing else, and the header of the final
// answer stays as it is. The 103 goes to the writer below; server.Handler merges its links into
// its own hint.
//
// Everything else passes as it is: bodies and their trailers in both directions, streams as
// they come, WebSocket and other upgrades, and gRPC, to an upstream of https or h2c. The
// application is told by X-Forwarded-For, -Host and -Proto who asked for what.
package proxy
