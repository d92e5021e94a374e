package message

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/cache-aware/casper/gcs/formats"
)

// A text is hex if it can be, and otherwise base64 of either alphabet.
func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		"00ff":                 "00ff",
		"00FF":                 "00ff",
		"00 f\r\nf\t":          "00ff",
		"AP8":                  "00ff",
		"AP8=":                 "00ff",
		"3q2-7w":               "deadbeef",
		"3q2+7w==":             "deadbeef",
		"abcd":                 "abcd", // and not base64, which it could be, too
		"abcde":                "odd number",
		"3q2+7w=":              "neither",
		"3q2+7w===":            "neither",
		"3q2+7w==3q2=":         "neither",
		"AP9":                  "neither", // bits that are not zero
		"abc$":                 "'$'",
		"x":                    "neither",
		strings.Repeat("=", 4): "neither",
	} {
		octets, _, err := Text([]byte(text))
		got := hex.EncodeToString(octets)
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != want || err != nil && !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// Whatever is found can be decoded, or is refused in one line; and nothing costs more than its
// octets.
func check(t *testing.T, found []Value, err error) {
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("%q has several lines", err)
	}
	for _, v := range found {
		if v.Format == "" {
			continue
		}
		format, ok := formats.Lookup(v.Format)
		if !ok {
			t.Fatalf("there is no format %q", v.Format)
		}
		l, err := format.List(v.Params, formats.Input{Octets: v.Octets})
		if err == nil && l.Len > 8*len(v.Octets)+1 {
			t.Errorf("%d keys in %d octets", l.Len, len(v.Octets))
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q has several lines", err)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"name":"se","additionsFourBytes":{"firstValue":489866504,"riceParameter":30,"entriesCount":2,"encodedData":"dADSlxvtSXQA"}}`,
		`{"hashLists":[{"compressedRemovals":{"firstValue":3},"sha256Checksum":"AA=="}]}`,
		`{"additionsThirtyTwoBytes":{"firstValueFirstPart":"1","riceParameter":227,"entriesCount":1,"encodedData":"Ag=="}}`,
		`{"additions":{"riceHashes":[{"firstValue":"5","riceParameter":2,"entryCount":2,"encodedData":"9wI="}]}}`,
		`{"filter":"019dfca8","header":"00"}`, `{"result":{"filter":"AZ38qA=="}}`, `[[[[]]]]`, `{"additions_four_bytes":[1,{}]}`, `{"data":"00"}`, `{"encodedData":"00"}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found, err := JSON(strings.NewReader(text))
		check(t, found, err)
	})
}

func FuzzHashLists(f *testing.F) {
	for _, s := range []string{
		"", "\x22\x15\x08\x88\x8a\xcb\xe9\x01\x10\x1e\x18\x02\x22\x09\x74\x00\xd2\x97\x1b\xed\x49\x74\x00",
		"\x0a\x02se\x2a\x08\x08\x0a\x10\x03\x18\x01\x22\x01\x02", "\x52\x02\x08\x01", "\x5a\x00", "\x0a\x02\x22\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := HashLists(data)
		check(t, found, err)
		if err == nil && len(found) == 0 {
			t.Error("nothing is found, and yet it is a list")
		}
	})
}

// The messages that the API's documentation shows hold the same list in either form.
func TestBothForms(t *testing.T) {
	data, _ := hex.DecodeString("7400d2971bed497400")
	wire := append([]byte("\x0a\x02se\x22\x15\x08\x88\x8a\xcb\xe9\x01\x10\x1e\x18\x02\x22\x09"), data...)
	a, err := HashLists(wire)
	if err != nil {
		t.Fatal(err)
	}
	b, err := JSON(strings.NewReader(`{"name":"se","additionsFourBytes":{"firstValue":489866504,"riceParameter":30,"entriesCount":2,"encodedData":"` + base64.StdEncoding.EncodeToString(data) + `"}}`))
	if err != nil || len(a) != 1 || len(b) != 1 {
		t.Fatal(a, b, err)
	}
	for _, param := range []string{"bits", "first", "rice", "count"} {
		x, _ := a[0].Params.Number(param)
		if y, ok := b[0].Params.Number(param); x != y || !ok {
			t.Errorf("%s is %d in protobuf, %d in JSON", param, x, y)
		}
	}
	if a[0].Where != b[0].Where || string(a[0].Octets) != string(b[0].Octets) {
		t.Errorf("%+v, %+v", a, b)
	}
}
