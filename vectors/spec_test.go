package vectors_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cache-aware/casper/vectors"
)

var (
	defined   = regexp.MustCompile(`(?m)^\*\*\[([A-Z0-9]+-[0-9]+)\]\*\* `)
	normative = regexp.MustCompile(`\b(MUST|SHOULD|MAY|SHALL|REQUIRED)\b`)
)

// TestEveryRequirementHasAVector holds specification and vectors together: a
// requirement without a vector is not proven, and a vector without one demands what
// nobody has promised.
func TestEveryRequirementHasAVector(t *testing.T) {
	text, err := os.ReadFile("../gcs/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := vectors.All()
	if err != nil {
		t.Fatal(err)
	}
	vectorsOf := map[string]int{}
	for _, m := range defined.FindAllStringSubmatch(string(text), -1) {
		if _, twice := vectorsOf[m[1]]; twice {
			t.Errorf("%s is defined twice", m[1])
		}
		vectorsOf[m[1]] = 0
	}
	if len(vectorsOf) < 100 {
		t.Fatalf("found %d requirements", len(vectorsOf))
	}
	for _, v := range all {
		if len(v.Spec) == 0 {
			t.Errorf("%s cites no requirement", v.ID)
		}
		for _, id := range v.Spec {
			if _, ok := vectorsOf[id]; !ok {
				t.Errorf("%s cites %s, which is not defined", v.ID, id)
			}
			vectorsOf[id]++
		}
	}
	for id, n := range vectorsOf {
		if n == 0 {
			t.Errorf("no vector is about %s", id)
		}
	}
}

// TestNormativeWordsAreNumbered finds demands outside of requirements.
func TestNormativeWordsAreNumbered(t *testing.T) {
	text, err := os.ReadFile("../gcs/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	for paragraph := range strings.SplitSeq(string(text), "\n\n") {
		if normative.MatchString(paragraph) && !defined.MatchString(paragraph) && !strings.Contains(paragraph, "RFC 2119") {
			t.Errorf("not numbered: %s", paragraph)
		}
	}
	numbers := map[string]int{}
	for _, m := range defined.FindAllStringSubmatch(string(text), -1) {
		family, _, _ := strings.Cut(m[1], "-")
		numbers[family]++
		if want := family + "-" + strconv.Itoa(numbers[family]); m[1] != want {
			t.Errorf("%s follows where %s is due", m[1], want)
		}
	}
}
