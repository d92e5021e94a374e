package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/internal/atomicfile"
	"github.com/cache-aware/casper/server/internal/personal"
	"github.com/cache-aware/casper/server/link"
)

// MaxSwitches is how many pages can be switched.
const MaxSwitches = 256

// Switches are what an operator has decided about single pages: that nothing goes ahead of them, or always
// the same. They are a [server.Source], which is to stand first, and a [server.Handler.Allow]:
//
//	switches := &metrics.Switches{Page: source.Reader.Page}
//	h.Sources = append([]server.Source{switches}, h.Sources...)
//	h.Allow = switches.Allow
//
// The fields must not change after the first request. Where nothing is switched, a request costs one look.
type Switches struct {
	// Page returns the identity of the page that a request is for; nil is its path.
	Page func(r *http.Request) string

	// File keeps them; empty forgets them with the process.
	File string

	mu    sync.Mutex // of those who change
	pages atomic.Pointer[map[string]switched]
}

// switched is what is decided about one page.
type switched struct {
	Off    bool     `json:"off,omitempty"`
	Pinned []string `json:"pinned,omitempty"` // as values of Link fields
	assets []link.Asset
}

// maxSwitchFile bounds the file, in octets: more than the most switches take.
const maxSwitchFile = 4 << 20

// Load reads the file. One that is not there is empty; one that is not understood is an error, and
// stays as it is.
func (s *Switches) Load() error {
	if s.File == "" {
		return nil
	}
	f, err := os.Open(s.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSwitchFile+1))
	if err != nil {
		return err
	}
	var pages map[string]switched
	if err := json.Unmarshal(text, &pages); err != nil || len(text) > maxSwitchFile || len(pages) > MaxSwitches {
		return fmt.Errorf("%s holds no switches of pages", s.File)
	}
	for page, w := range pages {
		if w.assets = assetsOf(w.Pinned); len(w.assets) != len(w.Pinned) {
			return fmt.Errorf("%s: a pinned asset of %.60q is no Link", s.File, page)
		}
		pages[page] = w
	}
	s.pages.Store(&pages)
	return nil
}

// assetsOf reads values of Link fields.
func assetsOf(links []string) (assets []link.Asset) {
	for _, l := range links {
		for read := range link.Links([]string{l}, link.Base{Scheme: "https", Authority: "site.invalid", Path: "/", Foreign: true}) {
			if read.Err == nil {
				assets = append(assets, read.Asset)
			}
		}
	}
	return assets
}

// of returns what is decided about a request's page.
func (s *Switches) of(r *http.Request) (w switched) {
	pages := s.pages.Load()
	if pages == nil || len(*pages) == 0 {
		return w
	}
	if s.Page != nil {
		return (*pages)[s.Page(r)]
	}
	return (*pages)[r.URL.Path]
}

// Allow denies everything to a page that is off.
func (s *Switches) Allow(r *http.Request, _ link.Asset) bool { return !s.of(r).Off }

// Wanted names what is pinned to a page. Other sources are then not asked.
func (s *Switches) Wanted(r *http.Request, w *server.Wants) {
	if of := s.of(r); of.assets != nil {
		for i := range of.assets {
			w.Add(&of.assets[i])
		}
		w.Only()
	}
}

// Get returns whether a page is off, and what is pinned to it.
func (s *Switches) Get(page string) (off bool, pinned []link.Asset) {
	if pages := s.pages.Load(); pages != nil {
		w := (*pages)[personal.Fold(page)]
		return w.Off, w.assets
	}
	return false, nil
}

// All returns the names of the pages that are switched, sorted.
func (s *Switches) All() []string {
	if pages := s.pages.Load(); pages != nil {
		return slices.Sorted(maps.Keys(*pages))
	}
	return nil
}

// SetOff switches a page off or on again.
func (s *Switches) SetOff(page string, off bool) error {
	return s.change(page, func(w *switched) { w.Off = off })
}

// Pin makes these assets go ahead of a page, whatever is learned of it. None lets go of it.
func (s *Switches) Pin(page string, assets []link.Asset) error {
	return s.change(page, func(w *switched) {
		w.Pinned, w.assets = nil, nil
		for _, a := range assets {
			w.Pinned = append(w.Pinned, a.String())
		}
		w.assets = slices.Clone(assets)
	})
}

// change changes a page's switch and the file, or neither.
func (s *Switches) change(page string, how func(*switched)) error {
	if page = personal.Fold(page); !strings.HasPrefix(page, "/") || len(page) > 512 {
		return fmt.Errorf("%.60q is no page", page)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	pages := map[string]switched{}
	if old := s.pages.Load(); old != nil {
		pages = maps.Clone(*old)
	}
	w := pages[page]
	how(&w)
	if w.Off || len(w.assets) > 0 {
		pages[page] = w
	} else {
		delete(pages, page)
	}
	if len(pages) > MaxSwitches {
		return fmt.Errorf("more than %d pages are switched", MaxSwitches)
	}
	if s.File != "" {
		err := atomicfile.Write(s.File, func(w io.Writer) error {
			out := json.NewEncoder(w)
			out.SetIndent("", "  ")
			return out.Encode(pages)
		})
		if err != nil {
			return err
		}
	}
	s.pages.Store(&pages)
	return nil
}
