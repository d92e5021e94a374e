package e2e

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cache-aware/casper/server/internal/peer"
)

// program runs a client and returns what it printed on both outputs.
func program(t testing.TB, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, peer.Find(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// A folder is a site of files, as casper serve DIR serves it.
func folder(t testing.TB) string {
	dir := t.TempDir()
	write(t, dir, "index.html", `<!doctype html><title>page</title><link rel="stylesheet" href="/a.css"><script src="/b.js"></script>`)
	write(t, dir, "a.css", "p { margin: 0 }")
	write(t, dir, "b.js", "document.title += ', run'")
	return dir
}

func write(t testing.TB, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A client visits a page with a cookie, "" for none, and says what was sent ahead of it and the
// cookie that it has then.
type client func(t *testing.T, url, cookie string) (ahead []string, next string)

// Three programs visit a folder three times: everything, nothing, and after one file was
// changed on disk that one file.
func TestThreeVisits(t *testing.T) {
	for _, c := range []struct {
		name  string
		visit client
	}{{"node", nodePush}, {"nghttp", nghttpPush}, {"curl", curlHint}} {
		t.Run(c.name, func(t *testing.T) {
			peer.Find(t, c.name)
			dir := folder(t)
			s := serve(t, dir)
			url := "https://" + s.addr + "/"
			// What a page names is found when it is first answered: too late for a 103.
			c.visit(t, url, "")
			cookie := ""
			for _, v := range []struct {
				when string
				want []string
			}{
				{"first", []string{"/a.css", "/b.js"}},
				{"second", nil},
				{"third, after a change of /a.css,", []string{"/a.css"}},
				{"fourth", nil},
			} {
				if len(v.want) == 1 {
					write(t, dir, "a.css", "p { margin: 0; color: navy }")
				}
				ahead, next := c.visit(t, url, cookie)
				if slices.Sort(ahead); !slices.Equal(ahead, v.want) {
					t.Errorf("the %s visit was sent %q, want %q", v.when, ahead, v.want)
				}
				if (next != "") != (len(v.want) > 0) {
					t.Errorf("the %s visit set the cookie %q", v.when, next)
				}
				if next != "" {
					cookie = next
				}
			}
		})
	}
}

// nodeAnswer is what client.js prints.
type nodeAnswer struct {
	Pushed []string
	Early  []struct {
		Status int
		Link   any
	}
	Header map[string]any
	Body   string
}

func node(t *testing.T, url, cookie, mode string) (a nodeAnswer) {
	t.Helper()
	fields := map[string]string{"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
	if cookie != "" {
		fields["cookie"] = cookie
	}
	args, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	out := program(t, "node", filepath.Join("..", "testdata", "client.js"), url, string(args), mode)
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(a.Body, "<title>page") {
		t.Errorf("the page is %q", a.Body)
	}
	return a
}

// nodePush is Node's http2 client, which takes pushes.
func nodePush(t *testing.T, url, cookie string) (ahead []string, next string) {
	a := node(t, url, cookie, "push")
	if len(a.Early) > 0 {
		t.Errorf("pushed and hinted: %v", a.Early)
	}
	if set, ok := a.Header["set-cookie"].([]any); ok && len(set) == 1 {
		next, _, _ = strings.Cut(set[0].(string), ";")
	}
	return a.Pushed, next
}

// nghttpPush is nghttp, which takes pushes too.
func nghttpPush(t *testing.T, url, cookie string) (ahead []string, next string) {
	var flags []string
	if cookie != "" {
		flags = append(flags, "-Hcookie: "+cookie)
	}
	x := peer.Nghttp(t, url, flags...)[0]
	next, _, _ = strings.Cut(x.Header.Get("set-cookie"), ";")
	return x.Pushed(), next
}

var (
	interim   = regexp.MustCompile(`(?m)^< HTTP/2 103`)
	final     = regexp.MustCompile(`(?m)^< HTTP/2 200`)
	linkField = regexp.MustCompile(`(?m)^< link: <([^>]+)>`)
	setCookie = regexp.MustCompile(`(?m)^< set-cookie: ([^;]+)`)
)

// curlHint is curl, which refuses pushes, saying what browsers say: it gets one 103.
func curlHint(t *testing.T, url, cookie string) (ahead []string, next string) {
	args := []string{"-ksv", "--http2", "-HSec-Fetch-Mode: navigate", "-HSec-Fetch-Dest: document", url}
	if cookie != "" {
		args = append(args, "-HCookie: "+cookie)
	}
	out := program(t, "curl", args...)
	answer := final.FindStringIndex(out)
	if answer == nil || !strings.Contains(out, "<title>page") {
		t.Fatalf("no page:\n%s", out)
	}
	before := out[:answer[0]]
	for _, m := range linkField.FindAllStringSubmatch(before, -1) {
		ahead = append(ahead, m[1])
	}
	if got := len(interim.FindAllString(out, -1)); got > 1 || got == 1 != (len(ahead) > 0) {
		t.Errorf("%d interim answers naming %q:\n%s", got, ahead, out)
	}
	if setCookie.MatchString(before) {
		t.Errorf("a cookie before the answer:\n%s", out)
	}
	if m := setCookie.FindStringSubmatch(out); m != nil {
		next = m[1]
	}
	return ahead, next
}

// Node that refuses pushes gets its 103, and the page after it.
func TestNodeHint(t *testing.T) {
	peer.Find(t, "node")
	url := "https://" + serve(t, folder(t)).addr + "/"
	node(t, url, "", "nopush")
	a := node(t, url, "", "nopush")
	if len(a.Pushed) > 0 || len(a.Early) != 1 || a.Early[0].Status != 103 || a.Early[0].Link == nil {
		t.Errorf("pushed %q, hints %v", a.Pushed, a.Early)
	}
}
