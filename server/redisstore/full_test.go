package redisstore

import "os"

// full reports whether outages last as long as the requirement says: CASPER_FULL=1. By default
// the package takes seconds.
func full() bool { return os.Getenv("CASPER_FULL") == "1" }
