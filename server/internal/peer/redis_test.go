package peer

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// ask sends one command and returns the first line of the answer.
func ask(t *testing.T, addr, command string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(readiness))
	if _, err := c.Write([]byte(command + "\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 256)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(buf[:n]), "\r\n")
	return line
}

func TestRedis(t *testing.T) {
	r := StartRedis(t)
	if got := ask(t, r.Addr, "SET k v"); got != "+OK" {
		t.Fatalf("SET: %q", got)
	}
	if got := ask(t, r.Addr, "EXISTS k"); got != ":1" {
		t.Fatalf("EXISTS: %q", got)
	}
	r.Kill(t)
	r.Kill(t)
	if c, err := net.Dial("tcp", r.Addr); err == nil {
		c.Close()
		t.Fatal("a killed server accepts")
	}
	r.Restart(t)
	if got := ask(t, r.Addr, "EXISTS k"); got != ":0" {
		t.Errorf("after a restart EXISTS: %q, want an empty server", got)
	}
	r.Restart(t)
	if got := ask(t, r.Addr, "PING"); got != "+PONG" {
		t.Errorf("PING: %q", got)
	}
}

func TestRedisEndedByItself(t *testing.T) {
	Find(t, "redis-server") // skips here, not in what is judged
	v := judge(t, func(t testing.TB) {
		r := StartRedis(t)
		if err := ping(r.Addr, time.Now().Add(readiness)); err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", r.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.Write([]byte("SHUTDOWN NOSAVE\r\n"))
		<-r.process.done
	})
	if !v.failed || !strings.Contains(v.String(), "redis-server ended by itself") {
		t.Errorf("failed %t, said %q", v.failed, v)
	}
}

func TestBlackHole(t *testing.T) {
	r := StartRedis(t)
	b := NewBlackHole(t, r.Addr)
	if got := ask(t, b.Addr, "PING"); got != "+PONG" {
		t.Fatalf("open: %q", got)
	}
	c, err := net.Dial("tcp", b.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	swallowed := func(c net.Conn) {
		t.Helper()
		if _, err := c.Write([]byte("PING\r\n")); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if n, err := c.Read(make([]byte, 16)); !os.IsTimeout(err) {
			t.Fatalf("closed: %d octets, %v", n, err)
		}
	}
	b.Close()
	swallowed(c)
	late, err := net.Dial("tcp", b.Addr)
	if err != nil {
		t.Fatal("a black hole accepts:", err)
	}
	defer late.Close()
	swallowed(late)
	if n := b.Connections(); n < 2 {
		t.Errorf("%d connections, want at least the two that are open", n)
	}
	b.Open()
	c.SetReadDeadline(time.Now().Add(readiness))
	if _, err := c.Read(make([]byte, 16)); err == nil || os.IsTimeout(err) {
		t.Errorf("a connection from before: %v, want it cut", err)
	}
	if got := ask(t, b.Addr, "PING"); got != "+PONG" {
		t.Errorf("open again: %q", got)
	}
}
