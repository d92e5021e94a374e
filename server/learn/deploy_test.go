package learn

import (
	"fmt"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/link"
)

// A release renames one of a page's six files. At no time is the page sent nothing: most visitors
// are sent what stays, and where the page's own answers name the new file, everybody is sent it
// from the first of them on, and nobody its old version.
func TestDeployNeverSilences(t *testing.T) {
	for _, tt := range []struct {
		linked bool
		every  time.Duration // there is a view
	}{{true, 5 * time.Second}, {true, 100 * time.Millisecond}, {false, 5 * time.Second}, {false, 1500 * time.Millisecond}, {false, 100 * time.Millisecond}} {
		linked := tt.linked
		t.Run(fmt.Sprintf("linked %v, every %v", linked, tt.every), func(t *testing.T) {
			m := must(t, Config{})
			page := []link.Asset{css("/main.11111111.css"), js("/a.js"), js("/b.js"), js("/c.js"), css("/d.css"), css("/e.css")}
			at, client := start, Client(1)
			visit := func() (sent map[string]bool) {
				client++
				chosen, _ := m.Choose(nil, "/", client)
				v := seen("/", client, at)
				v.Chosen = chosen
				if linked {
					v.Links = page
				}
				m.ObserveView(v)
				sent = map[string]bool{}
				for _, p := range chosen {
					sent[p.Asset.Path] = true
				}
				for _, a := range page {
					m.ObserveFetch(fetched("/", a, client, at.Add(time.Millisecond)))
				}
				at = at.Add(tt.every)
				m.Tick(at)
				return sent
			}
			for range 100 {
				visit()
			}
			old := page[0].Path
			page[0] = css("/main.22222222.css")
			visit() // which names it, if any does
			silent, stale, dead := 0, 0, 0
			views := 40 + int(8*time.Second/tt.every)
			for i := range views {
				sent := visit()
				kept := 0
				for _, a := range page[1:] {
					if sent[a.Path] {
						kept++
					}
				}
				if kept == 0 {
					silent++
				}
				if sent[old] {
					dead++
				}
				if linked && (kept < len(page)-1 || !sent[page[0].Path]) {
					stale++
				}
				if i > 24+int(4*time.Second/tt.every) && sent[old] {
					t.Errorf("view %d after the release is sent the old file", i)
				}
			}
			if linked && (silent > 0 || stale > 0 || dead > 0) {
				t.Errorf("of %d views %d were sent nothing, %d not all, %d the old file", views, silent, stale, dead)
			}
			if most := views/4 + 4; silent > most {
				t.Errorf("%d of %d views were sent nothing, more than %d", silent, views, most)
			}
		})
	}
}
