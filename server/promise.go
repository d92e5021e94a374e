package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"
)

// promised are the fields of a page's request that a promise repeats, so that the
// pushed answer is the one that the client would have asked for. Credentials are not
// among them: what is pushed is what everybody gets.
var promised = [...]string{"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "User-Agent"}

// promise is what the promises of this request say.
func (w *response) promise(opts *http.PushOptions) http.PushOptions {
	p := http.PushOptions{Header: make(http.Header, len(promised))}
	for _, k := range promised {
		if v := w.r.Header[k]; len(v) > 0 {
			p.Header[k] = v
		}
	}
	if w.facts().page && len(p.Header["Accept"]) > 0 {
		p.Header["Accept"] = []string{"*/*"} // the types that a page may have are not those of an asset
	}
	if opts == nil {
		return p
	}
	p.Method = opts.Method
	for k, v := range opts.Header {
		k = http.CanonicalHeaderKey(k)
		switch k {
		case "Cookie", "Authorization", "Proxy-Authorization":
			continue
		}
		if httpguts.ValidHeaderFieldName(k) { // net/http would send the others too
			p.Header[k] = v
		}
	}
	return p
}

var (
	errStalled = errors.New("the client does not read")
	errBusy    = errors.New("too many pushes under way on the connection")
	errSent    = errors.New("sent meanwhile for another page")
)

// A pushing is a series of pushes under way.
type pushing struct {
	pusher  http.Pusher
	traffic *traffic
	diary   *Diary
	assets  []*Asset
	promise http.PushOptions
	results chan error
	stop    atomic.Bool
	done    chan struct{}
}

// run makes the pushes one after the other, and ends at the first that fails.
func (p *pushing) run() {
	defer close(p.done)
	defer func() { <-p.traffic.slots }()
	for _, a := range p.assets {
		if p.stop.Load() {
			return
		}
		err := p.one(a)
		p.results <- err
		if err != nil && err != errSent {
			return
		}
	}
}

func (p *pushing) one(a *Asset) error {
	if !p.diary.claim(a.name(), a.Validator) {
		return errSent
	}
	if !p.traffic.begin(maxLive) {
		p.diary.release(a.name())
		return errBusy
	}
	err := push(p.pusher, a.Path, p.promise)
	if err != nil {
		p.traffic.fail()
		p.diary.release(a.name())
	}
	return err
}

// push makes one push. It recovers from a Pusher that panics: on this goroutine net/http does
// not, and the process would end.
func push(pusher http.Pusher, path string, promise http.PushOptions) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return pusher.Push(path, &promise)
}

// pushAll makes the pushes of a plan and marks those that failed. It returns true
// when the client takes no pushes at all, and nothing went out.
func (w *response) pushAll(verdicts []Verdict, opts *http.PushOptions) (refused bool) {
	w.promises().Store(true) // before the first pushed request can arrive
	p := &pushing{
		pusher: pusherOf(w.ResponseWriter), traffic: w.traffic, diary: w.diary(),
		promise: w.promise(opts), done: make(chan struct{}),
	}
	for _, v := range verdicts {
		if v.Means == ByPush {
			p.assets = append(p.assets, v.Asset)
		}
	}
	p.results = make(chan error, len(p.assets))
	timer := time.NewTimer(or(w.h.Policy.PushWait, defaultPushWait))
	defer timer.Stop()
	select {
	case w.traffic.slots <- struct{}{}:
	case <-timer.C:
		w.abandon(verdicts, errStalled)
		return false
	case <-w.r.Context().Done():
		w.abandon(verdicts, context.Cause(w.r.Context()))
		return false
	}
	go p.run()

	some := false
	for i := range verdicts {
		v := &verdicts[i]
		if v.Means != ByPush {
			continue
		}
		var err error
		select {
		case err = <-p.results:
		case <-timer.C:
			p.stop.Store(true)
			w.stalled = p
			err = errStalled
		}
		switch {
		case err == nil:
			some = true
			w.h.stats.Pushed.Add(1)
		case err == errSent:
			v.Means, v.Reason = ByNothing, ReasonSent
		case errors.Is(err, http.ErrNotSupported) && !some:
			w.refused = true
			if w.conn != nil {
				w.conn.refused.Store(true)
			}
			<-p.done
			return true
		default:
			// The client's limit of streams is reached, or the connection ends: the next
			// push would fail, too.
			w.abandon(verdicts[i:], err)
		}
	}
	if w.stalled == nil {
		<-p.done
	}
	return false
}

// abandon marks the pushes that did not go out; the first of them failed. No more are tried
// for this request.
func (w *response) abandon(verdicts []Verdict, err error) {
	w.refused, w.pushErr = true, nil
	for i := range verdicts {
		v := &verdicts[i]
		if v.Means != ByPush {
			continue
		}
		v.Means, v.Reason = ByNothing, ReasonFailed
		if w.pushErr != nil {
			continue
		}
		w.pushErr = fmt.Errorf("server: push %s: %w", v.Asset.Path, err)
		w.h.stats.Refused.Add(1)
		if w.h.Logger != nil {
			w.h.Logger.Debug("push failed", "path", v.Asset.Path, "error", err)
		}
	}
}

// settle waits until no push is under way. A Pusher must not be called once its
// handler has returned, and one that waits for a client that does not read comes
// back at the latest when the stream ends.
func (w *response) settle() {
	if w.stalled != nil {
		<-w.stalled.done
	}
}

// pusherOf returns a writer's Pusher, wherever it is below.
func pusherOf(w http.ResponseWriter) http.Pusher {
	for {
		switch v := w.(type) {
		case http.Pusher:
			return v
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return nil
		}
	}
}

// Pushed reports whether w answers a request that a push made. No client can
// forge or hide that, since it is a property of the stream. Pushed tries a push without a
// target; net/http refuses it on every stream, and on a pushed one for another reason. Nothing
// is sent.
func Pushed(w http.ResponseWriter) bool {
	p := pusherOf(w)
	if p == nil {
		return false
	}
	err := p.Push("", nil)
	return err != nil && strings.Contains(err.Error(), "recursive push")
}
