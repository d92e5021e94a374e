package caddycasper

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cache-aware/casper/server/internal/peer"
	"github.com/cache-aware/casper/server/learn"
)

const folder = "root %s/site\n" + fresh + "file_server\n"

// What was learned outlives a reload, also one that changes options or goes wrong.
func TestReload(t *testing.T) {
	s := start(t, "casper\n"+folder)
	s.teach("/", 8)
	s.load("header X-New 1\ncasper\n" + folder)
	if x := s.browser(1).navigate("/"); x.Header.Get("x-new") != "1" {
		t.Errorf("the new configuration is not in force: %v", x.Header)
	}
	if share := s.helped("/", both...); share < 0.5 {
		t.Errorf("after a reload %.0f %% of newcomers were helped", 100*share)
	}
	if err := s.tryLoad("casper {\n manifest %s/none\n}\n" + folder); err == nil || !strings.Contains(err.Error(), "none: no such file") {
		t.Errorf("a manifest that is not there: %v", err)
	}
	if share := s.helped("/", both...); share < 0.5 {
		t.Errorf("after a reload that failed %.0f %% of newcomers were helped", 100*share)
	}
	s.load("casper {\n max_assets 1\n}\n" + folder)
	if share := s.helped("/", "/app.css"); share < 0.5 {
		t.Errorf("with other options %.0f %% of newcomers were helped", 100*share)
	}
	s.load("casper {\n learn_memory 1MiB\n page_query lang\n}\n" + folder)
	if share := s.helped("/", both...); share < 0.5 {
		t.Errorf("with other options of learning %.0f %% of newcomers were helped", 100*share)
	}
	s.load(folder)
	if got := known("", "/"); got != nil {
		t.Errorf("without casper %q is known", got)
	}
}

// What package server remembers outlives a reload, too: the links of an answer.
func TestReloadKeepsLinks(t *testing.T) {
	directives := "casper {\n learn off\n}\nheader / Link \"</app.css>; rel=preload; as=style\"\n" + folder
	s := start(t, directives)
	if got := hinted(t, s.browser(1).navigate("/")); got != nil {
		t.Errorf("the first was hinted %q", got)
	}
	s.load("header X-New 1\n" + directives)
	if got := hinted(t, s.browser(2).navigate("/")); !slices.Equal(got, []string{"/app.css"}) {
		t.Errorf("after a reload, hinted %q", got)
	}
}

// What few have seen is handed on at a reload, also one that changes how to learn, and is not written down.
func TestReloadKeepsPagesOfFew(t *testing.T) {
	s := start(t, "respond ready")
	page := "header / Link \"</app.css>; rel=preload; as=style\"\n" + folder
	file := filepath.Join(s.dir, "learned")
	for state, option := range map[string]string{"": "", file: "state %s/learned\n"} {
		s.load("casper {\n " + option + "}\n" + page)
		s.browser(1).navigate("/")
		s.load("casper {\n " + option + " learn_memory 1MiB\n}\n" + page)
		if got := known(state, "/"); !slices.Equal(got, []string{"/app.css"}) {
			t.Errorf("state %q: after a reload %q is known", state, got)
		}
	}
	s.stop()
	for _, tt := range []struct {
		option string
		kept   bool
	}{{"", false}, {"learn_from 1\n", true}} {
		directives := "casper {\n state %s/learned\n " + tt.option + "}\n" + page
		s.load(directives)
		s.browser(1).navigate("/")
		s.stop()
		text, err := os.ReadFile(file)
		if err != nil || strings.Contains(string(text), "/app.css") != tt.kept {
			t.Errorf("with %q one network's page is written: %v\n%s", tt.option, err, text)
		}
	}
}

// Hosts are learned of apart.
func TestHosts(t *testing.T) {
	s := start(t, "casper\n"+folder)
	s.teach("/", 8)
	evidences.Range(func(_, e any) bool {
		if got := e.(*evidence).site("other.example").source.Model.Wanted("/"); len(got) != 0 {
			t.Errorf("of another host, %d assets are known", len(got))
		}
		if a, b := e.(*evidence).site("Site.Example"), e.(*evidence).site(host); a != b {
			t.Error("a host in other letters is another host")
		}
		if got := e.(*evidence).site(strings.Repeat("x", 1000)); got != nil {
			t.Error("an absurd host is learned of")
		}
		for i := range 1000 {
			e.(*evidence).site(strings.Repeat("x", i%100) + ".example")
		}
		e.(*evidence).sites.CleanUp()
		if n := e.(*evidence).sites.EstimatedSize(); n > maxSites {
			t.Errorf("%d hosts are kept", n)
		}
		return true
	})
}

