package oracle

import "runtime/metrics"

// Crowded says that targets run side by side. What the others allocate then cannot be told from
// what one does, and [Bounded] allows for it.
var Crowded bool

// Bounded fails if f takes more octets of memory than most. The runtime allocates at times, too, so
// that it is asked again; what is to be found are counts and lengths that are believed, which
// cost far more than that.
func Bounded(most int, what string, f func()) {
	if Crowded {
		most += 256 << 20
	}
	allocated := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	least := ^uint64(0)
	for range 4 {
		before := allocated()
		f()
		if least = min(least, allocated()-before); least <= uint64(most) {
			return
		}
	}
	Failf("%s takes %d octets of memory, which should be %d at most", what, least, most)
}
