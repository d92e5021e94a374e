package replay_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/cmd/internal/replay"
	"github.com/cache-aware/casper/cmd/internal/traffic"
	"github.com/cache-aware/casper/server/metrics/gain"
)

// site writes a log of a page with a style sheet, its font and a script, as n clients see it who come once each. Every line is in the
// second of its page, and within a visit the page comes last, as a slow one does.
func site(n int) string {
	var b strings.Builder
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	for i := range n {
		addr := fmt.Sprintf("10.%d.%d.1", i/250, i%250)
		line := func(at time.Time, target, referer string, size int) {
			fmt.Fprintf(&b, "%s - - [%s] \"GET %s HTTP/2.0\" 200 %d \"%s\" \"UA\"\n", addr, at.Format("02/Jan/2006:15:04:05 -0700"), target, size, referer)
		}
		line(at, "/a.css", "https://h.example/", 1000)
		line(at, "/f.woff2", "https://h.example/a.css", 3000)
		line(at, "/a.js", "https://h.example/", 2000)
		line(at.Add(time.Second), "/", "-", 500)
		at = at.Add(time.Minute)
	}
	return b.String()
}

// read returns the records of a capture.
func read(s *traffic.Reading, text string) (all []*traffic.Record, err error) {
	for rec, err := range s.All(strings.NewReader(text)) {
		if err != nil {
			return all, err
		}
		all = append(all, rec)
	}
	return all, nil
}

func run(t testing.TB, c replay.Config, captures ...string) (*replay.Replay, *replay.Report) {
	t.Helper()
	p, err := replay.New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range captures {
		var s traffic.Reading
		all, err := read(&s, text)
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range all {
			p.Add(rec)
		}
		p.End()
	}
	return p, p.Report()
}

func TestLearnsFromALog(t *testing.T) {
	_, r := run(t, replay.Config{AssumeFresh: true}, site(60))
	if r.Host != "h.example" || r.Views != 60 || r.Asked != 180 || r.Trips != 120 {
		t.Fatalf("%s: %+v", r.Host, r.Tally)
	}
	// Three clients have to be believed, one view in twenty is held out, and what is unsure is withheld now and then.
	if r.Hits < 140 || r.Unused != 0 || r.HitBytes < 140*1000 || r.Saved < 80 {
		t.Errorf("%+v", r.Tally)
	}
	if r.Hits == r.Asked || r.Verdicts["unknown"] < 2 {
		t.Errorf("it knew everything before it was seen: %+v %v", r.Tally, r.Verdicts)
	}
	if len(r.Pages) != 1 || len(r.Pages[0].Wanted) != 3 || r.Pages[0].Wanted[0].Bytes == 0 {
		t.Errorf("%+v", r.Pages[0])
	}
}

// By how much pages were awaited whose files would have been hinted is told where the recording has both times.
func TestSooner(t *testing.T) {
	for _, awaited := range []time.Duration{0, 200 * time.Millisecond} {
		p, err := replay.New(replay.Config{AssumeFresh: true})
		if err != nil {
			t.Fatal(err)
		}
		all, err := read(new(traffic.Reading), site(60))
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range all {
			if rec.Request.URL.Path == "/" {
				rec.Ended = rec.Ended.Add(-time.Second) // when its files were asked for
				rec.Began = rec.Ended.Add(-awaited)
			}
			p.Add(rec)
		}
		r := p.Report()
		want := gain.Sooner{}
		if awaited > 0 {
			want = gain.Sooner{By: gain.ByLead, Ms: 200, Low: 200, High: 200, With: r.Sooner.With}
		}
		if r.Sooner != want || r.Pages[0].Sooner != want || awaited > 0 && r.Sooner.With < 40 {
			t.Errorf("awaited for %v: %+v, %+v", awaited, r.Sooner, r.Pages[0].Sooner)
		}
	}
}

func TestLearnsNothingThatMayNotBeReused(t *testing.T) {
	_, r := run(t, replay.Config{}, site(60))
	if r.Sent != 0 || r.Asked != 180 || r.Assumed != 0 {
		t.Errorf("%+v", r.Tally)
	}
}

