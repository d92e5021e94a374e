// Command table prints how casper's model compares with four others on the same simulated
// traffic.
//
//	go run ./server/internal/sim/table [-visits N] [-seeds N]
package main

import (
	"flag"
	"os"

	"github.com/cache-aware/casper/server/internal/sim"
)

func main() {
	visits := flag.Int("visits", 40000, "visits in the first scenario; the others have up to three times as many")
	seeds := flag.Int("seeds", 3, "how many sites to take the mean of")
	flag.Parse()
	list := make([]uint64, *seeds)
	for i := range list {
		list[i] = uint64(i + 1)
	}
	sim.Compare(os.Stdout, *visits, list)
}
