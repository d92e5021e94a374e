package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// A cookie that holds no asset of the list is read in the other ways, and the one that fits is
// named: over both generations of H2O and all capacity bits.
func TestFit(t *testing.T) {
	var paths []string
	var list string
	checked := 0
	for site := range 10 {
		paths = paths[:0]
		for i := range 6 {
			paths = append(paths, fmt.Sprintf("/%d/%d.js", site, i))
		}
		list = strings.Join(paths, "\n")
		format := []string{"h2o", "h2o-2.0"}[site%2]
		for bits := 9; bits <= 15; bits++ {
			value, _, _ := printed(t, "", append([]string{"encode", "--format", format, "--capacity-bits", fmt.Sprint(bits)}, paths[:4]...)...)
			other := "12"
			if bits == 12 {
				other = "14"
			}
			args := []string{"decode", "--assets", "-", "--json"}
			stdout, stderr, code := printed(t, list, append(args, "--capacity-bits", other, "--", strings.TrimSpace(value))...)
			if code != exitNothing {
				continue // refused, or an asset has the same key either way
			}
			checked++
			m := regexp.MustCompile(`none of its keys is in --assets -; with (.*), 4 of 4 keys are in it, which happens by chance once in `).FindStringSubmatch(stderr)
			if m == nil || stdout == "" || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%s of %d bits, read with %s:\n%s", format, bits, other, stderr)
				continue
			}
			args = append(args, strings.Fields(m[1])...)
			if stdout, _, _ := printed(t, list, append(args, "--", strings.TrimSpace(value))...); strings.Count(stdout, `"present":true`) < 4 { // two assets may have one key
				t.Errorf("%s of %d bits, read with %s as it was told: %s", format, bits, m[1], stdout)
			}
		}
	}
	if checked < 6 {
		t.Errorf("only %d cookies hold no asset when they are read otherwise", checked)
	}
	// What fits by nothing is not made to fit.
	value, _, _ := printed(t, "", "encode", "/x", "/y", "/z")
	if _, stderr, code := printed(t, list, "decode", "--assets", "-", strings.TrimSpace(value)); code != exitNothing || !strings.Contains(stderr, "nor with other capacity bits") {
		t.Errorf("a cookie of other assets: exit code %d: %s", code, stderr)
	}
	// A log of which one value fits is well.
	good, _, _ := printed(t, "", "encode", paths[0])
	if _, stderr, code := printed(t, list, "decode", "--assets", "-", strings.TrimSpace(value), strings.TrimSpace(good)); code != exitDone {
		t.Errorf("one of two fits: exit code %d: %s", code, stderr)
	}
}
