package conformance

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/vectors"
)

// FuzzReply: whatever line a testee sends, the judgement of it is one verdict and a reason of one
// moderate line.
func FuzzReply(f *testing.F) {
	for _, line := range []string{
		`{"seq":1,"ok":{"keys":["63"],"bytes_hex":"fe","text":"_g"}}`, `{"seq":1,"ok":{"keys":[63]}}`, `{"seq":"1","error":"limit"}`,
		`{"seq":1,"ok":null,"skip":"no","offset":1e9}`, `{"ok":{"digests":[{"log2n":1,"flags":[],"keys":["1"]}]}}`, `[]`, `{"seq":1,"ok":{"present":[true]}}`, "\xff",
		`{"seq":1,"skip":"` + strings.Repeat("x", 5000) + `"}`, `{"seq":1,"error":"` + strings.Repeat("x", 5000) + `"}`,
	} {
		f.Add([]byte(line))
	}
	all, err := vectors.All()
	if err != nil {
		f.Fatal(err)
	}
	var asked vectors.Vector
	for _, v := range all {
		if v.ID == "h2o-encode-63" {
			asked = v
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		h := hear(line)
		if !h.isObject {
			return
		}
		h.isTo(1)
		for _, lenient := range []bool{false, true} {
			j := h.judge(asked, lenient)
			if j.verdict == verdictPassed && !strings.Contains(string(line), "63") {
				t.Fatalf("%q passed", line)
			}
			if j.verdict != verdictPassed && j.reason == "" || len(j.reason) > 4000 {
				t.Fatalf("%q: %s: a reason of %d octets", line, j.verdict, len(j.reason))
			}
		}
	})
}
