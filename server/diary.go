package server

import "sync"

// A Diary remembers what went over one connection, as Apache's push diary does: the newest
// paths, 256 unless [Policy] says otherwise. It is safe for concurrent use; a nil Diary is
// empty.
//
// It holds what was sent to whoever is at the other end, never what a cookie
// said: a connection that several people share through a proxy has one diary and as many
// fingerprints as there are people.
type Diary struct {
	mu    sync.Mutex
	at    map[string]string // URL to validator
	order []string          // ring of the keys of at
	next  int
}

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

// claim notes a URL that is about to be sent, unless it was sent already. Two pages that
// are answered at a time would else both send it.
func (d *Diary) claim(url, validator string, size int) bool {
	if d == nil || size < 0 {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.has(url, validator) {
		return false
	}
	d.set(url, validator, size)
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
func (d *Diary) add(url, validator string, size int) {
	if d == nil || size < 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.set(url, validator, size)
}

func (d *Diary) has(url, validator string) bool {
	v, ok := d.at[url]
	return ok && (v == validator || v == "" || validator == "")
}

// set notes a URL; the oldest of more than size goes.
func (d *Diary) set(url, validator string, size int) {
	if size == 0 {
		size = defaultDiary
	}
	if d.at == nil {
		d.at = make(map[string]string)
	}
	if _, ok := d.at[url]; !ok {
		if len(d.order) < size {
			d.order = append(d.order, url)
		} else {
			delete(d.at, d.order[d.next])
			d.order[d.next] = url
			d.next = (d.next + 1) % size
		}
	}
	d.at[url] = validator
}
