package peer

import (
	"net"
	"testing"

	"github.com/cache-aware/casper/server/h2client"
)

// Dial connects to a server, and closes the connection when the test is over.
// Failing to connect fails the test.
func Dial(t testing.TB, addr string, o h2client.Options) *h2client.Client {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := h2client.NewClient(conn, addr, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
