package conformance_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/vectors/conformance"
)

// pageOf is the page of reports.
func pageOf(t *testing.T, reports ...*conformance.Report) string {
	t.Helper()
	var b strings.Builder
	if err := conformance.WriteHTML(&b, reports...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPage: the page says the state by format, by operation and by requirement, and what failed.
func TestPage(t *testing.T) {
	t.Parallel()
	r := run(t, "wrong key", conformance.Options{Selection: conformance.Selection{Formats: []string{"h2o", "raw"}}})
	page := pageOf(t, r)
	for _, want := range []string{
		`<html lang="en">`, "<title>casper ", "FAIL: ",
		`<th scope="row">h2o</th>`, `<li class="fail">CASPER-3 ✗ `, `<li class="pass">GCS-1 ✓ `,
		"keys are [63], not [62]", `<span class="id">h2o-encode-63</span>`, "the largest key with a quotient of 0",
		"prefers-color-scheme: dark",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if again := pageOf(t, r); again != page {
		t.Error("two pages of one report differ")
	}
	both := pageOf(t, r, run(t, "good", conformance.Options{Selection: few}))
	if n := strings.Count(both, "<article "); n != 2 || !strings.Contains(both, `<th scope="row">h2o.encode</th>`) || !strings.Contains(both, `href="#report-2"`) {
		t.Errorf("%d reports on a page of two, or no table of both", n)
	}
}

// TestPageIsAlone: the page loads nothing, runs nothing, and what a program says stays text.
func TestPageIsAlone(t *testing.T) {
	t.Parallel()
	const evil = `<script src="https://evil.example/x.js">alert(1)</script><img src=x onerror=alert(1)>`
	reports, err := conformance.ReadReports(strings.NewReader(`{"id":"h2o-encode-63","format":"h2o","op":"encode","verdict":"failed","reason":` + strconv.Quote(evil) + `,"stderr":` + strconv.Quote(evil) + `,"comment":` + strconv.Quote(evil) + `}
{"id":` + strconv.Quote(evil) + `,"format":` + strconv.Quote(evil) + `,"op":"decode","verdict":"passed","warnings":[` + strconv.Quote(evil) + `]}
{"testee":{"name":` + strconv.Quote(evil) + `,"language":` + strconv.Quote(evil) + `,"version":"1"},"vectors":"1.0.0","faults":[` + strconv.Quote(evil) + `],"notes":[` + strconv.Quote(evil) + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	page := pageOf(t, reports...)
	for _, bad := range []string{"<script", "<img", "<link", "@import", "url(", `src="`} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
	if n := strings.Count(page, "&lt;script"); n < 8 {
		t.Errorf("only %d of 8 texts are on the page", n)
	}
}

// TestPageContrast: each state's text on its ground, and faint text, has a contrast of at least
// 4.5 to 1 in both schemes: WCAG 1.4.3, level AA.
func TestPageContrast(t *testing.T) {
	text, err := os.ReadFile("report.html.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllSubmatch(text, -1)
	if len(schemes) != 2 {
		t.Fatalf("%d schemes", len(schemes))
	}
	for i, scheme := range schemes {
		colors := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllSubmatch(scheme[1], -1) {
			colors[string(m[1])] = luminance(t, string(m[2]))
		}
		for _, pair := range []string{
			"text paper", "text card", "faint paper", "faint card", "pass pass-fill", "fail fail-fill", "part part-fill", "none none-fill",
		} {
			ink, ground, _ := strings.Cut(pair, " ")
			a, there := colors[ink]
			b, and := colors[ground]
			if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); !there || !and || contrast < 4.5 {
				t.Errorf("scheme %d: %s on %s has %.2f to 1", i, ink, ground, contrast)
			}
		}
	}
}

// luminance is that of WCAG 2.
func luminance(t *testing.T, hex string) (l float64) {
	t.Helper()
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}

// TestReadReports: what WriteJSON writes is read back, several in one file.
func TestReadReports(t *testing.T) {
	t.Parallel()
	first := run(t, "wrong key", conformance.Options{Selection: few})
	second, err := conformance.Run([]string{"/bin/sh", "-c", "exit 1"}, conformance.Options{Selection: few, OneShot: true, Lenient: true, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	for _, r := range []*conformance.Report{first, second} {
		if err := r.WriteJSON(&file); err != nil {
			t.Fatal(err)
		}
	}
	back, err := conformance.ReadReports(bytes.NewReader(file.Bytes()))
	if err != nil || len(back) != 2 {
		t.Fatalf("%d reports, %v", len(back), err)
	}
	for i, r := range []*conformance.Report{first, second} {
		if a, b := text(t, r), text(t, back[i]); a != b {
			t.Errorf("report %d was\n%s\nand is\n%s", i, a, b)
		}
		if pageOf(t, r) != pageOf(t, back[i]) {
			t.Errorf("report %d has another page", i)
		}
	}
	if back, err := conformance.ReadReports(strings.NewReader("\n")); err != nil || len(back) != 0 {
		t.Errorf("nothing: %v, %v", back, err)
	}
	for in, want := range map[string]string{
		"hello":             "line 1 is no report as --json prints it: invalid character",
		"[]":                "line 1 is no report as --json prints it: json",
		"{}":                "line 1 is no report as --json prints it: it has no id with a verdict, and no testee",
		`{"id":"x"}`:        "line 1 is no report as --json prints it: it has no id with a verdict",
		`{"id":7}`:          "line 1 is no report",
		`{"testee":"x"}`:    "line 1 is no report",
		firstLine(file):     "line 1: the report ends without its last line",
		"\n" + junk(16<<20): fmt.Sprintf("line 2 is longer than %d octets", 16<<20),
		strings.Repeat(`{"id":"x","verdict":"passed"}`+"\n", 100_001): "line 100001: more than 100000 vectors",
	} {
		if _, err := conformance.ReadReports(strings.NewReader(in)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.60q: %v, and should be %s", in, err, want)
		}
	}
}

func firstLine(b bytes.Buffer) string {
	line, _, _ := strings.Cut(b.String(), "\n")
	return line
}

func junk(n int) string { return strings.Repeat("x", n+1) }