// A state file is written at the end and read at the beginning; one that is none is put
// aside.
func TestStateFile(t *testing.T) {
	s := start(t, "respond ready")
	directives := "casper {\n state %s/learned\n}\n" + folder
	file := filepath.Join(s.dir, "learned")
	s.load(directives)
	s.teach("/", 8)
	s.stop()
	written, err := os.Stat(file)
	if err != nil || written.Size() == 0 || written.Mode().Perm()&0o077 != 0 {
		t.Fatalf("%v, %v", written, err)
	}
	s.load(directives)
	s.browser(1).get("/app.css", "style")
	s.stop()
	if now, err := os.Stat(file); err != nil || !os.SameFile(now, written) {
		t.Errorf("written anew, with nothing new in it: %v", err)
	}
	s.load(directives)
	if got := known(file, "/"); !slices.Equal(got, both) {
		t.Errorf("after a restart %q is known", got)
	}
	if share := s.helped("/", both...); share < 0.5 {
		t.Errorf("after a restart %.0f %% of newcomers were helped", 100*share)
	}
	learningElse := "casper {\n state %s/learned\n learn_from 4\n}\n" + folder
	s.load(learningElse)
	if got := known(file, "/"); !slices.Equal(got, both) {
		t.Errorf("with another learn_from %q is known", got)
	}
	if err := s.tryLoad("casper /a {\n state %s/learned\n}\n" + learningElse); err == nil || !strings.Contains(err.Error(), "learned has another learn_from") {
		t.Errorf("two that share a state and learn otherwise: %v", err)
	}
	s.stop()
	s.write("learned", `{"casper":"learned model","version":9}`)
	s.load(directives)
	wantAnswer(t, s.browser(1).navigate("/"), 200, "the page")
	if text, err := os.ReadFile(file + ".broken"); string(text) != `{"casper":"learned model","version":9}` || !strings.Contains(s.log(), "begins anew") {
		t.Errorf("%q, %v", text, err)
	}
	s.write("package.json", `{"name":"shop"}`)
	if err := s.tryLoad("casper {\n state %s/package.json\n}\n" + folder); err == nil || !strings.Contains(err.Error(), "no model of casper") {
		t.Errorf("somebody's file: %v", err)
	}
	if err := s.tryLoad("casper {\n state %s/none/learned\n}\n" + folder); err == nil || !strings.Contains(err.Error(), "state: stat") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// With a Redis server, its last evidence is there for others when Caddy has ended.
func TestStateRedis(t *testing.T) {
	r := peer.StartRedis(t)
	t.Setenv("TEST_REDIS", r.URL()+"/?site=shop")
	s := start(t, "casper {\n state {env.TEST_REDIS}\n}\n"+folder)
	s.teach("/", 8)
	if got := known(r.URL()+"/?site=shop", "/"); !slices.Equal(got, both) {
		t.Errorf("learned %q", got)
	}
	s.stop()
	client := redis.NewClient(&redis.Options{Addr: r.Addr})
	defer client.Close()
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(keys, func(k string) bool { return strings.Contains(k, "{shop}") }) {
		t.Errorf("Redis holds %q", keys)
	}
	// One that is away stops nobody.
	r.Kill(t)
	s.load("casper {\n state {env.TEST_REDIS}\n}\n" + folder)
	wantAnswer(t, s.browser(1).navigate("/"), 200, "the page")
}

// What a state shares is keyed with its secret, else with its address, which the log says in one line. A secret
// that is too short, or for nobody, is refused.
func TestSecret(t *testing.T) {
	const secret, state = "correct-horse-battery-staple", "redis://127.0.0.1:1/?site=shop"
	t.Setenv("TEST_SECRET", secret)
	s := start(t, "respond ready")
	s.write("secret", secret+"\n")
	now, addr := time.Now(), netip.MustParseAddr("198.51.100.7")
	for option, want := range map[string]string{
		"": state, "secret {env.TEST_SECRET}\n": secret, "secret {file.%s/secret}\n": secret,
	} {
		s.load("casper {\n state " + state + "\n " + option + "}\n" + folder)
		m, err := learn.New(learn.Config{Secret: []byte(want)})
		if err != nil {
			t.Fatal(err)
		}
		evidences.Range(func(_, e any) bool {
			if got := e.(*evidence).one.source.Model.Client(addr, now); got != m.Client(addr, now) {
				t.Errorf("%q: not keyed with %s", option, want)
			}
			return true
		})
		s.load("respond ready")
	}
	if n := strings.Count(s.log(), "state: without secret"); n != 1 || strings.Contains(s.log(), secret) {
		t.Errorf("%d lines say that there is no secret, or one tells it:\n%s", n, s.log())
	}
	for options, want := range map[string]string{
		"state " + state + "\n secret short\n":                "secret is a text of 16 characters",
		"state " + state + "\n secret {env.TEST_NO_SECRET}\n": "secret: ",
		"state %s/learned\n secret " + secret + "\n":          "needs state redis://",
		"secret " + secret + "\n":                             "needs state redis://",
	} {
		if err := s.tryLoad("casper {\n " + options + "}\n" + folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", options, err)
		}
	}
}

// Counters are those of all handlers, and of what is learned.
func TestMetrics(t *testing.T) {
	s := start(t, "respond ready")
	s.rules("/")
	s.load("casper {\n manifest %s/rules\n state %s/learned\n}\nmetrics /metrics\nhandle /other {\n casper {\n max_assets 3\n }\n}\n" + folder)
	b := s.browser(1)
	b.visit("/")
	b.navigate("/")
	text := string(b.get("/metrics", "empty").Body)
	for _, want := range []string{`casper_assets_total{means="hint"} 2`, "casper_assets_held_total 2", "casper_cookies_total 1", `casper_learn_pages{state="` + s.dir + `/learned"}`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the metrics", want)
		}
	}
}