func TestOneClientTeachesNothing(t *testing.T) {
	var b strings.Builder
	for i := range 50 {
		line := site(1)
		b.WriteString(strings.ReplaceAll(line, ":08:00:0", fmt.Sprintf(":08:%02d:0", i)))
	}
	_, r := run(t, replay.Config{AssumeFresh: true}, b.String())
	if r.Views != 50 || r.Sent != 0 {
		t.Errorf("%+v", r.Tally)
	}
}

// A client that comes again holds the files, does not ask for them, and is not sent them: by hint or by push.
func TestReturningClientsAreSpared(t *testing.T) {
	log := site(60)
	var b strings.Builder
	for i := 30; i < 60; i++ {
		fmt.Fprintf(&b, "10.0.%d.1 - - [20/Nov/2026:12:%02d:00 +0000] \"GET / HTTP/2.0\" 200 500 \"-\" \"UA\"\n", i, i)
	}
	for _, push := range []bool{false, true} {
		_, r := run(t, replay.Config{AssumeFresh: true, Push: push}, log, b.String())
		if r.Views != 90 || r.Spared < 50 || r.SparedBytes < 50*1000 || r.Unused != 0 {
			t.Errorf("push %v: %+v", push, r.Tally)
		}
	}
}

// What the page no longer uses is waste until it is forgotten.
func TestWasteEnds(t *testing.T) {
	before := site(60)
	after := strings.ReplaceAll(strings.ReplaceAll(site(200), "/a.js", "/b.js"), "20/Nov", "21/Nov")
	_, r := run(t, replay.Config{AssumeFresh: true}, before, after)
	if r.Unused == 0 || r.Unused > 15 || r.UnusedBytes != int64(r.Unused)*2000 {
		t.Errorf("%+v", r.Tally)
	}
	for _, w := range r.Pages[0].Wanted {
		if w.Path == "/a.js" {
			t.Errorf("it still wants %+v", w)
		}
	}
}

func TestOriginIsOne(t *testing.T) {
	text := site(20)
	other := `www.other.example:443 10.9.9.9 - - [20/Nov/2026:08:00:00 +0000] "GET / HTTP/2.0" 200 9 "-" "UA"` + "\n"
	own := "h.example:443 " + strings.ReplaceAll(strings.TrimSpace(text), "\n10.", "\nh.example:443 10.") + "\n"
	_, r := run(t, replay.Config{AssumeFresh: true}, own+other)
	if r.Host != "h.example" || r.Elsewhere != 1 || r.Views != 20 {
		t.Errorf("%s, %d elsewhere, %+v", r.Host, r.Elsewhere, r.Tally)
	}
	_, r = run(t, replay.Config{AssumeFresh: true, Hosts: []string{"WWW.other.example"}}, own+other)
	if r.Elsewhere != 80 || r.Views != 1 {
		t.Errorf("%d elsewhere, %+v", r.Elsewhere, r.Tally)
	}
}

// The same captures give the same report, to the byte.
func TestDeterministic(t *testing.T) {
	var first string
	for range 3 {
		_, r := run(t, replay.Config{AssumeFresh: true}, site(150))
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(b)
		} else if string(b) != first {
			t.Fatalf("%s\n%s", first, b)
		}
	}
}

func TestCurveAddsUp(t *testing.T) {
	_, r := run(t, replay.Config{AssumeFresh: true}, site(333))
	views, hits := 0, 0
	for _, part := range r.Curve {
		views += part.Views
		hits += part.Hits
	}
	if views != r.Views || hits != r.Hits || len(r.Curve) > 64 || len(r.Curve) < 32 {
		t.Errorf("%d of %d views, %d of %d hits in %d parts", views, r.Views, hits, r.Hits, len(r.Curve))
	}
}

