package httpfacts

import (
	"hash/maphash"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Which requests prove the same, and what an answer changes of it.
func TestCredentials(t *testing.T) {
	seed := maphash.MakeSeed()
	of := func(request, answer string) uint64 {
		var h [2]http.Header
		for i, text := range []string{request, answer} {
			h[i] = http.Header{}
			for line := range strings.SplitSeq(text, "|") {
				name, value, _ := strings.Cut(line, ": ")
				h[i].Add(name, value)
			}
		}
		return Credentials(seed, h[0], h[1], "own")
	}
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(http.TimeFormat)
	for _, tt := range []struct {
		request, answer string // the answer's fields
		as              string // a request that proves the same
		same            bool
	}{
		{"", "", "Cookie: own=1", true},
		{"", "", "Cookie: _ga=1; _gid=2; _gat_gtag=3; __utma=4; _hjid=5; hubspotutk=6; AMP_123=7; _clck=8", true},
		{"", "", "Cookie: _gait=1", false},
		{"", "", "Cookie: h=1", false},
		{"", "", "Cookie: ;; ", true},
		{"", "", "Cookie: =1", false}, // a cookie without a name
		{"Cookie: a=1; b=2", "", "Cookie: b=2|Cookie: a=1", true},
		{"Cookie: a=1; b=2", "", "Cookie: b=2; a=2", false},
		{"Cookie: a=1", "Set-Cookie: a=2", "Cookie: a=2", true},
		{"Cookie: a=1", "Set-Cookie: own=2", "Cookie: a=1; own=2", true},
		{"Cookie: a=1", "Set-Cookie: b=2;Path=/; Secure|Set-Cookie: c=\"3\"", "Cookie: a=1; b=2; c=\"3\"", true},
		{"Cookie: a=1", "Set-Cookie: a=2; Max-Age=0", "", true},
		{"Cookie: a=1", "Set-Cookie: a=2; Max-Age=-1", "", true},
		{"Cookie: a=1", "Set-Cookie: a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "", true},
		{"Cookie: a=1", "Set-Cookie: a=2; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9", "Cookie: a=2", true},
		{"Cookie: a=1", "Set-Cookie: a=2; Expires=" + tomorrow, "Cookie: a=2", true},
		{"Cookie: a=1", "Set-Cookie: a=2|Set-Cookie: a=3", "Cookie: a=3", true},
		{"Cookie: a=1", "Set-Cookie: a=2|Set-Cookie: a=; Max-Age=0", "", true},
		{"Authorization: x", "", "Authorization: x", true},
		{"Authorization: x", "", "Cookie: x", false},
		{"Authorization: x", "", "", false},
	} {
		if same := of(tt.request, tt.answer) == of(tt.as, ""); same != tt.same {
			t.Errorf("%q answered %q is the same as %q: %v", tt.request, tt.answer, tt.as, same)
		}
	}
}
