// Package replay puts recorded requests before the handler and the model of a live server,
// and reports what that server would have sent.
//
// A [Replay] brings the records into the order of their times and plays each to a
// [server.Handler] whose [learned.Source] takes the time from the records. Nothing is sent:
// the visitors who were recorded got nothing ahead, and the model is told so. Every view can
// therefore be judged: what was asked for on its behalf is what the page needed.
//
// What a recording does not say is assumed, and the report says so: a log has no
// Cache-Control, so its answers count as reusable if [Config.AssumeFresh] is set; it has no
// cookies, so a browser (an address with a user agent) holds what it was seen to fetch.
package replay
