package demo

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
)

// A view is the page's content.
type view struct {
	Title, Story, Request     string
	Style, Accent, Script     string
	Hero, Strip, Icon, Origin string
	Again                     string
	Files                     []row
	Cookie                    cookie
	Switches                  []group
}

// A row tells what became of one file.
type row struct {
	Name, Path       string
	Size             int
	Sent, Class, Why string
}

func (d *Demo) view(r *http.Request, e *edition, s switches, verdicts []server.Verdict) view {
	at := func(path string) string { return e.find(path).url() }
	v := view{
		Style: at("/app.css"), Accent: at("/accent.css"), Script: at("/app.js"),
		Hero: at("/hero.svg"), Strip: at("/strip.png"), Icon: at("/icon.svg"),
		Origin: origin(r), Again: s.url(), Switches: s.groups(),
		Request: fmt.Sprintf("This request came by %s.", r.Proto),
	}
	has := d.held(r)
	var n tally
	for _, f := range e.shown() {
		row := row{Name: strings.TrimPrefix(f.path, "/"), Path: f.url(), Size: len(f.content)}
		row.Sent, row.Class, row.Why = d.fate(f, verdicts)
		n.add(row.Class, d.older(has, f))
		v.Files = append(v.Files, row)
	}
	v.Cookie = d.cookie(r, has, verdicts)
	v.Title, v.Story = tell(s, n)
	return v
}

// held is the union of the fingerprints that the request sends.
func (d *Demo) held(r *http.Request) casper.Fingerprint {
	has := casper.New(d.config.Params)
	for _, sent := range r.CookiesNamed(d.config.Cookie.Name) {
		if f, err := casper.ParseLenient(sent.Value, d.config.Params); err == nil {
			has = has.Merge(f.Known())
		}
	}
	return has
}

// older reports whether a fingerprint has an earlier version of a file.
func (d *Demo) older(has casper.Fingerprint, f *file) bool {
	for k := range has.All() {
		name := d.names.of(k)
		if path, _, _ := strings.Cut(name, "?"); path == f.path && name != f.url() {
			return true
		}
	}
	return false
}

