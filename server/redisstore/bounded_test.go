package redisstore

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/learn/keep"
)

// liar is a server that answers one command with a lie, and the others as an empty Redis of old
// would.
func liar(t *testing.T, command string, lie func(io.Writer)) (url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for r := bufio.NewReader(c); ; {
					name, err := readCommand(r)
					switch {
					case err != nil:
						return
					case name == command:
						lie(c)
					default:
						io.WriteString(c, honest(name))
					}
				}
			}()
		}
	}()
	return "redis://" + l.Addr().String()
}

// readCommand reads a command and returns its name.
func readCommand(r *bufio.Reader) (name string, err error) {
	number := func() (n int, err error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(line[1:]))
	}
	n, err := number()
	for i := 0; i < n && err == nil; i++ {
		var size int
		if size, err = number(); err != nil {
			break
		}
		text := make([]byte, size+2)
		if _, err = io.ReadFull(r, text); i == 0 {
			name = strings.ToUpper(string(text[:size]))
		}
	}
	return name, err
}

func honest(command string) string {
	switch command {
	case "TIME":
		s := strconv.FormatInt(time.Now().Unix(), 10)
		return fmt.Sprintf("*2\r\n$%d\r\n%s\r\n$1\r\n0\r\n", len(s), s)
	case "ZSCAN":
		return "*2\r\n$1\r\n0\r\n*2\r\n$5\r\n/page\r\n$1\r\n1\r\n"
	case "HGETALL":
		return "*0\r\n"
	case "HLEN":
		return ":0\r\n"
	case "GETRANGE":
		return "$0\r\n\r\n"
	case "EVALSHA":
		return "*2\r\n:0\r\n:2\r\n"
	}
	return "-ERR unknown command\r\n"
}

// endless repeats a text until the other side has had enough.
func endless(head, text string) func(io.Writer) {
	text = strings.Repeat(text, 1+8192/len(text))
	return func(w io.Writer) {
		_, err := io.WriteString(w, head)
		for err == nil {
			_, err = io.WriteString(w, text)
		}
	}
}

// allocated runs a function and returns how many octets were allocated meanwhile.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Whatever a server says, and however much of it, an exchange costs some MiB at most, ends in
// time and leaves one line in the log.
func TestR6RepliesAreBounded(t *testing.T) {
	lies := map[string]func(io.Writer){
		"endless line":        endless("+", "a"),
		"endless error":       endless("-ERR ", "a"),
		"endless array":       endless("*1000000000\r\n", "$1\r\na\r\n"),
		"array in an array":   endless("*2\r\n$1\r\n0\r\n*1000000000\r\n", "$1\r\na\r\n"),
		"many zeros":          endless("*0000000000000000000000000000001000000000\r\n", "$1\r\na\r\n"),
		"endless map":         endless("%1000000000\r\n", "$1\r\na\r\n"),
		"endless set":         endless("~1000000000\r\n", "$1\r\na\r\n"),
		"endless attributes":  endless("|1000000000\r\n", "$1\r\na\r\n"),
		"attribute after all": endless("", "|1\r\n$1\r\na\r\n$1\r\na\r\n"),
		"pushes":              endless("", ">2\r\n$1\r\na\r\n$1\r\na\r\n"),
		"a string of 2 GB":    endless("$2000000000\r\n", "a"),
		"an error of 2 GB":    endless("!2000000000\r\n", "a"),
		"2 GB verbatim":       endless("=2000000000\r\n", "a"),
		"a size beyond int":   endless("$99999999999999999999\r\n", "a"),
		"nested arrays":       endless("", "*1\r\n"),
		"nested in time":      endless("*2\r\n", "*1\r\n"),
		"elements of 60 kB":   endless("*2\r\n$1\r\n0\r\n*100000\r\n", "$60000\r\n"+strings.Repeat("a", 60000)+"\r\n"),
		"cut":                 func(w io.Writer) { io.WriteString(w, "*2\r\n$1"); w.(io.Closer).Close() },
		"nothing":             func(io.Writer) {},
	}
	for name, lie := range lies {
		for _, command := range []string{"HELLO", "TIME", "EVALSHA", "ZSCAN", "HGETALL", "HLEN"} {
			t.Run(name+"/"+command, func(t *testing.T) {
				m, err := learn.New(learn.Config{Share: true, Secret: secret})
				must(t, err)
				var log strings.Builder
				sharer := keep.Sharer{
					Model: m, Store: open(t, liar(t, command, lie), Config{}), Timeout: 200 * time.Millisecond,
					Log: slog.New(slog.NewTextHandler(&log, nil)),
				}
				m.ObserveView(&learn.View{Time: time.Now(), Client: 1, Path: "/", Status: 200})
				m.Tick(time.Now().Add(time.Minute))
				begin := time.Now()
				if n := allocated(func() {
					for range 2 {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						defer cancel()
						sharer.Exchange(ctx)
					}
				}); n > 32<<20 {
					t.Errorf("two exchanges allocate %d MiB", n>>20)
				}
				if took := time.Since(begin); took > 3*time.Second {
					t.Errorf("they take %v", took)
				}
				if n := strings.Count(log.String(), "\n"); n > 1 || len(log.String()) > 1000 {
					t.Errorf("%d lines in the log: %.2000s", n, log.String())
				}
			})
		}
	}
}

