package fleet

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
)

var (
	asked Config
	table = flag.Bool("table", false, "run a large fleet, and print what it costs")
	full  = flag.Bool("full", false, "with -table: for 2 minutes")
)

func init() {
	flag.StringVar(&asked.URL, "redis", "", "URL of a Redis server with nothing in it that matters; default one of its own")
	flag.IntVar(&asked.Nodes, "nodes", 1000, "nodes")
	flag.IntVar(&asked.Pages, "pages", 20, "pages of the site")
	flag.IntVar(&asked.Assets, "assets", 6, "assets of a page")
	flag.IntVar(&asked.Rate, "rate", 300, "views a second, all nodes together")
	flag.IntVar(&asked.Turns, "turns", 24, "a well-known page is reported in one of so many rounds")
	flag.DurationVar(&asked.Every, "every", 2500*time.Millisecond, "time between reports, and length of a round")
	flag.DurationVar(&asked.Length, "length", 27*time.Second, "how long")
	flag.IntVar(&asked.Bytes, "bytes", 1<<20, "memory of each model")
}

// What a large fleet costs, when asked for:
//
//	go test ./server/internal/fleet -v -run TestTable -table [-redis URL] [-nodes N] [-full]
func TestTable(t *testing.T) {
	if !*table {
		t.Skip("-table prints what a large fleet costs")
	}
	c := asked
	if *full {
		c.Length = 2 * time.Minute
	}
	if c.URL == "" {
		c.URL = peer.StartRedis(t).URL()
	}
	c.Probe = 5 * time.Second
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	r.Print(os.Stdout)
}

// A small fleet, quickly: what one node saw all nodes know, nothing is lost on the way, and
// nobody asks for more than its share.
func TestFleet(t *testing.T) {
	c := Config{
		URL: peer.StartRedis(t).URL(), Nodes: 30, Pages: 10, Assets: 6, Rate: 300, Turns: 6, Bytes: 1 << 20,
		Every: 300 * time.Millisecond, Length: 2500 * time.Millisecond, Probe: 200 * time.Millisecond,
	}
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	r.Print(&text)
	t.Logf("\n%s", &text)
	if r.Views == 0 || r.Stats.Sent == 0 || r.Stats.Received == 0 || r.Server.Script.N == 0 || r.Server.Scan.N == 0 {
		t.Error("nothing happened")
	}
	if r.Failures != 0 {
		t.Errorf("%d calls failed", r.Failures)
	}
	if r.Stats.Refused != 0 || r.Stats.Dropped != 0 {
		t.Errorf("%d records refused and %d pages dropped in a small fleet", r.Stats.Refused, r.Stats.Dropped)
	}
	if r.Knowing < .95 {
		t.Errorf("%.3f of what was there to learn is known", r.Knowing)
	}
	if r.Reached == 0 { // how many is a matter of how busy the machine is
		t.Errorf("%d of %d new pages are known to all", r.Reached, r.Probes)
	}
	// Exchanges are at least 0.8 Every apart: two questions for the time, some rounds looked
	// at, some records added.
	most := float64(c.Nodes) * (r.Elapsed.Seconds()/(.8*c.Every.Seconds()) + 1) * 40
	if float64(r.Server.Commands) > most {
		t.Errorf("%d commands, want at most %.0f", r.Server.Commands, most)
	}
}

func TestRunSaysWhatIsWrong(t *testing.T) {
	for _, url := range []string{"nonsense", "redis://127.0.0.1:1"} {
		if _, err := Run(t.Context(), Config{URL: url, Nodes: 1, Pages: 1, Every: time.Second, Length: time.Millisecond}); err == nil {
			t.Errorf("a run with %q succeeds", url)
		}
	}
}
