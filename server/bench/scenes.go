package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server/h2client"
)

// A scene is one question, put to several servers.
type scene struct {
	name       string
	question   question
	twin       string // what servers without variants are asked for instead: a file of the length that casper sends
	proxied    bool
	contenders []contender
	goals      []goal
	cookie     bool // the client has been here before
}

// A goal is that casper answers at least so many times as fast as another server.
type goal struct {
	against string
	atLeast float64
}

// navigation is what Chromium sends with a navigation, as far as servers look at it.
var navigation = []string{
	"user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
	"accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
	"accept-language: en-GB,en;q=0.9",
	"sec-fetch-site: none", "sec-fetch-mode: navigate", "sec-fetch-user: ?1", "sec-fetch-dest: document",
}

// styleOf is what it sends for a style sheet of a page.
func styleOf(page string) []string {
	return []string{
		"user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
		"accept: text/css,*/*;q=0.1", "accept-language: en-GB,en;q=0.9",
		"sec-fetch-site: same-origin", "sec-fetch-mode: no-cors", "sec-fetch-dest: style",
		"referer: https://HOST" + page,
	}
}

func with(fields []string, more ...string) []string { return append(slices.Clone(fields), more...) }

var (
	folderPeers = []contender{{"http.FileServer", peerOf("file")}, {"Caddy", peerOf("caddy-file")}, {"nginx", nginx}, {"H2O", h2o}}
	proxyPeers  = []contender{{"ReverseProxy", peerOf("proxy")}, {"Caddy", peerOf("caddy-proxy")}, {"nginx", nginx}, {"H2O", h2o}}

	folderGoals = []goal{{"http.FileServer", 1}, {"Caddy", 1.3}}
	proxyGoals  = []goal{{"ReverseProxy", 0.97}, {"Caddy", 1.6}}
)

// scenes are the rows of the table.
func scenes() []scene {
	full := contender{"casper", casperWith()}
	unlearned := contender{"casper, no learning", casperWith("--learn", "off", "--no-html")}
	folder := slices.Concat([]contender{full, unlearned}, folderPeers)
	proxy := slices.Concat([]contender{full, unlearned}, proxyPeers)
	var all []scene
	for _, size := range []string{"lean", "long"} {
		at, of := "/"+size+".html", map[string]string{"lean": "5.5 kB", "long": "60 kB"}[size]
		all = append(all,
			scene{name: "folder, page of " + of + ", a program asks", question: question{at, nil}, contenders: folder, goals: folderGoals},
			scene{name: "folder, page of " + of + ", a browser's first view", question: question{at, navigation}, contenders: folder, goals: folderGoals},
			scene{name: "folder, page of " + of + ", its next view", question: question{at, navigation}, contenders: folder, goals: folderGoals, cookie: true},
		)
	}
	coded := with(navigation, "accept-encoding: gzip, deflate, br, zstd")
	all = append(all,
		scene{name: "folder, page of 60 kB, 14 kB by br, next view", question: question{"/packed.html", coded}, twin: "/twin.html", contenders: folder, goals: folderGoals, cookie: true},
		scene{name: "folder, page of 5.5 kB, any coding, next view", question: question{"/lean.html", coded}, contenders: folder, goals: folderGoals, cookie: true},
		scene{name: "folder, asset of 12 kB, a program asks", question: question{"/assets/s0.css", nil}, contenders: folder, goals: []goal{{"http.FileServer", 1.1}}},
		scene{name: "folder, asset of 12 kB, of a page", question: question{"/assets/s0.css", styleOf("/lean.html")}, contenders: folder, goals: []goal{{"http.FileServer", 1.1}}},
	)
	for _, size := range []string{"lean", "long"} {
		at, of := "/"+size+".html", map[string]string{"lean": "5.5 kB", "long": "60 kB"}[size]
		all = append(all,
			scene{name: "proxy, page of " + of + ", a browser's first view", question: question{at, navigation}, proxied: true, contenders: proxy, goals: proxyGoals},
			scene{name: "proxy, page of " + of + ", its next view", question: question{at, navigation}, proxied: true, contenders: proxy, goals: proxyGoals, cookie: true},
		)
	}
	return all
}

