package metrics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// mostStreams bounds the dashboards that are open at a time.
const mostStreams = 16

// How often a dashboard is told what has changed, and how often at least that there is somebody.
const (
	everySoOften = time.Second
	silentAtMost = 15 * time.Second
)

// streams are the dashboards that are open. What they show is made once for all of them.
type streams struct {
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	open  int
	made  time.Time
	text  []byte
	count uint64 // of different texts
}

// Close ends the streams of events, so that a server can come to an end. See
// [http.Server.RegisterOnShutdown].
func (a *Admin) Close() { a.streams.once.Do(func() { close(a.streams.closed) }) }

// current returns the board as JSON, at most a moment old, and a number that tells one text from the next.
func (a *Admin) current() ([]byte, uint64) {
	s := &a.streams
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.made) >= everySoOften*9/10 {
		s.made = now
		b := a.board()
		b.Now = time.Time{}
		text, err := json.Marshal(b)
		if err != nil {
			text = []byte("null") // a number that JSON does not have; there is none
		}
		if !bytes.Equal(text, s.text) {
			s.text, s.count = text, s.count+1
		}
	}
	return s.text, s.count
}

// events tells a dashboard what the board is, whenever it changes (HTML, section 9.2).
func (a *Admin) events(w http.ResponseWriter, r *http.Request) {
	s := &a.streams
	s.mu.Lock()
	full := s.open >= mostStreams
	if !full {
		s.open++
	}
	s.mu.Unlock()
	if full {
		http.Error(w, "too many dashboards are open", http.StatusServiceUnavailable)
		return
	}
	defer func() {
		s.mu.Lock()
		s.open--
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	tick := time.NewTicker(everySoOften)
	defer tick.Stop()
	last, told := uint64(0), time.Now()
	for {
		text, n := a.current()
		var err error
		switch {
		case n != last:
			_, err = fmt.Fprintf(w, "event: board\nid: %d\ndata: %s\n\n", n, text)
			last, told = n, time.Now()
		case time.Since(told) > silentAtMost:
			_, err = w.Write([]byte(":\n\n"))
			told = time.Now()
		}
		if err != nil || flusher.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-s.closed:
			return
		}
	}
}

// answerJSON answers with a value.
func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // an error means that nobody reads on
}
