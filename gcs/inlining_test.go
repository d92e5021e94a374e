package gcs_test

import (
	"os/exec"
	"regexp"
	"testing"
)

// What is called for every stream of a few keys has to be copied into its callers:
// without it a cookie takes a fifth longer. The loops themselves call nothing.
func TestInlining(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to ask the compiler with")
	}
	for folder, names := range map[string][]string{
		".":           {"(*Code).valid", "(*Code).admits", "(*Code).flip", "(*Code).lsb", "(*Code).padOctet", "(*decoder).low", "(*decoder).take", "(*decoder).ready", "(*decoder).copyTail", "(*pen).fill"},
		"./base64url": {"EncodedLen", "DecodedLen", "extend"},
	} {
		out, err := exec.Command(goTool, "build", "-gcflags=-m", folder).CombinedOutput()
		if err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		inlined := map[string]bool{}
		for _, m := range regexp.MustCompile(`can inline (\S+)`).FindAllSubmatch(out, -1) {
			inlined[string(m[1])] = true
		}
		for _, name := range names {
			if !inlined[name] {
				t.Errorf("%s: %s is no longer inlined", folder, name)
			}
		}
	}
}

// The loops have to be free of calls: the values they work on live in registers,
// which a call would have to save. Slicing and bounds leave panics, which do not
// return. Those of the encoder are compiled where keys have a type: in a profile.
func TestLoopsCallNothing(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command to ask the compiler with")
	}
	out, err := exec.Command(goTool, "build", "-gcflags=-S", ".", "./casper", "./bip158").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	loop, seen := "", map[string]bool{}
	for _, line := range regexp.MustCompile(`(?m)^.*(STEXT|\tCALL\t).*$`).FindAllString(string(out), -1) {
		if m := regexp.MustCompile(`gcs\.((?:decode|skip|encode(?:Rice)?)\d+)\S* STEXT`).FindStringSubmatch(line); m != nil {
			loop = m[1]
			seen[loop] = true
		} else if regexp.MustCompile(`STEXT`).MatchString(line) {
			loop = ""
		} else if loop != "" && !regexp.MustCompile(`CALL\s+runtime\.(panic|goPanic|morestack)`).MatchString(line) {
			t.Errorf("%s: %s", loop, line)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d loops were found in what the compiler writes: %v", len(seen), seen)
	}
}
