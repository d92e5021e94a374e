package libh2o

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCC(t *testing.T) {
	Find(t, "cc")
	t.Setenv(RequireVariable, "")
	source := func(text string) string {
		name := filepath.Join(t.TempDir(), "greet.c")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	const greet = "#include <stdio.h>\nint main(void) { return puts(\"\" GREETING) < 0; }\n"

	// The second and fourth run take the kept programs, in a folder of their
	// own: what is kept must depend on the flags.
	for _, word := range []string{"hello", "hello", "bye", "bye"} {
		program := CC(t, source(greet), "-DGREETING=\""+word+"\"")
		out, err := exec.Command(program).Output()
		if err != nil || string(out) != word+"\n" {
			t.Errorf("%s printed %q (%v), want %q", program, out, err, word)
		}
	}

	tests := []struct {
		name, text      string
		flags           []string
		skipped, failed bool
		says            string
	}{
		{name: "no such header", text: "#include <no/such/header.h>\n" + greet, skipped: true, says: "no/such/header.h"},
		{name: "no such library", text: greet, flags: []string{"-lno-such-library"}, skipped: true, says: "no-such-library"},
		{name: "broken source", text: greet + "int", failed: true, says: "greet.c"},
	}
	for _, tt := range tests {
		v := judge(t, func(t testing.TB) { CC(t, source(tt.text), append(tt.flags, `-DGREETING="x"`)...) })
		if v.skipped != tt.skipped || v.failed != tt.failed || !strings.Contains(v.String(), tt.says) {
			t.Errorf("%s: skipped %t, failed %t: %s", tt.name, v.skipped, v.failed, v)
		}
	}
}
