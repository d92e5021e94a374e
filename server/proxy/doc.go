// Package proxy fronts an application over HTTP. It is httputil.ReverseProxy with what that
// does to informational answers put right: up to Go 1.27 a 103 of the application costs every
// header that was set before the proxy ran, and carries all of them, cookies included; and a
// hop-by-hop field in it makes HTTP/2 clients drop the page.
//
// Here a 103 is Link and Content-Security-Policy and nothing else, goes out (or to
// [Config.OnHints]) apart from the headers of the final answer, and leaves those alone. The
// writer below may make of it what it likes: server.Handler merges the links into its own hint.
//
// Everything else passes as it is: bodies and their trailers in both directions, streams as
// they come, WebSocket and other upgrades. The application is told by X-Forwarded-For, -Host
// and -Proto who asked for what.
package proxy
