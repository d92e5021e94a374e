package learned

import (
	"bytes"
	"fmt"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// Scanner returns a [server.Handler.Scan] that finds what the beginning of a page names, by
// [learn.ScanHTML]. What the handler's cookie does not remember is hinted and not pushed.
func Scanner(track server.Track) func(head []byte, base link.Base) []link.Asset {
	return func(head []byte, base link.Base) []link.Asset {
		list, _ := learn.ScanHTML(bytes.NewReader(head), fmt.Sprintf("%s://%s%s", base.Scheme, base.Authority, base.Path))
		for i := range list {
			list[i] = pushable(list[i], track)
		}
		return list
	}
}

// pushable returns the asset, not to be pushed unless the cookie remembers it: a push would send
// it with each visit, while a browser passes over the hint for what it has.
func pushable(a link.Asset, track server.Track) link.Asset {
	a.NoPush = a.NoPush || !track.Tracks(a)
	return a
}
