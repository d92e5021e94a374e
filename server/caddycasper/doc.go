// Package caddycasper is casper as a module of the Caddy web server: the HTTP handler
// http.handlers.casper, and the Caddyfile directive casper.
//
//	xcaddy build --with github.com/cache-aware/casper/server/caddycasper
//
//	example.com {
//		casper
//		root /srv
//		header /assets/* Cache-Control "public, max-age=31536000, immutable"
//		file_server
//	}
//
// It learns which assets each page needs, reads from a cookie which of them the browser
// holds, and sends the others ahead of the page: in one 103 Early Hints, by HTTP/2 push
// where a client takes it, or in Link. README.md beside this file explains the directive's
// options, which [Casper.UnmarshalCaddyfile] lists. Package server says what is done and what
// never is.
//
// # Where it stands
//
// The directive comes before header, so casper is outside of nearly everything. It has to see
// answers as they go out, since it acts on their Cache-Control, Link and ETag: a header
// block with a deletion in it (header { -Server ... }) is applied when the answer is
// written, and one that makes an answer public after casper had looked at it would put one
// person's cookie into shared caches. A 103 that passed such a block would carry the block's
// fields, too. What casper says of pages is about the request that the client made, whatever
// rewrite, try_files or handle_path have made of it since.
//
// The price is that hints go out before basic_auth and forward_auth have spoken. They name
// assets that anybody may have from a cache (requests with Authorization teach nothing, and what
// an answer to one person links is kept until two networks agree), and none go ahead of pages
// whose last answer was an error or a redirect. Where even names are secret, put the
// directive behind the guard: "order casper after forward_auth" in the global options.
//
// # What survives
//
// What was learned, and what the handler remembers of pages and assets, outlives a reload of
// the configuration. Where options about sending or about the cookie change, what is
// remembered begins anew, and what was learned stays. With state it also outlives the process.
package caddycasper
