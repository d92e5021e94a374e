package replay

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"
)

// Measures of the picture, in pixels at its natural size.
const (
	pictureWidth = 860
	margin       = 28
	labelWidth   = 250 // of a page's name
	plotWidth    = pictureWidth - 2*margin - 56
	plotLeft     = margin + 56
	curveHeight  = 190
	wasteHeight  = 46
	rowHeight    = 26
	shownPages   = 12
	labelChars   = 36
)

// A scheme is the colours of a picture. Blue and orange stay apart for every kind of colour
// vision.
type scheme struct{ paper, ink, faint, rule, hit, miss, waste string }

var (
	light = scheme{"#fff", "#1b1f27", "#5d6675", "#dfe3ea", "#1f62c9", "#cfd6e1", "#e08a1e"}
	dark  = scheme{"#14171c", "#e9ecf1", "#9aa3b2", "#2c323c", "#6aa8ff", "#3d4653", "#f0a94a"}
)

// style spells the colours out: few programs but browsers know variables.
func (c scheme) style() string {
	return fmt.Sprintf(".paper{fill:%s}text{fill:%s}.faint{fill:%s}.rule{stroke:%s}.hit{fill:%s}.miss{fill:%s}.waste{fill:%s}",
		c.paper, c.ink, c.faint, c.rule, c.hit, c.miss, c.waste)
}

func pictureStyle() string {
	return "text{font:13px system-ui,sans-serif}.title{font-size:19px;font-weight:600}.big{font-size:25px;font-weight:600}" +
		".mono{font-family:ui-monospace,monospace;font-size:12px}.end{text-anchor:end}.rule{stroke-width:1}\n" +
		light.style() + "\n@media(prefers-color-scheme:dark){" + dark.style() + "}\n"
}

type picture struct {
	bytes.Buffer
	y float64
}

func (p *picture) text(class string, x, y float64, format string, args ...any) {
	fmt.Fprintf(p, `<text class="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, x, y, html.EscapeString(fmt.Sprintf(format, args...)))
}

func (p *picture) rect(class string, x, y, w, h float64, title string) {
	if w <= 0 || h <= 0 {
		return
	}
	fmt.Fprintf(p, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s</title></rect>`+"\n", class, x, y, w, h, html.EscapeString(shorten(title, 200)))
}

func (p *picture) line(x1, y1, x2, y2 float64) {
	fmt.Fprintf(p, `<line class="rule" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`+"\n", x1, y1, x2, y2)
}

// WriteSVG writes the report as a picture that stands for itself: how much of what views asked
// for would have been there already, and what was sent in vain, in the order of time and by
// page.
func (r *Report) WriteSVG(w io.Writer) error {
	p := &picture{y: margin + 14}
	host := r.Host
	if host == "" {
		host = "a host without a name"
	}
	p.text("title", margin, p.y, "%s, replayed", shorten(host, 60))
	p.y += 20
	p.text("faint", margin, p.y, "%s", r.span())
	p.y += 46
	r.drawFigures(p)
	p.y += 44
	r.drawCurve(p)
	r.drawPages(p)
	var b bytes.Buffer
	height := p.y + margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%.0f" viewBox="0 0 %d %.0f" role="img" aria-labelledby="replay-title replay-desc">`+"\n",
		pictureWidth, height, pictureWidth, height)
	fmt.Fprintf(&b, "<title id=\"replay-title\">%s</title>\n<desc id=\"replay-desc\">%s</desc>\n", html.EscapeString("What would have been sent at "+shorten(host, 60)), html.EscapeString(r.describe()))
	fmt.Fprintf(&b, "<style>\n%s</style>\n<rect class=\"paper\" width=\"%d\" height=\"%.0f\"/>\n", pictureStyle(), pictureWidth, height)
	b.Write(p.Bytes())
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

func (r *Report) span() string {
	means := map[string]string{"hint": "103 Early Hints", "push": "HTTP/2 push"}[r.Means]
	s := fmt.Sprintf("%d views, by %s", r.Views, means)
	if !r.From.IsZero() {
		const day = "2006-01-02 15:04"
		s += fmt.Sprintf(", %s to %s UTC", r.From.UTC().Format(day), r.To.UTC().Format(day))
	}
	return s
}

// describe is the picture in words.
func (r *Report) describe() string {
	return fmt.Sprintf("Of %d assets asked for, %d would have been there already; of %d sent, %d (%d octets) would have been in vain; %d of %d round trips would have been saved; %d assets were not sent since their clients hold them.",
		r.Asked, r.Hits, r.Sent, r.Unused, r.UnusedBytes, r.Saved, r.Trips, r.Spared)
}

// drawFigures writes what matters most.
func (r *Report) drawFigures(p *picture) {
	column := float64(pictureWidth-2*margin) / 4
	for i, f := range []struct{ value, what string }{
		{share(r.Hits, r.Asked), "of requests answered ahead"},
		{share(r.Saved, r.Trips), "of round trips saved"},
		{share(r.Unused, r.Sent), "sent in vain, " + octets(r.UnusedBytes)},
		{octets(r.SparedBytes), "spared by the cookie"},
	} {
		x := margin + float64(i)*column
		p.text("big", x, p.y, "%s", f.value)
		p.text("faint", x, p.y+19, "%s", f.what)
	}
	p.y += 19
}

