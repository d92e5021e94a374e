// Package base64url attacks the text form, with the standard library's decoder for a
// judge.
//
// An input is the text, and the octets to make one of.
package base64url

import (
	"encoding/base64"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/base64url"
)

// Fuzz decodes data as text, strictly and leniently, and encodes it as octets.
func Fuzz(data []byte) int {
	strict := decode(string(data), base64url.Strict)
	lenient := decode(string(data), base64url.Lenient)
	if strict && !lenient {
		oracle.Failf("%q is accepted strictly but not leniently", data)
	}

	want := "kept" + base64.RawURLEncoding.EncodeToString(data)
	text := base64url.Append([]byte("kept"), data)
	if string(text) != want {
		oracle.Failf("Append(%x) = %s, want %s", data, text, want)
	}
	if n := base64url.EncodedLen(len(data)); n != len(text)-4 {
		oracle.Failf("EncodedLen(%d) = %d, want %d", len(data), n, len(text)-4)
	}
	if !decode(want[4:], base64url.Strict) {
		oracle.Failf("%s is not accepted back", text)
	}
	if lenient {
		return 1
	}
	return 0
}

func decode(text string, m base64url.Mode) bool {
	want, fault := oracle.DecodeText(text, m)
	dst := []byte("kept behind this")[:4]
	got, err := base64url.AppendDecode(dst, text, m)
	if string(got) != "kept"+string(want) || oracle.FaultOf(err) != fault {
		oracle.Failf("AppendDecode(%q, %d) = %x, %v; want %x, %v", text, m, got[4:], err, want, fault)
	}
	if err != nil {
		return false
	}
	if n := base64url.DecodedLen(len(text)); n != len(want) {
		oracle.Failf("DecodedLen(%d) = %d, want %d", len(text), n, len(want))
	}
	if again := string(base64url.Append(nil, got[4:])); m == base64url.Strict && again != text {
		oracle.Failf("%q is accepted, but written %q", text, again)
	}
	return true
}
