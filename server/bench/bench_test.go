package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The servers of this program are its test binary, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "peer" {
		fail(servePeer(os.Args[2:]))
		return
	}
	os.Exit(m.Run())
}

// Each scene is played briefly: all servers give the bytes of the files, with status 200, to a
// client that comes again and again, and take some of the processor's time.
func TestScenes(t *testing.T) {
	if _, err := exec.LookPath("h2load"); err != nil {
		if os.Getenv("CASPER_REQUIRE_PEERS") == "1" {
			t.Fatal(err)
		}
		t.Skip("h2load is not installed")
	}
	p, err := newPlace("")
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			r, err := p.play(s, options{quick: true, rounds: 1})
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := r["nginx"]; len(r) < 4 || p.nginx != "" && !ok {
				t.Errorf("only %d servers took part", len(r))
			}
			for name, f := range r {
				if len(f) != 1 || f[0].perAnswer <= 0 || f[0].perSecond <= 0 {
					t.Errorf("%s: %v", name, f)
				}
			}
		})
	}
}

// Each part of the growth is measured briefly.
func TestGrowth(t *testing.T) {
	p, err := newPlace("")
	if err != nil {
		t.Skip(err)
	}
	defer p.close()
	text, err := growth(p, options{quick: true, rounds: 1}, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"The handler around a program", "Pages learned", "Keys in a cookie", "Connections", "Processors and locks", "Latency", "Memory"} {
		if !strings.Contains(text, "\n## "+title+"\n") {
			t.Errorf("no %s in\n%s", title, text)
		}
	}
}

// An answer that is not the file's bytes is found.
func TestWrongAnswersAreFound(t *testing.T) {
	p, err := newPlace("")
	if err != nil {
		t.Skip(err)
	}
	defer p.close()
	s := scene{name: "wrong", question: question{"/lean.html", nil}, contenders: []contender{{"http.FileServer", func(p *place, addr, _ string) (*exec.Cmd, error) {
		other := t.TempDir()
		if err := os.WriteFile(other+"/lean.html", []byte("another page"), 0o644); err != nil {
			return nil, err
		}
		return exec.Command(p.self, "peer", "file", addr, p.cert, p.key, other), nil
	}}}}
	if _, err := p.play(s, options{quick: true, rounds: 1}); err == nil || !strings.Contains(err.Error(), "12 bytes") {
		t.Errorf("%v", err)
	}
}
