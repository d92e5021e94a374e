package caddycasper

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func over(w http.ResponseWriter) *writer {
	return &writer{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}}
}

// Above a writer that cannot, the optional methods say so as net/http does.
func TestWriterAboveLess(t *testing.T) {
	w := over(struct{ http.ResponseWriter }{httptest.NewRecorder()})
	if err := w.Push("/a", nil); err != http.ErrNotSupported {
		t.Errorf("Push: %v", err)
	}
	if err := w.FlushError(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("Flush: %v", err)
	}
	if _, _, err := over(httptest.NewRecorder()).Hijack(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("Hijack: %v", err)
	}
}

// A muted writer writes nothing, and takes everything.
func TestWriterMuted(t *testing.T) {
	rec := httptest.NewRecorder()
	w := over(rec)
	w.muted = true
	w.WriteHeader(404)
	if n, err := w.Write([]byte("no")); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := w.ReadFrom(strings.NewReader("none")); n != 4 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	w.Flush()
	if rec.Flushed || rec.Body.Len() > 0 || w.committed {
		t.Errorf("%+v", rec)
	}
	w.muted = false
	if n, err := w.ReadFrom(strings.NewReader("some")); n != 4 || err != nil || rec.Body.String() != "some" || !w.committed {
		t.Errorf("%d, %v, %q", n, err, rec.Body)
	}
}

// Over HTTP/3 alone, an informational answer goes without the length that the final one
// keeps.
func TestWriterLength(t *testing.T) {
	for http3, want := range map[bool]string{false: "7", true: ""} {
		var sent []string
		w := over(headers(func(code int, h http.Header) { sent = append(sent, h.Get("Content-Length")) }))
		w.http3 = http3
		w.Header().Set("Content-Length", "7")
		w.WriteHeader(103)
		w.WriteHeader(200)
		if len(sent) != 2 || sent[0] != want || sent[1] != "7" {
			t.Errorf("HTTP/3 %v: %q", http3, sent)
		}
	}
}

// headers calls a function for each header that is written.
func headers(f func(int, http.Header)) http.ResponseWriter {
	return &headerCalls{httptest.NewRecorder(), f}
}

type headerCalls struct {
	http.ResponseWriter
	f func(int, http.Header)
}

func (h *headerCalls) WriteHeader(code int) { h.f(code, h.Header()) }

// A line goes to the logger of the configuration that is in force when it is written.
func TestRelay(t *testing.T) {
	var l relay
	log := slog.New(l.handler()).With("a", 1).WithGroup("g")
	log.Info("to nobody")
	if log.Enabled(context.Background(), slog.LevelError) {
		t.Error("enabled, and nobody listens")
	}
	var old, new, wrong bytes.Buffer
	plain := func(b *bytes.Buffer) *slog.Logger {
		return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
	}
	o, n, w := plain(&old), plain(&new), plain(&wrong)
	l.join(o)
	log.Info("first", "b", 2)
	l.join(w) // a configuration that turns out wrong
	l.leave(w)
	log.Info("second")
	l.join(n)
	l.leave(o)
	log.Info("third")
	l.leave(n) // the end: the last lines are those of what is being saved
	log.Info("fourth")
	if got, want := old.String(), "level=INFO msg=first a=1 g.b=2\nlevel=INFO msg=second a=1\n"; got != want {
		t.Errorf("the old logger has %q, want %q", got, want)
	}
	if got, want := new.String(), "level=INFO msg=third a=1\nlevel=INFO msg=fourth a=1\n"; got != want || wrong.Len() > 0 {
		t.Errorf("the new logger has %q, want %q; the wrong one %q", got, want, &wrong)
	}
}
