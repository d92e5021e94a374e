package server

import (
	"net/http"
	"strings"
	"sync"

	"github.com/cache-aware/casper/gcs/cachedigest"
	"github.com/cache-aware/casper/gcs/casper"
)

// What a client holds already is said by its cookie, by Cache-Digest, and by what went over
// the same connection.

// Limits on what is read of cookies. A browser stores no longer value than the first, and
// H2O sets the cookie once; several of the name come from several paths or tabs. Nothing is
// looked for behind the first 256 KiB of cookies.
const (
	maxCookieText = 4096
	maxCookies    = 4
	maxCookieLine = 256 << 10
	maxMentions   = 256 // of the name, as a cookie's or within other text
)

// A reading is what a request's cookies said.
type reading struct {
	held    casper.Fingerprint
	present bool // there was a cookie of the name
	bad     bool // and one that could not be read
}

// read returns the union of the request's fingerprints. What cannot be read counts as
// absent, and so does a value longer than a browser stores, unless it is no longer than
// the full set, which H2O may have written. Keys above the capacity, which H2O lets in,
// are dropped: no asset has them.
func (c *Cookie) read(r *http.Request, p casper.Params) (got reading) {
	got.held = casper.New(p)
	lines := r.Header["Cookie"]
	if c.Off || len(lines) == 0 {
		return got
	}
	name, most := c.name(), max(maxCookieText, p.MaxText())
	n, mentions, left := 0, 0, maxCookieLine
	for _, line := range lines {
		line = line[:min(len(line), left)]
		left -= len(line)
		for at := 0; ; { // every mention of the name
			// Cookies are joined or come in crumbs, one field each; a search by hand
			// costs nothing where ours is one of three thousand.
			i := strings.Index(line[at:], name)
			if i < 0 {
				break
			}
			if mentions++; mentions > maxMentions {
				return got
			}
			before := strings.TrimRight(line[:at+i], " \t")
			at += i + len(name)
			if before != "" && before[len(before)-1] != ';' || !strings.HasPrefix(line[at:], "=") {
				continue
			}
			got.present = true
			if n++; n > maxCookies {
				return got
			}
			value, _, _ := strings.Cut(line[at+1:], ";")
			value = strings.Trim(strings.Trim(value, " \t"), `"`)
			if len(value) > most {
				got.bad = true
				continue
			}
			f, err := casper.ParseLenient(value, p)
			if err != nil {
				got.bad = true
				continue
			}
			got.held = got.held.Merge(f.Known())
		}
	}
	return got
}

// maxDigestText bounds what is read of Cache-Digest, in characters: 2,500 URLs at a
// false-positive rate of 1 in 128.
const maxDigestText = 4096

// ReadDigest reads the Cache-Digest fields of a request as H2O does: drafts 00 to 02, passing over
// what it does not understand. It returns nil if there is no digest in them, or
// more than 4,096 characters.
func ReadDigest(values []string) Digest {
	n := 0
	for _, v := range values {
		n += len(v)
	}
	if n == 0 || n > maxDigestText {
		return nil
	}
	if h := cachedigest.ParseHeaderLenient(values...); len(h) > 0 {
		return digest{h}
	}
	return nil
}

type digest struct{ cachedigest.Header }

// Holds asks the digests of URLs, and those of URLs with their ETags if there is one.
func (d digest) Holds(url, validator string) bool {
	return d.Lookup(url) == cachedigest.Fresh ||
		validator != "" && d.LookupETag(url, validator) == cachedigest.Fresh
}

// A Diary remembers what went over one connection, as Apache's push diary does: the newest
// 256 paths, those pushed there and those asked for. It is safe for concurrent use; a nil
// Diary is empty.
//
// It holds what was sent over the connection, never what a cookie said: a connection that
// several people share through a proxy has one diary, and each of them has a fingerprint.
type Diary struct {
	mu    sync.Mutex
	at    map[string]string // URL to validator
	order []string          // ring of the keys of at
	next  int
}

const maxDiary = 256

// Has reports whether the URL was sent with that validator. An unknown validator
// is the same version.
func (d *Diary) Has(url, validator string) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.has(url, validator)
}

// claim notes a URL that is about to be sent, unless it was sent already. Otherwise, two pages
// that are answered at the same time would both send it.
func (d *Diary) claim(url, validator string) bool {
	if d == nil {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.has(url, validator) {
		return false
	}
	d.set(url, validator)
	return true
}

// release takes a claim back: nothing was sent.
func (d *Diary) release(url string) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.at, url)
}

// add notes a URL that was sent.
func (d *Diary) add(url, validator string) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.set(url, validator)
}

func (d *Diary) has(url, validator string) bool {
	v, ok := d.at[url]
	return ok && (v == validator || v == "" || validator == "")
}

// set notes a URL; the oldest of more than there may be goes.
func (d *Diary) set(url, validator string) {
	if d.at == nil {
		d.at = make(map[string]string)
	}
	if _, ok := d.at[url]; !ok {
		if len(d.order) < maxDiary {
			d.order = append(d.order, url)
		} else {
			delete(d.at, d.order[d.next])
			d.order[d.next] = url
			d.next = (d.next + 1) % maxDiary
		}
	}
	d.at[url] = validator
}
