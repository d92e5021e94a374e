package server

import (
	"net/http"
	"slices"

	"github.com/cache-aware/casper/server/internal/httpfacts"
)

// A Silence is why nothing went ahead of a page: the first reason of those that apply.
type Silence uint8

const (
	NotSilent      Silence = iota // something went ahead, or no page was asked for
	SilentByPolicy                // Policy has neither pushes nor hints
	SilentProtocol                // HTTP/1 carries neither
	SilentProgram                 // no browser's navigation; see Policy.HintPrograms
	SilentReload                  // a reload, or the client wants no hints
	SilentWriter                  // a middleware's writer hides the server's, which would send a 103
	SilentTrouble                 // the page's latest answers were redirects or errors
	SilentUnknown                 // nothing was known of the page: the first answer teaches it
	SilentPersonal                // its answers are for one visitor each, and no two networks' agree yet
	SilentNothing                 // its answers link nothing, and no source names anything
	SilentHeld                    // the client holds all of it
	SilentLeft                    // each asset was left out, for the reason in Exchange.Plan
)

// String says it in a few words.
func (s Silence) String() string {
	return word(uint8(s), "Silence", "not silent", "push and hints are off", "HTTP/1 carries no hints", "no browser's navigation", "a reload",
		"a middleware hides the server's writer", "the latest answers were redirects or errors", "not known yet",
		"private, and no two networks' answers agree yet", "nothing is wanted", "the client holds it all", "each asset was left out")
}

// silence returns why nothing went ahead of the request's page, which has been answered.
func (w *response) silence() Silence {
	x, f := w.exchange, w.facts()
	ahead := func(v Verdict) bool { return v.Means == ByPush || v.Means == ByHint }
	if !f.page || w.pushed || w.r.Method != http.MethodGet || x.hinted || slices.ContainsFunc(x.sent, ahead) {
		return NotSilent
	}
	if w.status != http.StatusOK || !httpfacts.IsHTML(httpfacts.ContentType(w.Header(), nil)) {
		return NotSilent
	}
	if !f.pushable || x.refused {
		if s := w.unhinted(); s != NotSilent {
			return s
		}
	}
	return x.silent
}

// unhinted returns why the request takes no 103.
func (w *response) unhinted() Silence {
	p := &w.h.Policy
	navigates, said := httpfacts.Navigates(w.r.Header)
	switch {
	case p.NoHints:
		return SilentByPolicy
	case w.r.ProtoMajor < 2:
		return SilentProtocol
	case httpfacts.RefusesHints(w.r.Header):
		return SilentReload
	case !navigates && (said || !p.HintPrograms):
		return SilentProgram
	case w.informer() == nil:
		return SilentWriter
	}
	return NotSilent
}

// silentAhead returns why nothing is wanted ahead of a page that f is of.
func silentAhead(f *facts) Silence {
	if f.known != nil && f.known.Concluded() == nil {
		return SilentPersonal
	}
	return SilentNothing
}

// silentPlan returns why none of the verdicts sends anything.
func silentPlan(plan []Verdict) Silence {
	for _, v := range plan {
		if v.Reason != ReasonHeld && v.Reason != ReasonSent {
			return SilentLeft
		}
	}
	return SilentHeld
}
