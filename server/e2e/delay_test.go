package e2e

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// roundTrip is what the delaying proxy adds to each round trip.
const roundTrip = 80 * time.Millisecond

// distance puts half a round trip each way before the server at addr, and returns the address
// there. The server sees connections from the address from, any of 127.0.0.0/8; "" is the
// usual one.
func distance(t testing.TB, addr, from string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dialer := net.Dialer{}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	var running sync.WaitGroup
	var mu sync.Mutex
	open := make(map[net.Conn]bool) // nil: the test is over
	keep := func(c net.Conn) bool {
		mu.Lock()
		defer mu.Unlock()
		if open == nil {
			c.Close()
			return false
		}
		open[c] = true
		return true
	}
	running.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := dialer.Dial("tcp", addr)
			if err != nil {
				near.Close()
				continue
			}
			if !keep(near) || !keep(far) {
				return
			}
			running.Go(func() {
				var ways sync.WaitGroup
				ways.Go(func() { carry(far, near, roundTrip/2) })
				ways.Go(func() { carry(near, far, roundTrip/2) })
				ways.Wait()
				near.Close()
				far.Close()
				mu.Lock()
				delete(open, near)
				delete(open, far)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for c := range open {
			c.Close()
		}
		open = nil
		mu.Unlock()
		running.Wait()
	})
	return l.Addr().String()
}

// A parcel is some octets, and when they arrive.
type parcel struct {
	octets []byte
	due    time.Time
}

// carry copies from one connection to the other, each octet as long after it was sent as the
// delay says: latency, and no limit on bandwidth but that of 1,024 parcels under way.
func carry(to, from net.Conn, delay time.Duration) {
	parcels := make(chan parcel, 1024)
	go func() {
		defer close(parcels)
		for {
			buf := make([]byte, 16<<10)
			n, err := from.Read(buf)
			if n > 0 {
				parcels <- parcel{buf[:n], time.Now().Add(delay)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range parcels {
		time.Sleep(time.Until(p.due)) // this is the distance
		if _, err := to.Write(p.octets); err != nil {
			from.Close() // ends the reader
			for range parcels {
			}
			return
		}
	}
	if c, ok := to.(*net.TCPConn); ok {
		c.CloseWrite()
	}
}

// The distance is there, both ways together, and everything crosses it in order.
func TestDistance(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	seen := make(chan string, 1)
	go func() {
		c, err := echo.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
		seen <- host
		io.Copy(c, c)
	}()
	c, err := net.Dial("tcp", distance(t, echo.Addr().String(), "127.0.9.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	start := time.Now()
	sent := bytes.Repeat([]byte("0123456789"), 30_000)
	go func() {
		c.Write(sent)
		c.(*net.TCPConn).CloseWrite()
	}()
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < roundTrip {
		t.Errorf("a round trip took %v, want %v at least", took, roundTrip)
	}
	rest, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(append(first, rest...), sent) {
		t.Errorf("%d octets came back, or in another order; sent %d", 1+len(rest), len(sent))
	}
	if from := <-seen; from != "127.0.9.1" {
		t.Errorf("the server saw %s", from)
	}
}
