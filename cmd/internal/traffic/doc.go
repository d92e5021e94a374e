// Package traffic reads recorded HTTP traffic: access logs (common, combined, JSON) and HAR
// files. [Reading] yields a [Record] for each request, in the order of the recording.
//
// A log has no media types, so the extension of a path decides. What else a recording does
// not say is left out and marked (see [Record.Silent]), for those who judge it.
package traffic
