package learn

import (
	"sync/atomic"
	"unsafe"

	"github.com/cache-aware/casper/server/link"
)

// Prediction is one asset that a page is thought to need.
type Prediction struct {
	// Asset is shared by all who ask, and must not be changed.
	Asset *link.Asset

	// Version is the validator that the asset was last seen with: its ETag, or its Last-Modified date. Empty when it had none.
	Version string

	// Probability is that a view of the page by a client without the asset asks for it.
	Probability float32

	// Linked says that the page's own answers link the asset ([FromLink]), so that it goes out with them in any case.
	Linked bool

	hash uint64

	// holdOut is how much more often than usual the asset is withheld since its estimate is still uncertain, in 65536ths.
	holdOut uint16
}

// answer is what is said about a page. It is never changed after it was published; a newer one replaces it.
type answer struct {
	key         string
	hash        uint64
	next        *answer // in its bucket
	predictions []Prediction
	state       answerState
}

type answerState uint8

const (
	stateReady   answerState = iota
	stateTrouble             // the page has of late answered with redirects or errors
	stateDoubt               // something changed; everything is withheld until it is clear what
)

const (
	answerCost     = int(unsafe.Sizeof(answer{}))
	predictionCost = int(unsafe.Sizeof(Prediction{}))
)

func (a *answer) cost() int { return answerCost + cap(a.predictions)*predictionCost }

// answers is a hash table that is read without locks. Each bucket is a chain whose nodes never change; a writer, who holds the
// lock of the shard, copies the nodes in front of the one it replaces and puts up a new head.
type answers []atomic.Pointer[answer]

func (t answers) bucket(hash uint64) *atomic.Pointer[answer] { return &t[hash&uint64(len(t)-1)] }

// find returns the answer for a page, nil when there is none.
func (t answers) find(hash uint64, key string) *answer {
	for a := t.bucket(hash).Load(); a != nil; a = a.next {
		if a.hash == hash && a.key == key {
			return a
		}
	}
	return nil
}

// findBytes is find for a key that is not a string yet.
func (t answers) findBytes(hash uint64, key []byte) *answer {
	for a := t.bucket(hash).Load(); a != nil; a = a.next {
		if a.hash == hash && a.key == string(key) {
			return a
		}
	}
	return nil
}

// replace puts up an answer in the place of old; either may be nil. The caller holds the lock of the shard.
func (t answers) replace(old, by *answer) {
	var bucket *atomic.Pointer[answer]
	switch {
	case by != nil:
		bucket = t.bucket(by.hash)
	case old != nil:
		bucket = t.bucket(old.hash)
	default:
		return
	}
	chain := bucket.Load()
	if old != nil {
		chain = chain.without(old.hash, old.key)
	}
	if by != nil {
		by.next = chain
		chain = by
	}
	bucket.Store(chain)
}

// without returns the chain without the answer for one page, sharing what comes behind it.
func (a *answer) without(hash uint64, key string) *answer {
	switch {
	case a == nil:
		return nil
	case a.hash == hash && a.key == key:
		return a.next
	}
	b := *a
	b.next = a.next.without(hash, key)
	return &b
}
