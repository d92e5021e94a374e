package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
)

// tool builds the casper tool once, in a folder that is gone after the tests. It is built in
// its own module, whose dependencies are none of this one's.
var tool = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "casper")
	build := exec.Command("go", "build", "-o", path, "./cmd/casper")
	build.Dir = filepath.Join("..", "..")
	build.Stderr = os.Stderr
	return path, build.Run()
})

var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "casper-e2e"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
}

// A served is casper serve as a process of its own.
type served struct {
	t     testing.TB
	addr  string
	admin string // the URL of its other side, if that was asked for
	spki  string // of its development certificate, as it tells a newcomer
	lines chan answered
}

// An answered is what its log says of a request.
type answered struct {
	Path   string
	Status int
	Early  bool
	Sent   struct{ Pushed, Hinted, Linked, Held []string }
}

var printedSPKI = regexp.MustCompile(`--ignore-certificate-errors-spki-list=(\S+)`)

// serve starts casper serve on a port that the kernel chose. When the test is over it is asked
// to stop, and has to end with exit code 0.
func serve(t testing.TB, args ...string) *served {
	t.Helper()
	casper, err := tool()
	if err != nil {
		t.Fatalf("building casper: %v", err)
	}
	cmd := exec.Command(casper, append([]string{"serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log-requests", "query"}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, lines: make(chan answered, 4096)}
	var reading sync.WaitGroup
	reading.Go(func() {
		for text := bufio.NewScanner(stderr); text.Scan(); {
			var line struct {
				Level, Msg string
				answered
			}
			switch err := json.Unmarshal(text.Bytes(), &line); {
			case err == nil && line.Msg == "request":
				s.lines <- line.answered
			case err != nil || line.Level != "INFO":
				t.Logf("casper serve: %s", text.Text())
			}
		}
	})
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		reading.Wait() // before Wait, which closes the pipe
		if err := cmd.Wait(); err != nil {
			t.Errorf("casper serve ended with %v", err)
		}
	})
	greeting := bufio.NewScanner(stdout)
	for greeting.Scan() {
		line := greeting.Text()
		if url, ok := strings.CutPrefix(line, "listening on https://"); ok {
			s.addr = url
		}
		if url, ok := strings.CutPrefix(line, "admin on "); ok {
			s.admin = url
		}
		if m := printedSPKI.FindStringSubmatch(line); m != nil {
			s.spki = m[1]
		}
		if strings.HasPrefix(line, "  casper decode") { // the last one
			break
		}
	}
	go io.Copy(io.Discard, stdout)
	if s.addr == "" || s.spki == "" {
		t.Fatalf("casper serve said neither where it is nor how a browser may trust it")
	}
	return s
}

// said returns what the log says of the next answer for a page, and which files were asked for
// early, which is because of a 103, since the last one.
func (s *served) said(page string) (a answered, early []string) {
	s.t.Helper()
	late := time.After(patience)
	for {
		select {
		case a := <-s.lines:
			if a.Path == page {
				return a, names(early)
			}
			if a.Early {
				early = append(early, a.Path)
			}
		case <-late:
			s.t.Fatalf("casper serve logged no answer for %s", page)
		}
	}
}

// names are paths without their versions, sorted.
func names(paths []string) (list []string) {
	for _, p := range paths {
		p, _, _ = strings.Cut(p, "?")
		list = append(list, p)
	}
	slices.Sort(list)
	return list
}

// What casper serve shows a newcomer, in the browser that it tells the newcomer to start: the
// first visit is hinted everything, the second nothing, and the third, after "Change one file"
// was pressed, that one file.
//
// The log tells what was fetched for a hint. Chromium's own word does not do here: it takes what
// stays in memory from page to page, and says of it what it said the first time.
func TestChromiumDemo(t *testing.T) {
	const n, enough = 4, 3
	const path = "/?think=300"
	peer.Find(t, "chromium")
	s := serve(t)
	b := startChromium(t, s.spki)
	url := "https://" + distance(t, s.addr, "") + path
	all := []string{"/accent.css", "/app.css", "/app.js"}
	one := []string{"/accent.css"}
	first, third := 0, 0
	for i := range n {
		v := b.visitor(t)
		v.open()
		l := v.visit(url)
		a, early := s.said(path)
		if !slices.Equal(names(a.Sent.Hinted), all) || l.Hint == 0 || l.Ready == 0 {
			t.Errorf("visitor %d, first visit: %+v: %v", i, a, l)
		}
		if slices.Equal(early, all) {
			first++
		} else {
			t.Logf("visitor %d, first visit: only %q early: %v", i, early, l)
		}

		l = v.press("a.button.first") // Visit again
		a, early = s.said(path)
		if len(a.Sent.Hinted) > 0 || !slices.Equal(names(a.Sent.Held), all) || l.Hint != 0 || len(l.fetched()) > 0 || len(early) > 0 {
			t.Errorf("visitor %d, second visit: %+v, early %q: %v", i, a, early, l)
		}

		l = v.press(`form[action="/change"] button`)
		a, early = s.said(path)
		if !slices.Equal(names(a.Sent.Hinted), one) || len(a.Sent.Held) != 2 || l.Hint == 0 {
			t.Errorf("visitor %d, third visit: %+v: %v", i, a, l)
		}
		if got := l.fetched(); len(early) == 0 && !slices.Equal(got, one) || len(early) > 0 && len(got) > 0 {
			t.Errorf("visitor %d, third visit: fetched %q, early %q: %v", i, got, early, l)
		}
		if slices.Equal(early, one) {
			third++
		} else {
			t.Logf("visitor %d, third visit: %q early: %v", i, early, l)
		}
		v.leave()
	}
	t.Logf("the demo, %d visitors: first visit %q hinted, fetched so by %d; second nothing; third %q, fetched so by %d", n, all, first, one, third)
	if first < enough || third < enough {
		t.Errorf("%d first and %d third visits of %d used the hints, want %d", first, third, n, enough)
	}
}
