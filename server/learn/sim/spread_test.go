package sim

import (
	"testing"

	"github.com/cache-aware/casper/server/learn"
)

func TestSpread(t *testing.T) {
	for _, size := range []int{10000, 40000} {
		for _, sc := range Scenarios(size) {
			var p, r, lo, ur, lr, lu float64
			lo = 1
			lr = 1
			lu = 1
			in, out, poison := 0, 0, 0
			const n = 4
			for seed := range uint64(n) {
				x := Run(seed+1, sc.Traffic, NewCasper(learn.Config{}))
				p += x.Precision / n
				r += x.Recall / n
				ur += x.UnseenRecall / n
				lo = min(lo, x.Precision)
				lr = min(lr, x.Recall)
				lu = min(lu, x.UnseenRecall)
				in, out = max(in, x.In95), max(out, x.Out95)
				poison += x.Poisoned
			}
			t.Logf("%d %-8s P %.3f (%.3f) R %.3f (%.3f) unseen R %.3f (%.3f) in %d out %d poisoned %d", size, sc.Name, p, lo, r, lr, ur, lu, in, out, poison)
		}
	}
}
