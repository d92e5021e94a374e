package explain

import (
	"fmt"
	"strings"
)

// A tint is how a part looks: the fill of its cells, their line and their
// digits. Blue and orange stay apart for every kind of colour vision, and
// the end of a quotient is told by its weight as well.
type tint struct{ fill, line, digit string }

// A palette is the colours of one scheme.
type palette struct {
	paper, text, faint, rule, fault, faultFill string
	tints                                      [parts]tint
}

var light = palette{
	paper: "#ffffff", text: "#1b1f27", faint: "#5d6675", rule: "#c9ced8", fault: "#c8102e", faultFill: "#fde7ea",
	tints: [parts]tint{
		Head:       {"#e8defc", "#a486e0", "#4a2a96"},
		Quotient:   {"#d3e4fd", "#7fb0f2", "#0f4596"},
		Terminator: {"#1f62c9", "#174fa5", "#ffffff"},
		Remainder:  {"#ffe3b5", "#e9a23b", "#713c00"},
		Padding:    {"#eef0f3", "#c9ced8", "#5d6675"},
		Unread:     {"#ffffff", "#c9ced8", "#5d6675"},
		Spare:      {"#ffffff", "#c9ced8", "#5d6675"},
		Elided:     {"#ffffff", "#c9ced8", "#5d6675"},
	},
}

var dark = palette{
	paper: "#14171c", text: "#e9ecf1", faint: "#9aa3b2", rule: "#3b424e", fault: "#ff6b7d", faultFill: "#3d1a20",
	tints: [parts]tint{
		Head:       {"#3a2c5c", "#7a5cc0", "#dccdff"},
		Quotient:   {"#173459", "#3b78c9", "#bcd8ff"},
		Terminator: {"#7db4ff", "#a9cdff", "#0b1b30"},
		Remainder:  {"#55380c", "#c98a2c", "#ffdca6"},
		Padding:    {"#23282f", "#3b424e", "#9aa3b2"},
		Unread:     {"#14171c", "#3b424e", "#9aa3b2"},
		Spare:      {"#14171c", "#3b424e", "#9aa3b2"},
		Elided:     {"#14171c", "#3b424e", "#9aa3b2"},
	},
}

// classes are the parts' names in style sheets.
var classes = [parts]string{"head", "quot", "term", "rem", "pad", "unread", "spare", "elided"}

// pictureStyle is the picture's style sheet, light and dark. Every rule begins
// with the picture's class, so that it does no harm in a page.
func pictureStyle() string {
	var b strings.Builder
	b.WriteString(light.rules())
	b.WriteString("@media (prefers-color-scheme: dark) {\n" + dark.rules() + "}\n")
	b.WriteString(`.gcs text { font: 12px ` + sans + `; }
.gcs .mono, .gcs .bit, .gcs .label { font-family: ` + mono + `; }
.gcs .bit { font-size: 14px; }
.gcs .label { font-size: 11px; }
.gcs .title { font-size: 20px; font-weight: 600; }
.gcs .strong { font-weight: 700; }
.gcs .mid { text-anchor: middle; }
.gcs .end { text-anchor: end; }
.gcs .unread, .gcs .spare { stroke-dasharray: 3 2; }
.gcs .brace, .gcs .arc { fill: none; }
.gcs .faultbox { fill: none; stroke-width: 2.5; }
`)
	return b.String()
}

const (
	sans = `system-ui, -apple-system, "Segoe UI", "DejaVu Sans", "Liberation Sans", sans-serif`
	mono = `ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace`
)

func (p *palette) rules() string {
	var b strings.Builder
	rule := func(selector, properties string) { fmt.Fprintf(&b, ".gcs %s { %s }\n", selector, properties) }
	rule("text", "fill: "+p.text)
	rule(".paper", "fill: "+p.paper)
	rule(".faint", "fill: "+p.faint)
	rule(".rule, .gcs .brace, .gcs .char", "stroke: "+p.rule)
	rule(".brace, .gcs .arc", "stroke: "+p.faint)
	rule(".char", "fill: "+p.paper)
	rule(".pill", "fill: "+p.text)
	rule(".inpill", "fill: "+p.paper)
	rule(".tick", "stroke: "+p.text)
	rule(".faultbox", "stroke: "+p.fault)
	rule(".faulttext", "fill: "+p.fault)
	rule(".faultpaper", "fill: "+p.faultFill)
	for i, t := range p.tints {
		rule("rect."+classes[i], fmt.Sprintf("fill: %s; stroke: %s", t.fill, t.line))
		rule("text."+classes[i], "fill: "+t.digit)
		label := t.digit
		if Part(i) == Terminator {
			label = t.fill
		}
		rule("text.under."+classes[i], "fill: "+label)
		rule("path."+classes[i], fmt.Sprintf("fill: none; stroke: %s; stroke-width: 2", t.line))
	}
	return b.String()
}
