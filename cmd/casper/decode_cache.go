package main

import "sync"

// A memo keeps what was printed for a value. A log has a visitor's cookie on every
// line of the visit, and looking it up takes a twentieth of decoding it. It is safe
// for concurrent use.
type memo struct {
	mu   sync.RWMutex
	text map[string][]byte
}

// The bounds of a memo: 16 MiB of text in all.
const (
	memoEntries = 4096
	memoText    = 4 << 10
)

// get returns the text for a value, not to be changed, or nil.
func (m *memo) get(value []byte) []byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.text[string(value)]
}

// put keeps a copy of a text. A full memo is emptied first: old visits do
// not come back.
func (m *memo) put(value string, text []byte) {
	if len(text)+len(value) > memoText {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.text == nil || len(m.text) >= memoEntries {
		m.text = make(map[string][]byte)
	}
	m.text[value] = append([]byte(nil), text...)
}