// servers runs the scenes and returns their table.
func servers(p *place, o options, progress func(string, ...any)) (string, error) {
	var chosen []scene
	for _, s := range scenes() {
		if o.only == nil || o.only.MatchString(s.name) {
			chosen = append(chosen, s)
		}
	}
	results := make([]result, len(chosen))
	for i, s := range chosen {
		progress("%s", s.name)
		var err error
		if results[i], err = p.play(s, o); err != nil {
			return "", fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return table(chosen, results), nil
}

// A result is the figures of each server, one of each round.
type result map[string][]figure

// median is that of a server's figures.
func (r result) median(name string) time.Duration {
	by := slices.Clone(r[name])
	slices.SortFunc(by, func(a, b figure) int { return cmp.Compare(a.perAnswer, b.perAnswer) })
	return by[len(by)/2].perAnswer
}

// ratio is how many times as long another server takes: the median over the rounds, in each of
// which both have had the same company on the machine.
func (r result) ratio(other, own string) float64 {
	var all []float64
	for i, f := range r[own] {
		all = append(all, float64(r[other][i].perAnswer)/float64(max(1, f.perAnswer)))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// play runs a scene: all servers at once, each asked in its turn.
func (p *place) play(s scene, o options) (result, error) {
	upstream := ""
	if s.proxied {
		app, err := p.start("application", func(addr string) (*exec.Cmd, error) {
			return exec.Command(p.self, "peer", "application", addr, p.cert, p.key, p.root), nil
		})
		if err != nil {
			return nil, err
		}
		defer app.stop()
		upstream = "http://" + app.addr
	}
	var running []*process
	var asked []question
	for _, c := range s.contenders {
		if o.servers != nil && !o.servers.MatchString(c.name) {
			continue
		}
		server, err := p.start(c.name, func(addr string) (*exec.Cmd, error) { return c.command(p, addr, upstream) })
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer server.stop()
		q := s.question
		if s.twin != "" && !strings.HasPrefix(c.name, "casper") {
			q.path = s.twin
		}
		q.fields = slices.Clone(q.fields)
		for i := range q.fields {
			q.fields[i] = strings.ReplaceAll(q.fields[i], "HOST", server.addr)
		}
		if q, err = p.visit(server, q, s); err != nil {
			return nil, err
		}
		running, asked = append(running, server), append(asked, q)
	}
	counts := make([]int, len(running))
	for i, server := range running { // as many as fill a turn
		counts[i] = 500
		if o.quick {
			continue
		}
		f, err := load(server, asked[i], 2_000, usual)
		if err != nil {
			return nil, err
		}
		counts[i] = max(500, min(200_000, int(turn/max(f.perAnswer, time.Microsecond))))
	}
	figures := make(result)
	for round := range o.rounds {
		for j := range running {
			i := j
			if round%2 == 1 {
				i = len(running) - 1 - j
			}
			profiled := p.profile != "" && running[i].name == "casper"
			if profiled {
				running[i].cmd.Process.Signal(syscall.SIGUSR1)
				time.Sleep(50 * time.Millisecond)
			}
			f, err := load(running[i], asked[i], counts[i], usual)
			if profiled {
				running[i].cmd.Process.Signal(syscall.SIGUSR2)
				time.Sleep(200 * time.Millisecond)
			}
			if err != nil {
				return nil, err
			}
			figures[running[i].name] = append(figures[running[i].name], f)
		}
	}
	return figures, nil
}

// turn is how much processor time a server takes in one turn.
const turn = time.Second / 8

// visit asks a few times, as one client, sees that the answer is right, and returns the question
// with the cookie that the client has got, if it keeps one. Whatever the server remembers, it
// remembers now.
func (p *place) visit(server *process, q question, s scene) (question, error) {
	client, err := h2client.Dial(server.addr, h2client.Options{TLS: insecure, Settings: noPush})
	if err != nil {
		return q, err
	}
	defer client.Close()
	name := strings.TrimPrefix(q.path, "/")
	cookie := ""
	for range 4 {
		request := h2client.Request{Path: q.path}
		for _, f := range q.fields {
			name, value, _ := strings.Cut(f, ": ")
			request.Header = append(request.Header, hpack.HeaderField{Name: name, Value: value})
		}
		if cookie != "" {
			request.Cookies = []string{cookie}
		}
		x, err := client.Do(request)
		if err != nil {
			return q, fmt.Errorf("%s: %w", server.name, err)
		}
		want, err := p.bodyOf(name, x.Header.Get("content-encoding"))
		if err != nil {
			return q, err
		}
		if x.Status() != 200 || string(x.Body) != want {
			return q, fmt.Errorf("%s: %s: status %d, %d bytes, not the %d of the file", server.name, q.path, x.Status(), len(x.Body), len(want))
		}
		if set := x.Header.Get("set-cookie"); set != "" && s.cookie {
			cookie, _, _ = strings.Cut(set, ";")
		}
	}
	if cookie != "" {
		q.fields = with(q.fields, "cookie: "+cookie)
	}
	return q, nil
}

// bodyOf is what the answer's body has to be.
func (p *place) bodyOf(name, coding string) (string, error) {
	if coding == "br" {
		name += ".br"
	}
	text, err := os.ReadFile(filepath.Join(p.root, filepath.FromSlash(name)))
	return string(text), err
}

// noPush refuses pushes, as browsers and h2load do.
var noPush = []http2.Setting{{ID: http2.SettingEnablePush, Val: 0}, {ID: http2.SettingInitialWindowSize, Val: 1 << 20}}
