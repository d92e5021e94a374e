//go:build !noserver

package main

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/replay"
	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/signals"
)

func newExplainPage(t *tool) *cobra.Command {
	var f replayFlags
	var value string
	var from adminOf
	cmd := &cobra.Command{
		Use:   "explain-page URL [HAR|LOG...]",
		Short: "Tell why an asset would or would not be sent ahead of a page",
		Long: `Tells for each asset that was seen on the page at URL, or is declared for it, whether
it would go out ahead of the page, and why. What is known comes from --state, what
serve has learned, from files as in replay, or both; or from --admin, a server that runs,
which alone knows how many networks asked today and what it was not allowed to keep.

Without --cookie, the client is one that holds nothing.`,
		Example: `  casper explain-page /shop/ --state learned.casper
  casper explain-page https://www.example.com/shop/ access.log --cookie qF0
  casper explain-page /shop/ --admin http://127.0.0.1:9090
  casper explain-page /shop/ --state redis://127.0.0.1:6379 --json`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("give a URL")
			}
			return t.explainPage(&f, &from, args[0], value, args[1:])
		}),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&from.url, "admin", "", "ask the server whose --admin is at this `URL`")
	flags.StringVar(&from.token, "admin-token", "", "show --admin the token in this `file`")
	flags.StringVar(&value, "cookie", "", "the client's fingerprint is this `value`")
	f.register(cmd)
	return cmd
}

// A fate is what becomes of one asset.
type fate struct {
	learn.Reason
	As      string `json:"as"`
	Sent    bool   `json:"sent"`
	Because string `json:"because"`
}

// A pageExplanation is what is printed of a page.
type pageExplanation struct {
	learn.Explanation
	Silent string `json:"silent,omitempty"` // why nothing goes ahead of it
	Assets []fate `json:"assets"`
}

// silent is why nothing goes ahead of a page: what most of its assets lack.
func silent(x *learn.Explanation, fates []fate) string {
	most, reasons := "", map[string]int{}
	for _, f := range fates {
		if f.Sent {
			return ""
		}
		if reasons[f.Because]++; reasons[f.Because] > reasons[most] {
			most = f.Because
		}
	}
	switch {
	case x.From == "" && x.Views == 0:
		return "no view of it was seen, nor enough of its section"
	case len(fates) == 0:
		return "nothing that it needs was seen"
	case reasons[most] == len(fates):
		return most
	}
	return fmt.Sprintf("%s (%d of %s)", most, reasons[most], count(len(fates), "asset"))
}

func (t *tool) explainPage(f *replayFlags, from *adminOf, target, value string, files []string) error {
	switch {
	case from.url == "" && from.token != "":
		return usagef("--admin-token is for --admin URL")
	case from.url != "" && (f.state != "" || len(files) > 0):
		return usagef("--admin asks a server: give no --state and no files besides")
	case from.url == "" && f.state == "" && len(files) == 0:
		return usagef("nothing is known: give --state, --admin, a HAR file or a log")
	}
	if err := f.check(); err != nil {
		return err
	}
	if _, err := casper.Parse(value, casper.Params{CapacityBits: f.capacityBits}); err != nil {
		return fmt.Errorf("--cookie: %w", err)
	}
	page, err := replay.PageOf(&signals.Reader{Query: f.query}, target)
	if err != nil {
		return usageError{err}
	}
	if u, err := url.Parse(target); err == nil && u.Host != "" && len(f.hosts) == 0 {
		f.hosts = []string{u.Host}
	}
	var x learn.Explanation
	var wanted []learn.Prediction
	other := "" // the host that was asked for instead
	if from.url != "" {
		if x, err = from.explain(page); err != nil {
			return fmt.Errorf("--admin: %w", err)
		}
		wanted = predictions(&x)
	} else {
		p, _, err := t.runReplay(f, files)
		if err != nil {
			return err
		}
		p.End()
		x, wanted, other = p.Model().Explain(page), p.Model().Wanted(page), p.OtherHost()
	}
	plan, err := replay.Ahead(f.config(), target, value, sendable(x, wanted))
	if err != nil {
		return err
	}
	fates := f.fates(x, plan)
	switch {
	case other != "":
		t.nothing("no request was for %s, but some for %s; see --host", f.hosts[0], other)
	case x.From == "" && x.Views == 0:
		t.nothing("%s: no view of it was seen, nor enough of its section", x.Page)
	}
	e := pageExplanation{Explanation: x, Silent: silent(&x, fates), Assets: fates}
	if f.json {
		return t.printJSON(e)
	}
	t.pageText(&e)
	return nil
}

