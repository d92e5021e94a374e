package explain

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"strings"
)

// WriteHTML writes the explanation as a page: the picture, and all numbers as a
// table. It loads nothing and runs no script; its colours follow the reader's
// preference for light or dark.
func (e *Explanation) WriteHTML(w io.Writer) error {
	p := &page{}
	p.raw(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
`)
	p.tag("title", "", e.name()+", bit by bit")
	p.raw("<style>\n" + pageStyle() + "</style>\n</head>\n<body>\n<main>\n<header>\n")
	p.tag("h1", "", e.name())
	p.tag("p", "faint", e.Title)
	p.raw("</header>\n")
	p.tag("p", "", e.intro())
	if rules := e.rules(); rules != nil {
		p.tag("pre", "", strings.Join(rules, "\n"))
	}
	if e.Fault != nil {
		p.raw(`<p class="fault"><strong>Fault.</strong> ` + html.EscapeString(e.faultText()) + "</p>\n")
	}
	p.tag("p", "summary", e.summary())
	if e.shown > 0 {
		drawing := &picture{y: 20}
		e.draw(drawing, false)
		p.raw(`<figure tabindex="0">` + "\n")
		p.raw(string(e.frame(drawing, false)))
		p.raw("</figure>\n")
	}
	e.headerTable(p)
	e.codeTable(p)
	p.raw("</main>\n</body>\n</html>\n")
	_, err := w.Write(p.Bytes())
	return err
}

// A page is a page under way.
type page struct{ bytes.Buffer }

func (p *page) raw(s string) { p.WriteString(s) }

// tag writes an element of plain text on a line of its own.
func (p *page) tag(name, class, s string) {
	p.element(name, class, s)
	p.raw("\n")
}

func (p *page) element(name, class, s string) {
	if class != "" {
		fmt.Fprintf(p, `<%s class="%s">%s</%s>`, name, class, html.EscapeString(s), name)
		return
	}
	fmt.Fprintf(p, `<%s>%s</%s>`, name, html.EscapeString(s), name)
}

// head begins a table.
func (p *page) head(caption string, columns ...string) {
	p.raw(`<div class="scroll" tabindex="0"><table>` + "\n")
	p.tag("caption", "", caption)
	p.raw("<thead><tr>")
	for _, c := range columns {
		fmt.Fprintf(p, `<th scope="col">%s</th>`, html.EscapeString(c))
	}
	p.raw("</tr></thead>\n<tbody>\n")
}

func (p *page) foot() { p.raw("</tbody>\n</table></div>\n") }

func (e *Explanation) headerTable(p *page) {
	if len(e.Fields) == 0 {
		return
	}
	p.head("The header", "bit", "field", "bits", "value", "")
	for _, f := range e.Fields {
		p.raw("<tr>")
		for _, s := range []string{fmt.Sprint(f.Offset), f.Name, fmt.Sprint(f.Len), fmt.Sprint(f.Value), f.Note} {
			p.element("td", "", s)
		}
		p.raw("</tr>\n")
	}
	p.foot()
}

func (e *Explanation) codeTable(p *page) {
	if len(e.Codes) == 0 {
		return
	}
	p.head("The codes", "", "bit", "code", "quotient", "remainder", "gap", "key", "")
	e.codeRows(p, e.Codes)
	if e.Skipped > 0 {
		p.raw(`<tr><td colspan="8" class="faint">`)
		p.raw("… " + e.notShown() + "</td></tr>\n")
	}
	e.codeRows(p, e.Last)
	p.foot()
}

func (e *Explanation) codeRows(p *page, codes []Code) {
	for _, c := range codes {
		class := ""
		if c.Faulty {
			class = ` class="fault"`
		}
		fmt.Fprintf(p, `<tr%s><th scope="row">%d</th>`, class, c.Index+1)
		p.element("td", "", fmt.Sprint(c.Offset))
		run, end, rest := e.codeBits(c)
		p.raw(`<td class="code">`)
		for _, part := range []struct{ class, bits string }{{"quot", run}, {"term", end}, {"rem", rest}} {
			if part.bits != "" {
				p.element("b", part.class, part.bits)
			}
		}
		p.raw("</td>")
		for _, s := range []string{fmt.Sprint(c.Quotient), c.remainder(), e.gapSum(c), e.keySum(c), e.remark(c)} {
			p.element("td", "", s)
		}
		p.raw("</tr>\n")
	}
}

func pageStyle() string {
	return `:root { color-scheme: light dark; }
body { margin: 0; font: 16px/1.5 ` + sans + `; }
main { max-width: 960px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { margin: 0; font: 600 28px/1.25 ` + mono + `; overflow-wrap: anywhere; }
header p { margin: 4px 0 24px; }
pre { margin: 0 0 16px 32px; font: 14px/1.6 ` + mono + `; white-space: pre-wrap; }
.summary { font-weight: 600; }
p.fault { padding: 10px 14px; border-left: 4px solid; border-radius: 4px; }
figure { margin: 24px 0; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 720px; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font: 14px/1.5 ` + mono + `; font-variant-numeric: tabular-nums; margin-bottom: 32px; }
caption { text-align: left; font: 600 18px/2 ` + sans + `; }
th, td { padding: 3px 14px; text-align: right; white-space: nowrap; border-bottom: 1px solid; }
th { font-weight: 600; }
th:first-child { padding-left: 4px; }
td.code, th:nth-child(3) { text-align: left; }
td.code b { font-weight: 400; padding: 1px 3px; margin-right: 2px; border-radius: 3px; }
` + light.pageRules() + "@media (prefers-color-scheme: dark) {\n" + dark.pageRules() + "}\n"
}

func (p *palette) pageRules() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "body { background: %s; color: %s; }\n", p.paper, p.text)
	fmt.Fprintf(&b, ".faint { color: %s; }\n", p.faint)
	fmt.Fprintf(&b, "th, td { border-color: %s; }\n", p.rule)
	fmt.Fprintf(&b, ".fault { color: %s; background: %s; }\n", p.fault, p.faultFill)
	for _, part := range []Part{Quotient, Terminator, Remainder} {
		fmt.Fprintf(&b, "td.code .%s { background: %s; color: %s; }\n", classes[part], p.tints[part].fill, p.tints[part].digit)
	}
	return b.String()
}
