// Package server sends a page's assets ahead of the page, to clients that lack them.
//
//	mux.HandleFunc("/", page) // answers with Link: </app.css>; rel=preload; as=style
//	http.ListenAndServeTLS(addr, cert, key, &server.Handler{Next: mux})
//
// What a page needs comes from the Link headers of its answers, from their HTML ([Handler].Scan),
// from a [Source] such as a manifest (package manifest) or a model that learns (package learned), or
// from the handler's own calls of [Push]. What the client holds comes from a cookie, from Cache-Digest, from what
// went over the same connection, and from conditional requests. [Policy.Decide] compares the
// two, and the rest goes out by the best means that the client takes for this request:
//
//   - HTTP/2 server push, where it is accepted: by nghttp, Node, Java and other programs,
//     and no longer by browsers;
//   - one 103 Early Hints, for navigations of browsers on HTTP/2 and later;
//   - Link on the final answer, for everybody else.
//
// The cookie is H2O's, both ways: an H2O and this package may serve the same site, and
// neither sends again what the other has delivered.
//
// Set http.Server.ConnContext to [ConnContext], so that a connection is remembered. Put the
// Handler around http.TimeoutHandler and around middleware that holds answers back, not
// inside them: they take a 103 for the answer.
//
// # What it never does
//
// No request header changes the status, the body or who may see what. The cookie is a
// hint that anybody can write; one that cannot be read is overwritten. Pushed requests
// carry no Cookie and no Authorization, go to the same authority, and push nothing
// themselves. There are at most 8 assets and 256 KiB for one page and 32 pushes under way on
// one connection, unless [Policy] says otherwise; a client that does not read holds a page
// up by 50 ms. Of a Cookie header 256 KiB are looked at and four cookies are decoded, of a page
// 8 KiB of HTML are read; what is remembered of pages, assets, HTML and of
// what is for one visitor stays below 16 MiB.
//
// Set-Cookie goes only on final answers, never on those that say that a shared cache may
// store them (public, s-maxage, immutable) and never on a 304; answers that carry it, or that
// link less because of it, are marked private. It is sent only when the fingerprint changed, and
// stays below 3,800 characters. What an answer to one person linked (with Authorization, or with
// a cookie or private in the answer) goes ahead of that person's next view: of who comes from
// the same network with the same credentials. It goes ahead of another's page only when answers
// from two networks agree on it.
//
// # Privacy
//
// The cookie tells the server, which knows it anyway, what style sheets and scripts a
// browser has been sent; scripts cannot read it, and it ends after 30 days. Pages are never in
// it. Like any cookie it can tell browsers apart; how well, Fingerprint.Entropy in package
// gcs/casper says of a given one.
//
// Whose earlier answer may go ahead of a view is told by a salted hash of network, cookies and
// Authorization, in memory alone and for the life of the process.
//
// # Turning it off
//
// [Policy] has a switch for each of the three means, [Handler].Allow one for a request. To stop
// using the cookie, set Off in [Cookie], and Forget to have it deleted.
package server
