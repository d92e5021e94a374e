package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn/evidence"
	"github.com/cache-aware/casper/server/learn/keep"
	"github.com/cache-aware/casper/server/link"
)

// snapshotOf writes a model of some pages, each with a style sheet and one file of its own.
func snapshotOf(t *testing.T, name string, views float64, pages ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	var deltas []evidence.Delta
	for _, page := range pages {
		d := evidence.Delta{Page: page, Views: views, Time: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}
		for i, path := range []string{"/app.css", strings.TrimSuffix(page, "/") + "/own.js"} {
			d.Assets = append(d.Assets, evidence.Vote{
				Asset: link.Guess(path, ""), Version: fmt.Sprintf("%q", page), Used: views - 0.125, Views: views, Held: 0.5,
				Urgency: float64(i), Order: float64(i), Wanted: true, Linked: i == 1,
			})
		}
		deltas = append(deltas, d)
	}
	if err := keep.WriteFile(file, slices.Values(evidence.Combine(deltas...))); err != nil {
		t.Fatal(err)
	}
	return file
}

// printed runs casper and returns what it printed.
func printed(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	casper, err := tool()
	if err != nil {
		t.Fatalf("building casper: %v", err)
	}
	cmd := exec.Command(casper, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// model runs a model command that must succeed, and returns what it prints.
func model(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := printed(t, append([]string{"model"}, args...)...)
	if code != 0 || stderr != "" {
		t.Fatalf("casper model %q: exit code %d, %s", args, code, stderr)
	}
	return stdout
}

// exported waits until a model in Redis is what a file holds, and returns what was there last.
func exported(t *testing.T, state, file string) (got, want string) {
	t.Helper()
	want = model(t, "export", file)
	for range 120 {
		if got = model(t, "export", state); got == want {
			break
		}
		time.Sleep(250 * time.Millisecond) // until the round is over and has settled: 13 s
	}
	return got, want
}

// Every command on models takes a fleet's in Redis as it takes a file.
func TestModelInRedis(t *testing.T) {
	t.Parallel()
	r := peer.StartRedis(t)
	state, other := r.URL()+"/?site=one", r.URL()+"/?site=two"
	monday := snapshotOf(t, "monday", 8, "/", "/shop")
	tuesday := snapshotOf(t, "tuesday", 4, "/", "/blog")

	if got := model(t, "import", state, monday); got != "" {
		t.Errorf("import prints %q", got)
	}
	if got, want := exported(t, state, monday); got != want {
		t.Errorf("export: %s, want %s", got, want)
	}
	if got, want := model(t, "export", "--json", state), model(t, "export", "--json", monday); got != want {
		t.Errorf("export --json: %s, want %s", got, want)
	}
	if empty := model(t, "export", other); strings.Contains(empty, `"page"`) {
		t.Errorf("another site knows %s", empty)
	}

	if got := model(t, "diff", state, monday) + model(t, "diff", "--exit-code", monday, state); got != "" {
		t.Errorf("diff: %s", got)
	}
	if got := model(t, "diff", state, tuesday); got != "+ /blog\n- /shop\n" {
		t.Errorf("diff: %s", got)
	}
	if stdout, _, code := printed(t, "model", "diff", "--exit-code", "--json", state, tuesday); code != 1 || strings.Count(stdout, "\n") != 2 {
		t.Errorf("diff --exit-code --json: exit code %d, %s", code, stdout)
	}

	both := filepath.Join(t.TempDir(), "both")
	if err := os.WriteFile(both, []byte(model(t, "merge", state, tuesday)), 0o666); err != nil {
		t.Fatal(err)
	}
	if got, want := model(t, "export", both), model(t, "merge", monday, tuesday); got != want {
		t.Errorf("merge: %s, want %s", got, want)
	}
	model(t, "import", other, monday, tuesday) // the sum of two files
	if got, want := exported(t, other, both); got != want {
		t.Errorf("merged on import: %s, want %s", got, want)
	}
	model(t, "import", state, tuesday) // onto what is there
	if got, want := exported(t, state, both); got != want {
		t.Errorf("merged in Redis: %s, want %s", got, want)
	}
	if got, want := model(t, "merge", "--json", state, other), model(t, "merge", "--json", both, both); got != want {
		t.Errorf("merge of two: %s, want %s", got, want)
	}

	// And from Redis into a file, on top of what that holds.
	file := snapshotOf(t, "file", 8, "/", "/shop")
	model(t, "import", file, other)
	if got, want := model(t, "export", file), model(t, "merge", both, monday); got != want {
		t.Errorf("into a file: %s, want %s", got, want)
	}
}

// A model with more than a round has room for is sent in several, and none of it is lost.
func TestModelLargeIntoRedis(t *testing.T) {
	t.Parallel()
	r := peer.StartRedis(t)
	var pages []string
	for i := range 3000 { // of three records each, which is more than half of a round
		pages = append(pages, fmt.Sprintf("/p%d", i))
	}
	large := snapshotOf(t, "large", 3, pages...)
	model(t, "import", r.URL(), large)
	if got, want := exported(t, r.URL(), large); got != want {
		t.Errorf("%d of %d pages came back", strings.Count(got, `{"page"`), len(pages))
	}
}

// What is imported is what running nodes know a moment later.
func TestModelReachesNodes(t *testing.T) {
	t.Parallel()
	r := peer.StartRedis(t)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "hello")
	}))
	defer app.Close()
	s := serve(t, "--proxy", app.URL, "--state", r.URL(), "--admin", "127.0.0.1:0")
	model(t, "import", r.URL(), snapshotOf(t, "some", 20, "/"))
	awaitKnown(t, s, "/app.css")
}

// A Redis that is not there, or is none, is one line and exit code 1; an address that is none is
// wrong usage. Nothing is written anywhere.
func TestModelWithoutRedis(t *testing.T) {
	t.Parallel()
	r := peer.StartRedis(t)
	r.Kill(t)
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	file := snapshotOf(t, "file", 8, "/")
	before := model(t, "export", file)
	for address, want := range map[string]int{
		r.URL(): 1, "redis://" + web.Listener.Addr().String(): 1, "redis://[": 2, r.URL() + "/nonsense": 2,
	} {
		for _, args := range [][]string{
			{"export", address}, {"import", address, file}, {"import", file, address}, {"merge", file, address}, {"diff", file, address}, {"diff", address, file},
		} {
			stdout, stderr, code := printed(t, append([]string{"model"}, args...)...)
			if code != want || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "casper: ") {
				t.Errorf("casper model %q: exit code %d, want %d; %q, %q", args, code, want, stdout, stderr)
			}
		}
	}
	if got := model(t, "export", file); got != before {
		t.Errorf("the file is now %s", got)
	}
	_, stderr, _ := printed(t, "model", "export", "redis://:secret@"+r.Addr)
	if strings.Contains(stderr, "secret") {
		t.Errorf("the password is told: %s", stderr)
	}
}