// Whatever a capture names its pages, the picture is well-formed.
func TestPictureIsXML(t *testing.T) {
	text := strings.ReplaceAll(site(40), "/ HTTP", "/<&%01%ff]é HTTP")
	_, r := run(t, replay.Config{AssumeFresh: true}, text)
	if r.Views != 40 {
		t.Fatalf("%+v", r.Tally)
	}
	var b strings.Builder
	if err := r.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		if _, err := dec.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmptyReport(t *testing.T) {
	_, r := run(t, replay.Config{}, "")
	if err := r.WriteSVG(io.Discard); err != nil || r.Views != 0 {
		t.Errorf("%v, %+v", err, r)
	}
}

func BenchmarkReplay(b *testing.B) {
	text := site(1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		run(b, replay.Config{AssumeFresh: true}, text)
	}
}

func Example() {
	p, err := replay.New(replay.Config{AssumeFresh: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	var in traffic.Reading
	for rec, err := range in.All(strings.NewReader(site(60))) {
		if err != nil {
			fmt.Println(err)
			return
		}
		p.Add(rec)
	}
	for _, a := range p.Report().Pages[0].Wanted {
		fmt.Println(a.As, a.Path)
	}
	// Output:
	// style /a.css
	// script /a.js
	// font /f.woff2
}

// Whatever is recorded, the figures add up.
func FuzzReplay(f *testing.F) {
	f.Add([]byte(site(5)))
	f.Add([]byte(`{"log":{"entries":[{"startedDateTime":"2026-11-20T08:00:00.000Z","time":120,` +
		`"request":{"method":"GET","url":"https://h/","headers":[{"name":"sec-fetch-dest","value":"document"}]},` +
		`"response":{"status":200,"headers":[{"name":"content-type","value":"text/html"}],"bodySize":900}}]}}`))
	f.Add([]byte(`{"ts":1e300,"duration":"NaN","method":"GET","uri":"/","status":200}`)) // a time that is none
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := replay.New(replay.Config{AssumeFresh: true})
		if err != nil {
			t.Fatal(err)
		}
		var s traffic.Reading
		for rec, err := range s.All(bytes.NewReader(data)) {
			if err != nil {
				break
			}
			p.Add(rec)
		}
		r := p.Report()
		if r.Hits > r.Asked || r.Unused+r.Idle+r.Hits > r.Sent || r.Saved > r.Trips || r.Helped > r.Views {
			t.Fatalf("it does not add up: %+v", r.Tally)
		}
		if err := r.WriteSVG(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}

// The handler is that of a live server: it hints what the application linked before, though
// nothing was learned.
func TestHintsWhatWasLinked(t *testing.T) {
	p, err := replay.New(replay.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i, status := range []int{200, 500, 200, 200} {
		var in traffic.Reading
		all, err := read(&in, fmt.Sprintf(`{"log":{"entries":[{"startedDateTime":"2026-11-20T08:0%d:00.000Z","time":120,`+
			`"request":{"method":"GET","url":"https://h.example/","headers":[{"name":"sec-fetch-dest","value":"document"},{"name":"sec-fetch-mode","value":"navigate"}]},`+
			`"response":{"status":%d,"headers":[{"name":"content-type","value":"text/html"},{"name":"link","value":"<https://h.example/a.css>; rel=preload; as=style"}]}}]}}`, i, status))
		if err != nil || len(all) != 1 {
			t.Fatal(len(all), err)
		}
		all[0].Addr = replay.Visitor(i)
		p.Add(all[0])
		p.End()
	}
	if r := p.Report(); r.Views != 3 || r.Sent != 2 { // an error of one visitor is his own
		t.Errorf("%+v", r.Tally)
	}
}

// A push ends, as it does in a live server: more than a connection may have under way go out
// over one address.
func TestPushesEnd(t *testing.T) {
	var b strings.Builder
	for i := range 100 { // browsers at one address, each with its own name
		fmt.Fprint(&b, strings.ReplaceAll(strings.ReplaceAll(site(1), "UA", fmt.Sprint("UA", i)), ":08:00:0", fmt.Sprintf(":%02d:%02d:0", 10+i/60, i%60)))
	}
	_, r := run(t, replay.Config{AssumeFresh: true, Push: true}, site(10), b.String())
	if r.Sent < 100 {
		t.Errorf("%+v", r.Tally)
	}
}
