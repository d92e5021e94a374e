// Package gain tells what a [server.Handler] brings: which hints were used, which were in vain,
// what was not sent because the cookie said so, and by how much pages were ready sooner. It keeps sums
// per page and over time, and nothing of any visitor.
//
//	figures := gain.New(gain.Config{Beacon: "/casper-timing"})
//	h := &server.Handler{Next: app, Control: 0.05, Observe: figures.Observe, Timing: figures.Timing}
//	http.ListenAndServeTLS(":8443", "cert.pem", "key.pem", figures.Wrap(h))
//
// # What is compared
//
// Of the views that a 103 was decided on for, a share goes without ([server.Handler.Control]). Each is
// drawn by itself by a random number, after all else has been decided, so that neither visitor, page,
// hour nor cache has a say: the two groups differ by the 103, and by chance, which the interval is for.
// (The views that the model of package learn holds out are no such group: they are drawn by network and page,
// and what their page links is hinted all the same.)
//
// [Sooner] says from what a figure is made:
//
//   - [ByBrowser]: the browser's own clock, from the start of a navigation until the page's scripts have run and
//     something is painted. Pages report it that include the script at [Config.Beacon].
//   - [ByServer]: the server's clock, from a page's request until its header and all its style sheets and
//     scripts are through, as far as they were asked for within [Window].
//   - [ByLead]: without a control group, by how much assets were asked for ahead of their page's header. Pages
//     were ready at most so much sooner.
//
// # What a stranger can do
//
// A report needs a ticket, which goes out with a page of one of the groups, is good for one report within two
// minutes, and of which a network gets 60 an hour. Times are cut to 30 s, and those that reach back
// more than 10 s before the page's header are not believed. So whoever forges reports can shift the figures by as much as 60 views an
// hour can, and cannot choose the group; nothing but figures depends on them. Networks are told apart by a salted
// hash that is gone after the hour.
package gain
