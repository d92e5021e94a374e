package learned

import (
	"sync"
	"time"

	"github.com/cache-aware/casper/server/learn"
)

// openPages are the pages of a site that are being answered. The model is told of a page when
// its answer is through, since everything is known of it only then. But the files of a page that
// comes slowly are asked for long before that. They wait here until the model knows of the page.
type openPages struct {
	mu sync.Mutex
	by map[openPage]*waiting
}

type openPage struct {
	client learn.Client
	path   string
}

type waiting struct {
	answers int // under way
	fetches []learn.Fetch
}

// mostWaiting bounds what waits for one page: more than the model looks at.
const mostWaiting = 128

func (o *openPages) arrive(at openPage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.by[at]
	if w == nil {
		w = new(waiting)
		if o.by == nil {
			o.by = map[openPage]*waiting{}
		}
		o.by[at] = w
	}
	w.answers++
}

// leave returns what has waited, when the last answer for the page is through.
func (o *openPages) leave(at openPage) []learn.Fetch {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.by[at]
	if w.answers--; w.answers > 0 {
		return nil
	}
	delete(o.by, at)
	return w.fetches
}

// hold takes a fetch if its page is being answered.
func (o *openPages) hold(at openPage, e learn.Fetch) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.by[at]
	if w == nil {
		return false
	}
	if len(w.fetches) < mostWaiting {
		w.fetches = append(w.fetches, e)
	}
	return true
}

// since returns when the page's header must have gone out: before the first of its files was
// asked for.
func (o *openPages) since(at openPage, now time.Time) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	if w := o.by[at]; w != nil {
		for _, e := range w.fetches {
			if e.Time.Before(now) {
				now = e.Time
			}
		}
	}
	return now
}
