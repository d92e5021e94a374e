package sim

import ("testing";"os";"fmt";"github.com/cache-aware/casper/server/learn")

func TestZZ(t *testing.T) {
	for _, sc := range Scenarios(40000) {
		var runs []*Result
		for seed := uint64(1); seed <= 3; seed++ {
			before := live()
			sys := NewCasper(learn.Config{})
			r := Run(seed, sc.Traffic, sys)
			r.site, r.pages = nil, nil
			r.Heap = live() - before
			r.sys = nil
			runs = append(runs, r)
		}
		fmt.Fprintln(os.Stdout, sc.Name, row(runs))
	}
}
