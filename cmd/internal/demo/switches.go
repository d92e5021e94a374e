package demo

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// switches are what the page's links turn on and off: parameters of its URL.
type switches struct {
	push  string        // "" is everything
	think time.Duration // how long the server pretends to work
}

// longest is the longest that a visitor may let the server think.
const longest = 2 * time.Second

func switchesOf(q url.Values) (s switches) {
	switch p := q.Get("push"); p {
	case "css", "js", "none":
		s.push = p
	}
	if ms, err := strconv.ParseUint(q.Get("think"), 10, 16); err == nil {
		s.think = min(time.Duration(ms)*time.Millisecond, longest)
	}
	return s
}

// readSwitches reads those of a link to the page. Whatever else it says is left out: it comes
// from a form that anybody can write.
func readSwitches(link string) switches {
	_, query, _ := strings.Cut(link, "?")
	q, _ := url.ParseQuery(query)
	return switchesOf(q)
}

// url is the page with these switches.
func (s switches) url() string {
	q := url.Values{}
	if s.push != "" {
		q.Set("push", s.push)
	}
	if s.think > 0 {
		q.Set("think", strconv.FormatInt(s.think.Milliseconds(), 10))
	}
	if len(q) == 0 {
		return "/"
	}
	return "/?" + q.Encode()
}

// A choice is one position of a switch.
type choice struct {
	Text, URL string
	On        bool
}

type group struct {
	Label   string
	Choices []choice
}

func (s switches) groups() []group {
	push, think := group{Label: "Send ahead:"}, group{Label: "Server thinks for:"}
	for _, p := range []struct{ value, text string }{{"", "all"}, {"css", "css"}, {"js", "js"}, {"none", "none"}} {
		other := s
		other.push = p.value
		push.Choices = append(push.Choices, choice{p.text, other.url(), p.value == s.push})
	}
	for _, t := range []time.Duration{0, 300 * time.Millisecond, time.Second} {
		other := s
		other.think = t
		think.Choices = append(think.Choices, choice{strconv.FormatInt(t.Milliseconds(), 10) + " ms", other.url(), t == s.think})
	}
	return []group{push, think}
}