// sendable is what a model would send ahead of a page to everybody: nothing while the page is in
// trouble or in doubt.
func sendable(x learn.Explanation, wanted []learn.Prediction) []learn.Prediction {
	if x.State == "in trouble" || x.State == "in doubt" {
		return nil
	}
	return wanted
}

// fates says what becomes of each asset, and why: first those that are sent, in their order, and
// then the others.
func (f *replayFlags) fates(x learn.Explanation, plan []server.Verdict) []fate {
	sent, left := make([]fate, len(plan)), []fate{}
	for _, r := range x.Assets {
		g := fate{Reason: r, As: r.Asset.As, Because: r.Why}
		if r.Alone {
			g.Because += "; --learn-from 1 to try it alone"
		}
		i := slices.IndexFunc(plan, func(v server.Verdict) bool { return v.Asset.Path == r.Path })
		switch {
		case i >= 0 && plan[i].Means != server.ByNothing:
			g.Sent = true
			sent[i] = g
			continue
		case i >= 0:
			g.Because = notSent(plan[i].Reason, f)
		case r.Wanted:
			g.Because = "the page is " + x.State + ": nothing is sent ahead of it"
		}
		left = append(left, g)
	}
	sent = slices.DeleteFunc(sent, func(g fate) bool { return !g.Sent })
	return append(sent, left...)
}

// notSent is why the policy leaves out what the model wants.
func notSent(why server.Reason, f *replayFlags) string {
	switch why {
	case server.ReasonHeld:
		return "wanted, but the cookie says that the client holds it"
	case server.ReasonOverCount:
		return fmt.Sprintf("wanted, but %s sent before it (--max-assets)", are(f.maxAssets))
	case server.ReasonOverBytes:
		return "wanted, but there is no room left (--max-bytes)"
	case server.ReasonUnable:
		return "wanted, but it cannot go out this way: the cookie does not remember it, or no browser acts on it"
	}
	return "wanted, but " + why.String()
}

func are(n int) string {
	if n == 1 {
		return "1 is"
	}
	return fmt.Sprintf("%d are", n)
}

func (t *tool) pageText(e *pageExplanation) {
	w, ink := t.stdout, sheet{color: t.color}
	fmt.Fprintf(w, "page    %s\n", clean(e.Page))
	switch {
	case e.From == "" && e.Views == 0:
		fmt.Fprintf(w, "state   unknown: %s\n", e.Silent)
		return
	case e.From == "":
		fmt.Fprintf(w, "state   unknown: too little is known after %s\n", count(int(e.Views), "view"))
	case e.From != e.Page:
		fmt.Fprintf(w, "state   %s, as pages of its section: %s, %s\n", e.State, clean(e.From), count(int(e.Views), "view"))
	default:
		fmt.Fprintf(w, "state   %s, %s\n", e.State, count(int(e.Views), "view"))
	}
	if e.Fails > 0 {
		fmt.Fprintf(w, "fails   %.2f of late answers were redirects or errors\n", e.Fails)
	}
	if e.Silent != "" {
		fmt.Fprintf(w, "silent  %s\n", clean(e.Silent))
	}
	for i := range e.Assets {
		a := &e.Assets[i]
		mark := ink.in(dim, "no  ")
		if a.Sent {
			mark = ink.in(green, "send")
		}
		fmt.Fprintf(w, "\n%s  %s\n", mark, clean(a.Path))
		fmt.Fprintf(w, "      %s\n", a.Because)
		fmt.Fprintf(w, "      used by %.2f of views, give or take %.2f; %s\n", a.Probability, a.Deviation, today(a))
		if a.Sent && a.HoldOut > 0 {
			fmt.Fprintf(w, "      withheld from %.1f %% of views besides, to stay sure of it\n", 100*a.HoldOut)
		}
	}
}

// today is how many clients vouch for an asset. A snapshot does not hold that.
func today(a *fate) string {
	if a.For+a.Against == 0 {
		return fmt.Sprintf("%.3g views could tell", a.Views)
	}
	return fmt.Sprintf("%.3g views could tell; today %s for it and %d against", a.Views, count(a.For, "client"), a.Against)
}
