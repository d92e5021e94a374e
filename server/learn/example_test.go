package learn_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/link"
)

var day = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// visit shows a model six clients that look at a page and fetch its style sheet and script.
func visit(m *learn.Model, page string) {
	at := day
	for i := range 6 {
		client := m.Client(netip.AddrFrom4([4]byte{192, 0, byte(i), 1}), at)
		m.Observe(learn.Event{Kind: learn.View, Time: at, Client: client, Path: page, Status: 200})
		for _, a := range []link.Asset{{Path: "/app.js", As: "script"}, {Path: "/app.css", As: "style"}} {
			m.Observe(learn.Event{
				Kind: learn.Fetch, Time: at, Client: client, Path: page, Status: 200,
				Asset: a, Flags: learn.Fresh | learn.Destined,
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
	for i := range 8 {
		page := fmt.Sprintf("/shop/%d", i)
		client := learn.Client(i + 1)
		m.Observe(learn.Event{Kind: learn.View, Time: at, Client: client, Path: page, Status: 200})
		m.Observe(learn.Event{
			Kind: learn.Fetch, Time: at, Client: client, Path: page, Status: 200,
			Asset: link.Asset{Path: "/shop.css", As: "style"}, Flags: learn.Fresh | learn.Destined,
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
	count := make(map[learn.Verdict]int)
	var room []learn.Prediction
	for client := range learn.Client(10000) {
		var why learn.Verdict
		room, why = m.Choose(room[:0], "/", client)
		count[why]++
	}
	fmt.Println("sends most of the time:", count[learn.Send] > 9000)
	fmt.Println("holds out now and then:", count[learn.HeldOut] > 300)
	// Output:
	// sends most of the time: true
	// holds out now and then: true
}

func ExampleReader() {
	r := httptest.NewRequest("GET", "https://example.com/app.css?v=3", nil)
	r.Header.Set("Referer", "https://example.com/shop?session=7")
	r.Header.Set("Sec-Fetch-Dest", "style")
	r.Header.Set("Priority", "u=0")
	answer := http.Header{"Cache-Control": {"max-age=3600"}, "Content-Type": {"text/css"}}

	var rd learn.Reader
	e, ok := rd.Event(r, 200, answer)
	fmt.Println(ok, e.Kind == learn.Fetch, e.Path, e.Asset, e.Urgency)
	// Output: true true /shop </app.css?v=3>; rel=preload; as=style; type="text/css" 0
}

func ExampleModel_Explain() {
	m, _ := learn.New(learn.Config{})
	visit(m, "/")
	m.Observe(learn.Event{Kind: learn.View, Time: day.Add(time.Hour), Client: 9, Path: "/", Status: 200})
	m.Observe(learn.Event{
		Kind: learn.Fetch, Time: day.Add(time.Hour), Client: 9, Path: "/", Status: 200,
		Asset: link.Asset{Path: "/new.js", As: "script"}, Flags: learn.Fresh | learn.Destined,
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

func ExampleModel_Declare() {
	page := `<!doctype html><link rel=stylesheet href=/main.css><script type=module src=app.mjs></script>`
	assets, err := learn.ScanHTML(strings.NewReader(page), "/shop/")
	if err != nil {
		fmt.Println(err)
		return
	}
	m, _ := learn.New(learn.Config{})
	m.Declare("/shop/", assets)
	for _, p := range m.Wanted("/shop/") {
		fmt.Println(p.Asset)
	}
	// Output:
	// </main.css>; rel=preload; as=style
	// </shop/app.mjs>; rel=modulepreload
}

// A snapshot is text that ordinary tools can compare.
func ExampleEncode() {
	m, _ := learn.New(learn.Config{})
	m.Declare("/", []link.Asset{{Path: "/app.css", As: "style"}})
	if err := evidence.Encode(os.Stdout, m.All()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"casper":"learned model","version":1}
	// {"page":"/","views":0,"assets":[{"link":"</app.css>; rel=preload; as=style","used":3,"views":3,"urgency":-1,"order":0,"wanted":true,"seeds":1}]}
	// {"pages":1,"sha256":"7f98d124672a4243016e19249798b11d963744765f543be83995aad2ff53d329"}
}

func ExampleDiff() {
	before, _ := learn.New(learn.Config{})
	after, _ := learn.New(learn.Config{})
	visit(before, "/")
	visit(after, "/")
	after.Declare("/", []link.Asset{{Path: "/more.js", As: "script"}})
	for _, c := range evidence.Diff(slices.Collect(before.All()), slices.Collect(after.All()), 0.1) {
		fmt.Println(c.Page, c.Asset, c.Before, c.After)
	}
	// Output: / /more.js false true
}
