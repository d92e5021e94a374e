package testkit

import (
	"encoding/json"
	"os"
	"testing"
)

// Published reads a JSON file of what other programs made, or what others published of a
// format, into v.
func Published(t testing.TB, file string, v any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
