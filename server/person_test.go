package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// What an answer for one visitor links goes ahead of that visitor's next view, and of nobody
// else's.
func TestOwnAnswers(t *testing.T) {
	const one, same, other = "10.1.0.7:1", "10.1.0.9:2", "10.2.0.7:1"
	type view struct {
		from, fields string // of the request
		answer       string // more fields of the answer
		ahead        bool
	}
	private := "Cache-Control: private"
	for _, tt := range []struct {
		name  string
		views []view
	}{
		{"no cookie", []view{{one, "", private, false}, {one, "", private, true}, {same, "", private, true}}},
		{"not another network's", []view{{one, "", private, false}, {other, "", private, false}}},
		{"once two networks agree everybody's", []view{{one, "", private, false}, {other, "", private, false}, {"10.3.0.7:1", "", private, true}}},
		{"a session", []view{{one, "Cookie: s=1", private, false}, {one, "Cookie: s=1", private, true}}},
		{"another session", []view{{one, "Cookie: s=1", private, false}, {one, "Cookie: s=2", private, false}}},
		{"no session", []view{{one, "Cookie: s=1", private, false}, {one, "", private, false}}},
		{"a part of a session", []view{{one, "Cookie: s=1; t=2", private, false}, {one, "Cookie: s=1", private, false}, {one, "Cookie: t=2", private, false}}},
		{"cookies in another order", []view{{one, "Cookie: s=1; t=2", private, false}, {one, "Cookie: t=2;  s=1", private, true}}},
		{"cookies on lines of their own", []view{{one, "Cookie: s=1; t=2", private, false}, {one, "Cookie: t=2|Cookie: s=1", private, true}}},
		{"our own cookie and those of analytics change", []view{{one, "Cookie: s=1; h2o_casper=A; _ga=1", private, false}, {one, "Cookie: s=1; _ga=2; _ga_ABC=3", private, true}}},
		{"the session that the answer began", []view{{one, "", "Set-Cookie: s=1; Path=/; HttpOnly", false}, {one, "Cookie: s=1", "", true}}},
		{"whoever comes without it", []view{{one, "", "Set-Cookie: s=1", false}, {one, "", "Set-Cookie: s=2", true}, {one, "Cookie: s=2", private, true}, {one, "Cookie: s=3", private, false}}},
		{"a session that changes with each answer", []view{
			{one, "", "Set-Cookie: s=1; Max-Age=60", false}, {one, "Cookie: t=9; s=1", "Set-Cookie: s=2", false}, {one, "Cookie: t=9; s=2", "Set-Cookie: s=3", true}, {one, "Cookie: t=9; s=3", private, true}}},
		{"the session that the answer ended", []view{{one, "Cookie: s=1; t=2", "Set-Cookie: s=; Max-Age=0", false}, {one, "Cookie: t=2", private, true}}},
		{"that ended long ago", []view{{one, "Cookie: s=1", "Set-Cookie: s=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", false}, {one, "", private, true}}},
		{"a cookie twice: the last counts", []view{{one, "", "Set-Cookie: s=1|Set-Cookie: s=2", false}, {one, "Cookie: s=1", private, false}, {one, "Cookie: s=2", private, true}}},
		{"Authorization", []view{{one, "Authorization: Basic eDp5", "", false}, {one, "Authorization: Basic eDp5", "", true}}},
		{"another Authorization", []view{{one, "Authorization: Basic eDp5", "", false}, {one, "Authorization: Basic eDp6", "", false}, {one, "", private, false}}},
		{"what is no longer private", []view{{one, "Cookie: s=1", private, false}, {one, "Cookie: s=1", "", true}, {one, "Cookie: s=2", "", true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var now view
			a := newAhead(func(w http.ResponseWriter, r *http.Request) {
				addLines(w.Header(), now.answer)
				answer(w, 200, "/a.css")
			})
			for i, v := range tt.views {
				now = v
				r := request("/", browser...)
				r.RemoteAddr = v.from
				addLines(r.Header, v.fields)
				if got := a.of(r); (len(got) > 0) != v.ahead {
					t.Errorf("view %d, %+v: %q went ahead", i, v, got)
				}
			}
		})
	}
}

func addLines(h http.Header, lines string) {
	for line := range strings.SplitSeq(lines, "|") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h.Add(name, value)
		}
	}
}

// A visitor's own answers change what is his alone: what he is linked, that he is linked nothing
// any more, and that the page has been forgotten.
func TestOwnAnswersChange(t *testing.T) {
	links := []string{"/a.css"}
	a := newAhead(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private")
		answer(w, 200, append(links, "/"+r.Header.Get("Cookie")+".css")...)
	})
	a.h.Policy.NoHints = true
	visit := func(path string, who int) []string {
		r := request(path, append(browser, fmt.Sprintf("Cookie: s=%d", who))...)
		r.RemoteAddr = "10.0.0.1:1"
		return a.of(r)
	}
	check := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", what, got, want)
		}
	}
	visit("/", 1)
	visit("/", 2)
	check("the first", visit("/", 1), "/a.css", "/s=1.css")
	check("the second", visit("/", 2), "/a.css", "/s=2.css")
	check("another query", visit("/?q", 1))
	check("the same query", visit("/?q", 1), "/a.css", "/s=1.css")
	links = []string{"/b.css"}
	visit("/", 1)
	check("after a deploy", visit("/", 1), "/b.css", "/s=1.css")
	if !a.h.Forget("", "/") {
		t.Error("there was nothing to forget")
	}
	check("forgotten", visit("/", 1))
	check("forgotten with its query", visit("/?q", 1))
	check("and begun anew", visit("/", 1), "/b.css", "/s=1.css")
	a.h.ForgetAll()
	check("all forgotten", visit("/", 1))
}
