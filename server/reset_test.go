package server_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/h2client"
	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/internal/testkit"
	"golang.org/x/net/http2"
)

// T13. Streams that are opened and reset at once, with pushes and hints on, cost no
// goroutines, no memory and no life; somebody else is still served.
func TestRapidReset(t *testing.T) {
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for i := range 4 {
			w.Header().Add("Link", fmt.Sprintf("</%d.css>; rel=preload; as=style", i))
		}
		io.WriteString(w, "<p>page")
	})
	h := &server.Handler{Next: next, Sources: wants("/a.css", "/b.js")}
	addr := serve(t, h)
	hints := &server.Handler{Next: next, Sources: h.Sources, Policy: server.Policy{NoPush: true}}
	hinting := serve(t, hints)
	bare := serve(t, next)
	other := func(addr string) time.Duration {
		var took []time.Duration
		c := peer.Dial(t, addr, h2client.Options{Settings: []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}}})
		for range 200 {
			start := time.Now()
			get(t, c, "/")
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	idle := runtime.NumGoroutine()
	flood := func(addr string, streams int, push uint32) {
		for streams > 0 {
			c := dial(t, addr, http2.Setting{ID: http2.SettingEnablePush, Val: push})
			answered := c.answered()
			for range 1000 {
				streams--
				id, err := c.request("/", navigate...)
				if err != nil || c.framer.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
					break // Go closes the connection on those who overdo it
				}
			}
			c.framer.WritePing(false, [8]byte{})
			<-answered
			c.Close()
			for range 1000 { // one connection at a time: its handlers end after it
				if runtime.NumGoroutine() < idle+20 {
					break
				}
				time.Sleep(time.Millisecond)
			}
		}
	}
	flood(addr, 1000, 1) // whatever there is to warm up
	flood(hinting, 1000, 0)
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	goroutines := runtime.NumGoroutine()

	streams := scaled(t, 100_000, 8_000)
	start := time.Now()
	most := mostGoroutines(func() { flood(hinting, streams/2, 0); flood(addr, streams/2, 1) })
	took := time.Since(start)
	reference := mostGoroutines(func() { flood(bare, streams, 1) })
	runtime.GC()
	runtime.ReadMemStats(&after)
	growth := int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)
	t.Logf("%d resets in %v: at most %d goroutines more (%d without the middleware), %d KiB more memory", streams, took, most-goroutines, reference-goroutines, growth>>10)
	if hints.Stats().Hinted.Load() == 0 || h.Stats().Pushed.Load() == 0 {
		t.Errorf("%d hints and %d pushes: nothing was tested", hints.Stats().Hinted.Load(), h.Stats().Pushed.Load())
	}
	if more := reference - goroutines; most > goroutines+max(300, 2*more) { // net/http's own scatter by half
		t.Errorf("%d goroutines, %d before, %d without the middleware", most, goroutines, reference)
	}
	if growth > 64<<20 {
		t.Errorf("%d MiB more memory", growth>>20)
	}
	if x := get(t, peer.Dial(t, addr, h2client.Options{}), "/"); x.Status() != 200 || len(x.Pushes) == 0 {
		t.Errorf("afterwards: status %d, %d pushes", x.Status(), len(x.Pushes))
	}
	if !full() || testkit.Race {
		return // times say something only on a machine of one's own
	}
	quiet := other(addr)
	during := func(flooded string) time.Duration {
		var wg sync.WaitGroup
		wg.Go(func() { flood(flooded, 20_000, 1) })
		defer wg.Wait()
		return other(flooded)
	}
	busy, same := during(addr), during(bare)
	t.Logf("somebody else's 99th percentile: %v alone, %v during a flood, %v during one without the middleware", quiet, busy, same)
	if busy > 2*max(same, quiet) {
		t.Errorf("somebody else waits %v, alone %v, without the middleware %v", busy, quiet, same)
	}
}

// mostGoroutines is the largest number of goroutines that was seen while f ran.
func mostGoroutines(f func()) int {
	stop, most := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			n = max(n, runtime.NumGoroutine())
			select {
			case <-stop:
				most <- n
				return
			case <-tick.C:
			}
		}
	}()
	f()
	close(stop)
	return <-most
}

// Nothing is left running when requests are over, however they ended.
func TestNothingLeftRunning(t *testing.T) {
	h := &server.Handler{Sources: wants("/a.css"), Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/abort") {
			panic(http.ErrAbortHandler)
		}
	})}
	ask(h, "/")
	before := runtime.NumGoroutine()
	for i := range 500 {
		func() {
			defer func() { recover() }()
			ask(h, []string{"/", "/abort"}[i%2], browser...)
		}()
	}
	for range 100 {
		if runtime.NumGoroutine() <= before+2 { // the memory's own work comes and goes
			return
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
