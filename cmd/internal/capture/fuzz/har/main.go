// Package har attacks the reader of HAR files, and hands every value that it finds to
// the readers of H2O's cookie.
//
// An input is a HAR file, or what else somebody may take for one; it is also put into a
// good one as text.
package har

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/fuzz"
	casperfuzz "github.com/cache-aware/casper/fuzz/casper"
	"github.com/cache-aware/casper/gcs/casper"
)

// Fuzz reads data as a HAR file, and then a HAR file that holds data.
func Fuzz(data []byte) (accepted int) {
	fuzz.SameInPieces(data, func(r io.Reader) string { return fuzz.Transcript(capture.HAR(r)) })
	fuzz.SameInPieces(data, func(r io.Reader) string { return fuzz.Transcript(capture.ReadAssets(r)) })
	for c, err := range capture.HAR(bytes.NewReader(data)) {
		if err == nil {
			accepted = 1
			casperfuzz.Read(c.Value, casper.Params{})
		}
	}
	planted(fuzz.CookieLike(data), strings.ToValidUTF8(string(data), "\uFFFD"))
	return accepted
}

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type message struct {
	URL     string `json:"url,omitempty"`
	Headers []pair `json:"headers"`
	Cookies []pair `json:"cookies"`
	Content any    `json:"content,omitempty"`
}

type entry struct {
	Comment  string  `json:"comment"`
	Request  message `json:"request"`
	Response message `json:"response"`
}

// maxValue keeps a planted value within what the reader keeps of a URL.
const maxValue = 32 << 10

// planted finds a value wherever a HAR file may hold one, whatever text is around it.
func planted(value, text string) {
	const name = casper.CookieName
	value = value[:min(len(value), maxValue)]
	var har struct {
		Log struct {
			Creator any     `json:"creator"`
			Entries []entry `json:"entries"`
		} `json:"log"`
	}
	har.Log.Creator = pair{text, text}
	har.Log.Entries = []entry{{
		Comment: text,
		Request: message{
			URL:     "https://example.com/a?" + value,
			Headers: []pair{{"Accept", text}, {"Cookie", "a=b; " + name + "=" + value}},
			Cookies: []pair{{name, value}, {"listed", value}},
		},
		Response: message{
			Headers: []pair{{"set-cookie", name + "=" + value + "; Path=/; Secure"}, {"Link", text}},
			Cookies: []pair{{name, value}},
			Content: map[string]any{"text": text, "size": len(text), "sub": []any{nil, true, text, 1e9}},
		},
	}}
	file, err := json.Marshal(har)
	if err != nil {
		panic(err)
	}
	var got, paths []string
	for c, err := range capture.HAR(bytes.NewReader(file)) {
		if err != nil {
			fuzz.Failf("%s: %v", file, err)
		}
		got = append(got, c.Name+"="+c.Value)
	}
	want := []string{"a=b", name + "=" + value, "listed=" + value, name + "=" + value}
	if !slices.Equal(got, want) {
		fuzz.Failf("%s: found %q, want %q", file, got, want)
	}
	for p, err := range capture.ReadAssets(bytes.NewReader(file)) {
		if err != nil {
			fuzz.Failf("%s: %v", file, err)
		}
		paths = append(paths, p)
	}
	if !slices.Equal(paths, []string{"/a?" + value}) {
		fuzz.Failf("%s: requested %q", file, paths)
	}

	// A file that breaks off yields what came before, and says so.
	cut := len(value) * len(file) / (len(value) + 7)
	n, broken := 0, false
	for c, err := range capture.HAR(bytes.NewReader(file[:cut])) {
		if broken = err != nil; broken {
			continue
		}
		if n == len(want) || c.Name+"="+c.Value != want[n] {
			fuzz.Failf("%s: found %s=%s", file[:cut], c.Name, c.Value)
		}
		n++
	}
	if !broken {
		fuzz.Failf("%s: no error", file[:cut])
	}
}