func origin(r *http.Request) string {
	if r.TLS == nil {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

// fate says what became of a file: by which means it went out, or why it did not.
func (d *Demo) fate(f *file, verdicts []server.Verdict) (sent, class, why string) {
	for _, v := range verdicts {
		if v.Asset.Path != f.url() || v.Reason == server.ReasonRepeated {
			continue
		}
		switch v.Means {
		case server.ByPush:
			return "pushed", "pushed", "the client lacks it, and takes pushes"
		case server.ByHint:
			return "hinted", "hinted", "the client lacks it, and takes 103"
		case server.ByLink:
			return "linked", "linked", "the client lacks it; no push, no 103"
		}
		switch v.Reason {
		case server.ReasonHeld:
			return "held", "held", "the cookie says that it is here"
		case server.ReasonSent:
			return "held", "held", "it went over this connection before"
		case server.ReasonDenied:
			return "not sent", "left", "the switch below says so"
		}
		return "not sent", "left", strings.ReplaceAll(v.Reason.String(), "-", " ")
	}
	if d.config.Track != server.TrackAll && !f.blocks() {
		return "not sent", "left", "not tracked: see --track all"
	}
	return "not sent", "left", "the server decided nothing"
}

// A tally counts what became of the files of one visit.
type tally struct {
	pushed, hinted, linked int
	changed                int // of those: the browser has an earlier version
	held                   int // not sent, since the browser has them
}

func (n *tally) add(class string, older bool) {
	switch class {
	case "pushed":
		n.pushed++
	case "hinted":
		n.hinted++
	case "linked":
		n.linked++
	case "held":
		n.held++
		return
	default:
		return
	}
	if older {
		n.changed++
	}
}

// tell sums the visit up.
func tell(s switches, n tally) (title, story string) {
	sent := n.pushed + n.hinted + n.linked
	how, ahead := "named in a Link header", ""
	switch {
	case n.pushed > 0:
		how, ahead = "pushed", " ahead of this page"
	case n.hinted > 0:
		how, ahead = "hinted", " ahead of this page"
	}
	switch {
	case s.push == "none":
		return "Nothing went ahead: you asked for that.", "Compare when each file arrived with and without help, in the last column below."
	case sent == 0 && n.held > 0:
		return "Nothing was sent: you have it all.",
			"The cookie says that this browser holds every file that the page waits for. A server without it would have sent them all once more. Now change one file, and see that one go out alone."
	case sent == 0:
		return "Nothing went ahead of this page.", "The table below says why."
	}
	title = count(sent)
	switch {
	case n.changed == 0:
		title += " you did not have: "
	case n.changed == sent:
		title += " changed: "
	default:
		title += " are new to you: " // at least one that changed, and one that did not
	}
	if n.held == 0 {
		title += how + ahead + "."
		if n.changed > 0 {
			return title, "The cookie knows no file of this page as it is now, so all that the page needs went out."
		}
		return title, "This server has not met this browser before, as far as its cookie tells, so it sent what the page needs without being asked. A cookie of a few characters now says that it is here. Visit again, and nothing is sent twice."
	}
	if sent == 1 {
		title += "only that was " + how + "."
	} else {
		title += "only those were " + how + "."
	}
	return title, fmt.Sprintf("The cookie says that this browser holds %s already, so only what is new to it went out.", strings.ToLower(count(n.held)))
}

// count is a number of files, as a sentence begins.
func count(n int) string {
	if n == 1 {
		return "One file"
	}
	return fmt.Sprintf("%d files", n)
}

// A cookie is what the request's cookie says, for people.
type cookie struct {
	Name, Value, Length string
	Sent                bool
	Keys                []held
	Codes               []code
	More                int
	Chance              string
	Next                string // the value that this answer sets, if any
}

type held struct {
	Key  casper.Key
	File string
}

// A code is one key as the cookie writes it.
type code struct {
	Gap       int
	Key       casper.Key
	Quotient  int // so many zeros
	Remainder []int
}

// mostShown bounds how many keys the page lists: a cookie may hold thousands.
const mostShown = 24

func (d *Demo) cookie(r *http.Request, has casper.Fingerprint, verdicts []server.Verdict) cookie {
	p := d.config.Params
	c := cookie{Name: d.config.Cookie.Name}
	for _, sent := range r.CookiesNamed(c.Name) {
		if _, err := casper.ParseLenient(sent.Value, p); err == nil {
			c.Sent, c.Value = true, sent.Value
		}
	}
	c.Length = fmt.Sprintf("%d characters", len(c.Value))
	c.Codes = codes(has)
	for k := range has.All() {
		if len(c.Keys) == mostShown {
			break
		}
		c.Keys = append(c.Keys, held{k, d.names.of(k)})
	}
	c.More = has.Len() - len(c.Keys)
	c.Chance = fmt.Sprintf("A key is one of %d. Another file looks held by mistake with a probability of %.2g %%.", p.Capacity(), 100*has.FalsePositive())
	if next := has.With(delivered(verdicts)...); next.Len() > has.Len() {
		c.Next = next.String()
	}
	return c
}

// delivered are the keys of what goes out with this answer and enters the cookie.
func delivered(verdicts []server.Verdict) (keys []casper.Key) {
	for _, v := range verdicts {
		if v.Means != server.ByNothing && v.Asset.Tracked {
			keys = append(keys, v.Asset.Key)
		}
	}
	return keys
}

// codes writes the keys as the cookie does: the gap to the key before, its quotient by 64 as
// that many zeros and a one, and the remainder in six bits.
func codes(f casper.Fingerprint) (list []code) {
	rice := f.Params().Code().Rice
	before := -1
	for k := range f.All() {
		if len(list) == mostShown {
			break
		}
		gap := int(k) - before - 1
		c := code{Gap: gap, Key: k, Quotient: gap >> rice}
		for bit := int(rice) - 1; bit >= 0; bit-- {
			c.Remainder = append(c.Remainder, gap>>bit&1)
		}
		list, before = append(list, c), int(k)
	}
	return list
}
