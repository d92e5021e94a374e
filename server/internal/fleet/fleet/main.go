// Command fleet simulates a fleet of casper nodes on one Redis server and prints what that
// cost.
//
//	go run ./server/internal/fleet/fleet [-redis URL] [-nodes N] [-full]
//
// Without -redis it starts the redis-server on the PATH, for itself alone. The server's
// database must have nothing in it that matters: the simulated site is "sim".
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/internal/fleet"
)

func main() {
	var c sim.Config
	flag.StringVar(&c.URL, "redis", "", "URL of a Redis server; default one of its own")
	flag.IntVar(&c.Nodes, "nodes", 1000, "nodes")
	flag.IntVar(&c.Pages, "pages", 20, "pages of the site")
	flag.IntVar(&c.Assets, "assets", 6, "assets of a page")
	flag.IntVar(&c.Rate, "rate", 300, "views a second, all nodes together")
	flag.IntVar(&c.Turns, "turns", 6, "a well-known page is reported in one of so many rounds")
	flag.DurationVar(&c.Every, "every", 5*time.Second, "time between exchanges, and length of a round")
	flag.DurationVar(&c.Length, "length", 27*time.Second, "how long")
	flag.IntVar(&c.Bytes, "bytes", 1<<20, "memory of each model")
	full := flag.Bool("full", false, "rounds of 10 s, as in production, for 2 minutes")
	flag.Parse()
	if *full {
		c.Every, c.Length = 10*time.Second, 2*time.Minute
	}
	if err := run(c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(c sim.Config) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if c.URL == "" {
		url, end, err := startRedis(ctx)
		if err != nil {
			return err
		}
		defer end()
		c.URL = url
	}
	r, err := sim.Run(ctx, c)
	if err != nil {
		return err
	}
	r.Print(os.Stdout)
	return nil
}

// startRedis starts a server that keeps nothing, and waits until it answers.
func startRedis(ctx context.Context) (url string, end func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		return "", nil, fmt.Errorf("fleet: %w (Debian: redis-server)", err)
	}
	end = func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	}
	client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: 100, MaxRetryBackoff: 50 * time.Millisecond})
	defer client.Close()
	if err := client.Ping(ctx).Err(); err != nil {
		end()
		return "", nil, fmt.Errorf("fleet: redis-server does not answer: %w", err)
	}
	return "redis://" + addr, end, nil
}
