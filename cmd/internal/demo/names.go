package demo

import (
	"sync"

	"github.com/cache-aware/casper/gcs/casper"
)

// names are the files behind keys, those of earlier editions included, so that the page can say
// what a cookie holds.
type names struct {
	mu sync.RWMutex
	by map[casper.Key]string
}

func (n *names) add(k casper.Key, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.by == nil {
		n.by = map[casper.Key]string{}
	}
	n.by[k] = name
}

func (n *names) of(k casper.Key) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.by[k]
}
