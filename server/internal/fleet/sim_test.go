package sim_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/fleet"
	"github.com/cache-aware/casper/server/internal/peer"
)

// A small fleet, quickly: what one node saw all nodes know, nothing is lost on the way, and
// nobody asks for more than its share.
func TestFleet(t *testing.T) {
	c := sim.Config{
		URL: peer.StartRedis(t).URL(), Nodes: 30, Pages: 10, Rate: 300,
		Every: 300 * time.Millisecond, Length: 2500 * time.Millisecond, Probe: 200 * time.Millisecond,
	}
	r, err := sim.Run(t.Context(), c)
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
	if r.Probes == 0 || r.Reached < r.Probes/2 {
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
		if _, err := sim.Run(t.Context(), sim.Config{URL: url, Nodes: 1, Length: time.Millisecond}); err == nil {
			t.Errorf("a run with %q succeeds", url)
		}
	}
}
