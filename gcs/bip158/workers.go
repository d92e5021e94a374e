package bip158

import (
	"runtime"
	"sync"
)

// perWorker is how many items are worth a goroutine: 0.2 ms of hashing. Two build a filter
// of 8,000 items no faster than one, of 16,384 in 20 ns an item where one takes 23, of a million in
// 16 and 29.
const perWorker = 8192

// workersFor returns how many goroutines are to work on so many items.
func workersFor(items int) int {
	if items < 2*perWorker {
		return 1 // without the lock that asking for the processors takes
	}
	return min(runtime.GOMAXPROCS(0), items/perWorker)
}

// together calls f for each worker, each in its goroutine, and waits for them.
func together(workers int, f func(worker int)) {
	var wg sync.WaitGroup
	for i := 1; i < workers; i++ {
		wg.Go(func() { f(i) })
	}
	f(0)
	wg.Wait()
}

// share returns what a worker has of n things.
func share(n, worker, workers int) (from, to int) {
	at := func(i int) int { return int(uint64(n) * uint64(i) / uint64(workers)) }
	return at(worker), at(worker + 1)
}
