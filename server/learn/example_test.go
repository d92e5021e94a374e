package learn_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

var day = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// visit shows a model six clients that look at a page and fetch its style sheet and script.
func visit(m *learn.Model, page string) {
	at := day
	for i := range 6 {
		client := m.Client(netip.AddrFrom4([4]byte{192, 0, byte(i), 1}), at)
		m.ObserveView(&learn.View{Time: at, Client: client, Path: page, Status: 200})
		for _, a := range []link.Asset{{Path: "/app.js", As: "script"}, {Path: "/app.css", As: "style"}} {
			m.ObserveFetch(&learn.Fetch{
				Time: at, Client: client, Path: page, Status: 200,
				Asset: a, Destined: true, Reuse: learn.ReuseStated,
			})
		}
		at = at.Add(time.Minute)
	}
	m.Tick(at)
}

func ExampleModel() {
	m, err := learn.New(learn.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	visit(m, "/")
	for _, p := range m.Wanted("/") {
		fmt.Printf("%s %.2f\n", p.Asset, p.Probability)
	}
	// Output:
	// </app.css>; rel=preload; as=style 0.92
	// </app.js>; rel=preload; as=script 0.92
}

// A page that nobody has seen yet gets what its siblings need.
func ExampleModel_Wanted() {
	m, _ := learn.New(learn.Config{})
	at := day
	for i := range 24 {
		page := fmt.Sprintf("/shop/%d", i)
		client := learn.Client(i + 1)
		m.ObserveView(&learn.View{Time: at, Client: client, Path: page, Status: 200})
		m.ObserveFetch(&learn.Fetch{
			Time: at, Client: client, Path: page, Status: 200,
			Asset: link.Asset{Path: "/shop.css", As: "style"}, Destined: true, Reuse: learn.ReuseStated,
		})
		at = at.Add(time.Minute)
		m.Tick(at)
	}
	fmt.Println(m.Wanted("/shop/new")[0].Asset)
	// Output: </shop.css>; rel=preload; as=style
}

// Choose withholds assets now and then, so that it can be told what pages still need.
func ExampleModel_Choose() {
	m, _ := learn.New(learn.Config{HoldOut: .05})
	visit(m, "/")
	count := make(map[learn.Outcome]int)
	var room []learn.Prediction
	for client := range learn.Client(10000) {
		var why learn.Outcome
		room, why = m.Choose(room[:0], "/", client)
		count[why]++
	}
	fmt.Println("sends most of the time:", count[learn.OutcomeSend] > 9000)
	fmt.Println("holds out now and then:", count[learn.OutcomeHeldOut] > 300)
	// Output:
	// sends most of the time: true
	// holds out now and then: true
}

func ExampleModel_Explain() {
	m, _ := learn.New(learn.Config{})
	visit(m, "/")
	m.ObserveView(&learn.View{Time: day.Add(time.Hour), Client: 9, Path: "/", Status: 200})
	m.ObserveFetch(&learn.Fetch{
		Time: day.Add(time.Hour), Client: 9, Path: "/", Status: 200,
		Asset: link.Asset{Path: "/new.js", As: "script"}, Destined: true, Reuse: learn.ReuseStated,
	})
	m.Tick(day.Add(2 * time.Hour))
	for _, a := range m.Explain("/").Assets {
		fmt.Printf("%-8s %-5v %s\n", a.Path, a.Wanted, a.Why)
	}
	// Output:
	// /app.css true  used by enough views
	// /app.js  true  used by enough views
	// /new.js  false used by too few views: 0.19, wanted from 0.50
}
