package peer

import (
	"net"
	"sync"
	"testing"
)

// BlackHole stands between clients and a server. While it is open it passes
// everything on. Once it is closed it answers nothing any more: connections
// stay, new ones are accepted, whatever is written is swallowed. That is how a
// network that lost its way looks, and it is worse than a server that is gone,
// since nothing refuses.
type BlackHole struct {
	Addr     string // 127.0.0.1:port
	server   string
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	links  map[net.Conn]bool // both sides of every connection
}

// NewBlackHole stands in front of a server's address, open, until the test is over.
func NewBlackHole(t testing.TB, server string) *BlackHole {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &BlackHole{Addr: l.Addr().String(), server: server, listener: l, links: make(map[net.Conn]bool)}
	b.running.Go(b.accept)
	t.Cleanup(func() {
		l.Close()
		b.mu.Lock()
		for c := range b.links {
			c.Close()
		}
		b.mu.Unlock()
		b.running.Wait()
	})
	return b
}

// Close begins to swallow everything.
func (b *BlackHole) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
}

// Open passes on again. Connections from before are cut: what was swallowed
// would be missing in their midst.
func (b *BlackHole) Open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = false
	for c := range b.links {
		c.Close()
	}
}

// Connections returns how many clients are connected.
func (b *BlackHole) Connections() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, client := range b.links {
		if client {
			n++
		}
	}
	return n
}

func (b *BlackHole) accept() {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			return
		}
		if !b.add(client, true) {
			b.running.Go(func() { b.carry(nil, client) })
			continue
		}
		server, err := net.Dial("tcp", b.server)
		if err != nil {
			b.drop(client)
			continue
		}
		b.add(server, false)
		b.running.Go(func() { b.carry(server, client) })
		b.running.Go(func() { b.carry(client, server) })
	}
}

// add enters a connection, and reports whether the way is open.
func (b *BlackHole) add(c net.Conn, client bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.links[c] = client
	return !b.closed
}

func (b *BlackHole) drop(c net.Conn) {
	if c == nil {
		return
	}
	b.mu.Lock()
	delete(b.links, c)
	b.mu.Unlock()
	c.Close()
}

// carry passes on what comes from one side, or swallows it; to may be nil.
func (b *BlackHole) carry(to, from net.Conn) {
	defer b.drop(from)
	defer b.drop(to)
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		b.mu.Lock()
		closed := b.closed
		b.mu.Unlock()
		if closed || to == nil {
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
