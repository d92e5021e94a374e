package metrics

import (
	"net/http"
	"slices"
	"strings"

	"github.com/cache-aware/casper/gcs/casper"
)

// A drawn is a fingerprint, bit by bit.
type drawn struct {
	Name  string     `json:"name"` // of the cookie
	Value string     `json:"value,omitempty"`
	Error string     `json:"error,omitempty"` // why the value cannot be read
	Bits  uint8      `json:"bits"`            // of a key
	Rest  uint8      `json:"rest"`            // of them, those that stand there as they are
	Keys  []drawnKey `json:"keys"`
	Pad   string     `json:"pad"`   // what fills the last octet
	False float64    `json:"false"` // the probability that an asset is taken for held that is not
}

// A drawnKey is one key, as it stands in the value.
type drawnKey struct {
	Key   casper.Key `json:"key"`
	Run   string     `json:"run"`   // the bits of the quotient, with the one that ends them
	Rest  string     `json:"rest"`  // those of the remainder
	Gap   uint64     `json:"gap"`   // keys that were skipped since the one before
	Paths []string   `json:"paths"` // the known assets that have it
}

// remainder bits of H2O's cookie; see gcs/SPEC.md, CASPER-3.
const remainderBits = 6

// cookie draws the fingerprint in a query, or else that of the browser that asks.
func (a *Admin) cookie(w http.ResponseWriter, r *http.Request) {
	c := &a.handler.Cookie
	d := drawn{Name: c.Name, Value: strings.TrimSpace(r.FormValue("value")), Keys: []drawnKey{}}
	if d.Name == "" {
		d.Name = casper.CookieName
	}
	if d.Value == "" {
		if own, err := r.Cookie(d.Name); err == nil {
			d.Value = own.Value
		}
	}
	d.Value = strings.TrimPrefix(d.Value, d.Name+"=")
	p := a.handler.Params
	if d.Bits = p.CapacityBits; d.Bits == 0 {
		d.Bits = casper.DefaultCapacityBits
	}
	d.Rest = min(remainderBits, d.Bits)
	const most = 4096
	switch f, err := casper.Parse(d.Value, p); {
	case d.Value == "":
	case len(d.Value) > most:
		d.Value, d.Error = d.Value[:64]+"...", "no browser sends as much"
	case err != nil:
		d.Error = err.Error()
	default:
		d.draw(f, a.keys())
	}
	answerJSON(w, &d)
}

// draw writes out the code of a fingerprint (gcs/SPEC.md): for each key the quotient of its distance from
// the one before, in unary, and the remainder.
func (d *drawn) draw(f casper.Fingerprint, paths map[casper.Key][]string) {
	digits := [2]string{"0", "1"}
	if f.Params().Generation == casper.H2O20 {
		digits = [2]string{"1", "0"}
	}
	next, total := uint64(0), 0
	for k := range f.All() {
		gap := uint64(k) - next
		next = uint64(k) + 1
		key := drawnKey{Key: k, Gap: gap, Run: strings.Repeat(digits[0], int(gap>>remainderBits)) + digits[1], Paths: paths[k]}
		for i := remainderBits - 1; i >= 0; i-- {
			key.Rest += string('0' + rune(gap>>i&1))
		}
		if key.Paths == nil {
			key.Paths = []string{}
		}
		total += len(key.Run) + len(key.Rest)
		d.Keys = append(d.Keys, key)
	}
	if rest := total % 8; rest > 0 {
		d.Pad = strings.Repeat(digits[0], 8-rest)
	}
	d.False = f.FalsePositive()
}

// keys are those of all assets that are known, by the handler's own rule.
func (a *Admin) keys() map[casper.Key][]string {
	by := make(map[casper.Key][]string)
	hosts := map[string]bool{}
	add := func(path string) {
		for host := range hosts {
			k := a.handler.Key(host, path)
			if !slices.Contains(by[k], path) && len(by[k]) < 8 {
				by[k] = append(by[k], path)
			}
		}
	}
	const most = 16
	for p := range a.handler.Pages() {
		if len(hosts) < most {
			hosts[p.Host] = true
		}
	}
	if len(hosts) == 0 {
		hosts[""] = true
	}
	n := 0
	for p := range a.handler.Pages() {
		for i := range p.Links {
			if n++; n < 1<<14 && p.Links[i].Origin == "" {
				add(p.Links[i].Path)
			}
		}
	}
	if a.model != nil {
		for d := range a.model.All() {
			for i := range d.Assets {
				if n++; n < 1<<14 {
					add(d.Assets[i].Asset.Path)
				}
			}
		}
	}
	return by
}