// A key that is larger than any of ours costs as much as one that is not, and what is beside it
// is read as ever.
func TestR6LargeKeysArePassedOver(t *testing.T) {
	large := func(t *testing.T, plain *redis.Client, script, key string) {
		must(t, plain.Eval(t.Context(), script, []string{key}).Err())
	}
	const value = `redis.call('HSET', KEYS[1], '/good\n/large.css', string.rep('x', 16777216)); return 1`
	const fields = `for i = 1, 100000 do redis.call('HSET', KEYS[1], '/bad\n/' .. i, 'x') end; return 1`
	const name = `redis.call('HSET', KEYS[1], string.rep('x', 16777216), 'x'); return 1`
	const text = `redis.call('SET', KEYS[1], string.rep('x', 16777216)); return 1`
	listed := func(t *testing.T, plain *redis.Client, k *keys) {
		must(t, plain.ZAdd(t.Context(), k.pages(), redis.Z{Score: math.MaxInt32, Member: "/bad"}).Err())
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, plain *redis.Client, k *keys, round int64)
		lost  bool // nobody can read any more what was archived before
	}{
		{"a value of a page", func(t *testing.T, plain *redis.Client, k *keys, _ int64) { large(t, plain, value, k.page("/good")) }, false},
		{"a page of many fields", func(t *testing.T, plain *redis.Client, k *keys, _ int64) {
			large(t, plain, fields, k.page("/bad"))
			listed(t, plain, k)
		}, false},
		{"a field's name", func(t *testing.T, plain *redis.Client, k *keys, _ int64) {
			large(t, plain, name, k.page("/bad"))
			listed(t, plain, k)
		}, false},
		{"a text for a page", func(t *testing.T, plain *redis.Client, k *keys, _ int64) {
			large(t, plain, text, k.page("/bad"))
			listed(t, plain, k)
		}, false},
		{"a name in the index", func(t *testing.T, plain *redis.Client, k *keys, _ int64) {
			large(t, plain, `redis.call('ZADD', KEYS[1], 9999999999, string.rep('x', 16777216)); return 1`, k.pages())
		}, true},
		{"a value of a round", func(t *testing.T, plain *redis.Client, k *keys, round int64) { large(t, plain, value, k.round(round)) }, false},
		{"a round of many fields", func(t *testing.T, plain *redis.Client, k *keys, round int64) {
			large(t, plain, fields, k.round(round))
		}, false},
		{"a taker", func(t *testing.T, plain *redis.Client, k *keys, round int64) { large(t, plain, text, k.taken(round)) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := peer.StartRedis(t)
			cfg := quick
			cfg.Round = 200 * time.Millisecond // large keys take Redis their time too
			a := open(t, r.URL(), cfg)
			ra := reader{store: a}
			must(t, a.Merge(t.Context(), []evidence.Delta{delta("/good", "/a.css", 3, 7)}))
			eventually(t, "it is archived", func() bool { ra.read(t); return a.Stats().Archived == 2 })
			now, err := a.now(t.Context())
			must(t, err)
			c.spoil(t, client(t, r), &a.k, now.round)
			time.Sleep(2 * cfg.Round) // the round is settled

			late := reader{store: open(t, r.URL(), cfg)}
			if n := allocated(func() { late.read(t) }); n > 12<<20 {
				t.Errorf("reading allocates %d MiB", n>>20)
			}
			if got := late.views("/good"); got != 3 && !c.lost {
				t.Errorf("%v views of the archived page, want 3", got)
			}
			eventually(t, "what is reported later is read", func() bool {
				must(t, a.Merge(t.Context(), []evidence.Delta{delta("/more", "/a.css", 1, 1)}))
				ra.read(t)
				late.read(t)
				return late.views("/more") > 0
			})
		})
	}
}