// drawCurve shows the views in the order of time: upwards the requests of a view, of which
// those for what was there are blue; downwards what was sent in vain.
func (r *Report) drawCurve(p *picture) {
	p.text("", margin, p.y, "Requests for assets per view, in the order of time")
	legend(p, pictureWidth-margin-372)
	p.y += 16
	most, mostWaste := 1.0, 0.1
	for i := range r.Curve {
		t := &r.Curve[i]
		most = max(most, float64(t.Asked)/float64(t.Views))
		mostWaste = max(mostWaste, float64(t.Unused)/float64(t.Views))
	}
	scale := min(curveHeight/most, wasteHeight/mostWaste)
	base := p.y + scale*most
	for n := 0.0; n <= most; n += gridStep(most) {
		p.line(plotLeft, base-n*scale, plotLeft+plotWidth, base-n*scale)
		p.text("faint mono end", plotLeft-8, base-n*scale+4, "%g", n)
	}
	width := float64(plotWidth) / float64(max(1, len(r.Curve)))
	seen := 0
	for i := range r.Curve {
		t := &r.Curve[i]
		x, views := plotLeft+float64(i)*width, float64(t.Views)
		hits, misses := scale*float64(t.Hits)/views, scale*float64(t.Asked-t.Hits)/views
		waste := scale * float64(t.Unused) / views
		title := fmt.Sprintf("views %d to %d: %d of %d there already, %d sent in vain", seen+1, seen+t.Views, t.Hits, t.Asked, t.Unused)
		gap := min(1, width/6)
		p.rect("miss", x, base-hits-misses, width-gap, misses, title)
		p.rect("hit", x, base-hits, width-gap, hits, title)
		p.rect("waste", x, base+1, width-gap, waste, title)
		seen += t.Views
	}
	p.y = base + scale*mostWaste + 18
	p.text("faint mono", plotLeft, p.y, "view 1")
	p.text("faint mono end", plotLeft+plotWidth, p.y, "view %d", r.Views)
	p.y += 36
}

// gridStep is how far the lines of a scale are apart: 1, 2, 5, 10 and so on, at most five of
// them.
func gridStep(most float64) float64 {
	for n := 1.0; ; n *= 10 {
		for _, f := range []float64{1, 2, 5} {
			if most/(n*f) <= 5 {
				return n * f
			}
		}
	}
}

func legend(p *picture, x float64) {
	for _, l := range []struct {
		class, what string
		width       float64
	}{{"hit", "there already", 112}, {"miss", "not there yet", 110}, {"waste", "sent, never asked for", 150}} {
		p.rect(l.class, x, p.y-9, 10, 10, l.what)
		p.text("faint", x+15, p.y, "%s", l.what)
		x += l.width
	}
}

// drawPages shows the pages that were viewed most, each with the share of its requests that
// were there already.
func (r *Report) drawPages(p *picture) {
	if len(r.Pages) == 0 {
		return
	}
	p.text("", margin, p.y, "Requests by page")
	p.y += 16
	most := 1
	for _, g := range r.Pages[:min(shownPages, len(r.Pages))] {
		most = max(most, g.Asked+g.Unused)
	}
	const notes = 190
	scale := float64(pictureWidth-2*margin-labelWidth-notes) / float64(most)
	for _, g := range r.Pages[:min(shownPages, len(r.Pages))] {
		title := fmt.Sprintf("%s: %d views, %d of %d there already, %d sent in vain", g.Page, g.Views, g.Hits, g.Asked, g.Unused)
		p.text("mono", margin, p.y+14, "%s", shorten(g.Page, labelChars))
		x := float64(margin + labelWidth)
		for _, part := range []struct {
			class string
			n     int
		}{{"hit", g.Hits}, {"miss", g.Asked - g.Hits}, {"waste", g.Unused}} {
			p.rect(part.class, x, p.y+2, float64(part.n)*scale, rowHeight-10, title)
			x += float64(part.n) * scale
		}
		p.text("faint", x+8, p.y+14, "%s of %d, %d views", share(g.Hits, g.Asked), g.Asked, g.Views)
		p.y += rowHeight
	}
	if n := len(r.Pages) - shownPages; n > 0 {
		p.text("faint", margin, p.y+14, "and %d more", n)
		p.y += rowHeight
	}
}

func share(n, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(n)/float64(of))
}

// octets is a number of octets in a unit that makes it short.
func octets(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// shorten keeps the end of a name, which tells most, and what XML may hold.
func shorten(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffd || r > 0xd7ff && r < 0xe000 || r == 0xfffe || r == 0xffff {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return "…" + string(r[len(r)-most+1:])
	}
	return s
}
