// Package middleware is tests only: package server among the routers and the middleware that Go
// programs use, outside and inside of each. It is a module of its own, so that nobody who uses
// casper downloads them.
//
// TestMatrix compares each answer with that of the same program without casper. The tests
// that are named after faults (TestF1StatusStaysTheApplications and so on) say more narrowly
// what was once wrong; three tables beside them are about an application's own 103 (TestF2), about
// strangers (TestF3) and about links that do not say what they link (TestF11).
package middleware
