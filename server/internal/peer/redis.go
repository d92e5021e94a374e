package peer

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Redis is a running Redis server that keeps everything in memory alone: what
// it held is gone once it is killed.
type Redis struct {
	Addr    string // 127.0.0.1:port, the same after a restart
	program string
	dir     string
	starts  int
	process *process
}

// readiness is how long a server may take until it answers.
const readiness = 10 * time.Second

// StartRedis starts the real redis-server program, waits until it answers, and
// stops it when the test is over.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	r := &Redis{program: Find(t, "redis-server")}
	dir, err := os.MkdirTemp(t.ArtifactDir(), "redis-")
	if err != nil {
		t.Fatal(err)
	}
	r.dir = dir
	// Redis takes a number of a port, not a socket that listens already. Should
	// another program be quicker to take the port, Redis ends at once, and the
	// test says so.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.Addr = l.Addr().String()
	l.Close()
	r.Restart(t)
	return r
}

// URL returns the address as a redis URL.
func (r *Redis) URL() string { return "redis://" + r.Addr }

// Kill ends the server as a crash would, by SIGKILL and its process id. A
// server that was killed before stays so.
func (r *Redis) Kill(t testing.TB) {
	t.Helper()
	if err := r.process.kill(); err != nil {
		t.Error(err)
	}
}

// Restart kills the server if it still runs, starts an empty one at the same
// address, and waits until that answers.
func (r *Redis) Restart(t testing.TB) {
	t.Helper()
	if r.process != nil {
		r.Kill(t)
	}
	_, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	r.starts++
	cmd := exec.Command(r.program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", r.dir)
	log := filepath.Join(r.dir, fmt.Sprintf("redis-%d.log", r.starts))
	r.process = launch(t, "redis-server", cmd, log)
	if err := r.answers(readiness); err != nil {
		t.Fatalf("redis-server at %s: %v\n%s", r.Addr, err, tail(log, logTail))
	}
}

// answers waits until the server has answered a PING.
func (r *Redis) answers(patience time.Duration) error {
	until := time.Now().Add(patience)
	for {
		err := ping(r.Addr, until)
		if err == nil {
			return nil
		}
		retry := time.NewTimer(2 * time.Millisecond)
		select {
		case <-r.process.done:
			retry.Stop()
			return fmt.Errorf("it ended by itself: %v", r.process.err)
		case <-retry.C:
		}
		if time.Now().After(until) {
			return err
		}
	}
}

func ping(addr string, until time.Time) error {
	c, err := net.DialTimeout("tcp", addr, time.Until(until))
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(until)
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	var pong [7]byte
	n, err := c.Read(pong[:])
	if err != nil {
		return err
	}
	if string(pong[:n]) != "+PONG\r\n" {
		return errors.New("PING was answered by " + string(pong[:n]))
	}
	return nil
}
