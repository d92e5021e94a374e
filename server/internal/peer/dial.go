package peer

import (
	"testing"

	"github.com/cache-aware/casper/server/h2client"
)

// Dial connects to a server, and closes the connection when the test is over.
// Failing to connect fails the test.
func Dial(t testing.TB, addr string, o h2client.Options) *h2client.Client {
	t.Helper()
	c, err := h2client.Dial(addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
