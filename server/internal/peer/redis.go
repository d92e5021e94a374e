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
	args    []string // besides the usual ones
	dir     string
	starts  int
	process *process
}

// readiness is how long a server may take until it answers.
const readiness = 10 * time.Second

// StartRedis starts the real redis-server program with the given arguments besides the usual
// ones, waits until it answers, and stops it when the test is over.
func StartRedis(t testing.TB, args ...string) *Redis {
	t.Helper()
	r := &Redis{program: Find(t, "redis-server"), args: args}
	dir, err := os.MkdirTemp(t.ArtifactDir(), "redis-")
	if err != nil {
		t.Fatal(err)
	}
	r.dir = dir
	// Redis takes a number of a port, not a socket that listens already. Should
	// another program be quicker to take the port, Redis ends at once, and the
	// test says so.
	r.Addr = net.JoinHostPort("127.0.0.1", FreePort(t))
	r.Restart(t)
	return r
}

// FreePort returns a port of 127.0.0.1 that nobody listens at.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// StartRedisTLS starts a server that also speaks TLS, with a certificate, at the address that it returns.
func StartRedisTLS(t testing.TB, c *Certificate, args ...string) (r *Redis, addr string) {
	t.Helper()
	port := FreePort(t)
	r = StartRedis(t, append([]string{"--tls-port", port, "--tls-cert-file", c.CertFile, "--tls-key-file", c.KeyFile,
		"--tls-ca-cert-file", c.CertFile, "--tls-auth-clients", "no"}, args...)...)
	return r, net.JoinHostPort("127.0.0.1", port)
}

// StartRedisReplica starts a server that follows another.
func StartRedisReplica(t testing.TB, of *Redis) *Redis {
	t.Helper()
	host, port, err := net.SplitHostPort(of.Addr)
	if err != nil {
		t.Fatal(err)
	}
	return StartRedis(t, "--replicaof", host+" "+port)
}

// StartSentinel starts a Redis Sentinel that watches a server by the name of main, agrees with itself
// that it is gone, and does so after half a second.
func StartSentinel(t testing.TB, of *Redis) *Redis {
	t.Helper()
	host, port, err := net.SplitHostPort(of.Addr)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor main %s %s 1\nsentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n", host, port)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil { // which it rewrites
		t.Fatal(err)
	}
	return StartRedis(t, sentinelMode, file)
}

// sentinelMode is the first of the arguments of a Sentinel.
const sentinelMode = "--sentinel"

// StartRedisCluster starts servers that have yet to be made a cluster.
func StartRedisCluster(t testing.TB, n int) (list []*Redis) {
	t.Helper()
	for range n {
		list = append(list, StartRedis(t, "--cluster-enabled", "yes", "--cluster-port", FreePort(t), "--cluster-node-timeout", "2000"))
	}
	return list
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
	args := []string{"--bind", "127.0.0.1", "--port", port, "--daemonize", "no", "--dir", r.dir}
	if len(r.args) > 1 && r.args[0] == sentinelMode {
		args = append([]string{r.args[1], sentinelMode}, args...)
	} else {
		args = append(append(args, "--save", "", "--appendonly", "no"), r.args...)
	}
	cmd := exec.Command(r.program, args...)
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
