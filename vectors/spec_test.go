package vectors_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cache-aware/casper/vectors"
)

var (
	defined   = regexp.MustCompile(`(?m)^\*\*\[([A-Z0-9]+-[0-9]+)\]\*\* `)
	normative = regexp.MustCompile(`\b(MUST|SHOULD|MAY|SHALL|REQUIRED|RECOMMENDED|OPTIONAL)\b`)
	cited     = regexp.MustCompile(`\b(?:GCS|CASPER|GOCASPER|DIGEST|BIP158|DECRED|RICE|BLOOM|TOOL)-[0-9]+\b`)
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

// TestNormativeWordsAreChecked holds the words of RFC 2119 to what vectors can check: MUST and MUST NOT alone are used,
// each requirement has a vector (see above), and what MUST NOT be is asked for by a hostile one.
func TestNormativeWordsAreChecked(t *testing.T) {
	text, err := os.ReadFile("../gcs/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := vectors.All()
	if err != nil {
		t.Fatal(err)
	}
	hostile := map[string]bool{}
	for _, v := range all {
		for _, id := range v.Spec {
			hostile[id] = hostile[id] || slices.Contains(v.Flags, "hostile")
		}
	}
	never := 0
	for paragraph := range strings.SplitSeq(string(text), "\n\n") {
		for _, word := range normative.FindAllString(paragraph, -1) {
			if word != "MUST" {
				t.Errorf("%s is a word that no vector checks: %s", word, paragraph)
			}
		}
		if id := defined.FindStringSubmatch(paragraph); id != nil && strings.Contains(paragraph, "MUST NOT") {
			never++
			if !hostile[id[1]] {
				t.Errorf("no hostile vector is about %s: %s", id[1], paragraph)
			}
		}
	}
	if never < 3 {
		t.Errorf("%d requirements say what must not be", never)
	}
}

// TestCitations finds requirements that the text cites and does not have.
func TestCitations(t *testing.T) {
	text, err := os.ReadFile("../gcs/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, m := range defined.FindAllStringSubmatch(string(text), -1) {
		there[m[1]] = true
	}
	for _, id := range cited.FindAllString(string(text), -1) {
		if !there[id] {
			t.Errorf("%s is cited, and not defined", id)
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
