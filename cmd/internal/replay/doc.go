// Package replay runs what a server or a browser wrote down through the model
// that a live server learns with, and reports what that server would have sent.
//
// Package traffic reads access logs and HAR files. [Replay] brings the records into the order of
// their times, makes events of them with [learn.Reader], asks the model for
// each view before it tells it of it, as a live server does, and decides with
// [server.Policy]. Nothing is sent, so every view can be judged afterwards: what
// was asked for within the window is what the page needed.
//
// What a capture does not say is inferred and reported, never kept silent: a log
// has no media types, so extensions decide; it has no Cache-Control, so answers
// count as reusable if [Config.AssumeFresh] says so; it has no cookies, so a
// browser (an address with a user agent) holds what it was seen to fetch.
package replay
