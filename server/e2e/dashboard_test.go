package e2e

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server/internal/peer"
)

// A window shows a page to a person, in either browser.
type window interface {
	name() string
	open(url string)
	eval(script string, value any) // an expression
	press(keys ...string)
	size(width, height int)
	dark(bool)
	shot() []byte
}

// What both browsers call these keys.
const keyTab, keyEnter = "Tab", "Enter"

type chromiumWindow struct{ *visitor }

func (w chromiumWindow) name() string { return "chromium" }

func (w chromiumWindow) do(what string, a ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, a...); err != nil {
		w.t.Fatalf("chromium, %s: %v", what, err)
	}
}

// forget makes a visitor one who holds nothing.
func (w chromiumWindow) forget() {
	w.do("forget", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.ClearBrowserCache, cdp.Empty{})
		if err == nil {
			_, err = cdp.Call(ctx, t, network.ClearBrowserCookies, cdp.Empty{})
		}
		return err
	}))
}

func (w chromiumWindow) open(url string) { w.do(url, chromedp.Navigate(url)) }

func (w chromiumWindow) eval(script string, value any) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("JSON.stringify("+script+") || 'null'"))
	if err == nil && value != nil {
		err = json.Unmarshal([]byte(text), value)
	}
	if err != nil {
		w.t.Fatalf("chromium, %s: %v", script, err)
	}
}

func (w chromiumWindow) press(keys ...string) {
	for _, k := range keys {
		w.do(k, chromedp.KeyEvent(map[string]string{keyTab: kb.Tab, keyEnter: kb.Enter}[k]))
	}
}

func (w chromiumWindow) size(width, height int) {
	w.do("size", chromedp.EmulateViewport(int64(width), int64(height)))
}

func (w chromiumWindow) dark(yes bool) {
	value := "light"
	if yes {
		value = "dark"
	}
	w.do("scheme", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
		})
		return err
	}))
}

func (w chromiumWindow) shot() []byte {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		w.t.Fatal(err)
	}
	return png
}

type firefoxWindow struct{ *firefox }

func (w firefoxWindow) name() string { return "firefox" }

func (w firefoxWindow) open(url string) {
	w.t.Helper()
	w.do("WebDriver:Navigate", map[string]any{"url": url}, nil)
}

func (w firefoxWindow) eval(script string, value any) {
	w.t.Helper()
	var text string
	w.run("return JSON.stringify("+script+") || 'null'", &text)
	if value != nil {
		if err := json.Unmarshal([]byte(text), value); err != nil {
			w.t.Fatalf("firefox, %s: %v", script, err)
		}
	}
}

func (w firefoxWindow) press(keys ...string) {
	w.t.Helper()
	var actions []map[string]any
	for _, k := range keys {
		value := map[string]string{keyTab: "\uE004", keyEnter: "\uE007"}[k]
		actions = append(actions, map[string]any{"type": "keyDown", "value": value}, map[string]any{"type": "keyUp", "value": value})
	}
	w.do("WebDriver:PerformActions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "keys", "actions": actions}}}, nil)
}

// size gives the page so much room; a window has edges, too.
func (w firefoxWindow) size(width, height int) {
	w.t.Helper()
	for range 3 {
		w.privileged(fmt.Sprintf("const b = window.gBrowser.selectedBrowser; b.style.minWidth = 0; b.style.maxWidth = '%dpx'; setTimeout(arguments[0], 50)", width), nil) // a window is never as narrow as a telephone
		var inner, outer [2]int
		w.eval("[innerWidth, innerHeight]", &inner)
		if inner == [2]int{width, height} {
			return
		}
		w.eval("[outerWidth, outerHeight]", &outer)
		w.do("WebDriver:SetWindowRect", map[string]any{"width": max(width, width+outer[0]-inner[0]), "height": height + outer[1] - inner[1]}, nil)
	}
}

func (w firefoxWindow) dark(yes bool) {
	scheme := 1
	if yes {
		scheme = 0
	}
	w.privileged(fmt.Sprintf("Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', %d); setTimeout(arguments[0], 100)", scheme), nil)
}

func (w firefoxWindow) shot() []byte { return w.screenshot() }

// reporting is a page that reports how long it took.
const reporting = `<!doctype html><html lang="en"><title>shop</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/base.css"><link rel="stylesheet" href="/theme.css"><script src="/app.js"></script>
<script src="/casper-timing" async></script><h1>The shop</h1><p>Here it is.`

// contrast lists the texts that stand out too little from what is behind them: less than 4.5 to 1 (WCAG 2.2, 1.4.3).
const contrast = `(() => {
	const of = (c) => { const m = c.match(/[\d.]+/g).map(Number); return {rgb: m.slice(0, 3), alpha: m.length > 3 ? m[3] : 1}; };
	const light = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
	const found = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n; n = walk.nextNode();) {
		const e = n.parentElement;
		if (!n.textContent.trim() || e.closest("script, style, noscript, dialog:not([open]), svg") || !e.checkVisibility()) continue;
		let behind = e;
		while (behind.parentElement && of(getComputedStyle(behind).backgroundColor).alpha < 1) behind = behind.parentElement;
		const a = light(of(getComputedStyle(e).color).rgb), b = light(of(getComputedStyle(behind).backgroundColor).rgb);
		const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
		if (ratio < 4.5) found.push(ratio.toFixed(2) + ": " + n.textContent.trim().slice(0, 40));
	}
	return found;
})()`

// The dashboard in both browsers, after visitors who report how long pages took: the three questions are answered,
// pages show their assets and both waterfalls, switches work by mouse and keyboard, all is legible in light and dark,
// at 390 to 1,600 pixels, and what changes shows by itself.
func TestDashboard(t *testing.T) {
	peer.Find(t, "chromium")
	peer.Find(t, "firefox-esr")
	o := newOrigin(think)
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && r.URL.Path != "/shop/" {
			o.ServeHTTP(w, r)
			return
		}
		time.Sleep(o.Think)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, reporting)
	})
	switches := filepath.Join(t.TempDir(), "switches")
	s := serve(t, "--proxy", "http://"+serveHTTP(t, app), "--admin", "127.0.0.1:0", "--beacon", "/casper-timing", "--control", "0.5", "--switches", switches, "--trust-proxy", "127.0.0.1/32")
	b := startChromium(t, s.spki)
	f := firefoxWindow{startFirefox(t, nil)}
	url := "https://" + distance(t, s.addr, "") + "/"
	guest := openVisitor(t, b)
	come := func() {
		chromiumWindow{guest}.forget()
		guest.visit(url)
		time.Sleep(600 * time.Millisecond) // another view, and not the same; and its report
	}
	// Real browsers, until there is a picture of either kind.
	var board struct {
		Gain struct {
			Views, Hinted, Control int
			Sooner                 struct{ By string }
			Groups                 struct{ Browser [2]int }
		}
	}
	visits := 0
	for came := [2]int{}; came[0] == 0 || came[1] == 0; came = board.Gain.Groups.Browser {
		if visits++; visits > 20 {
			t.Fatalf("after %d visits: %+v", visits, board)
		}
		come()
		admin(t, s, "/board", &board)
	}
	chromium := board.Gain.Groups.Browser
	for range 2 {
		f.forget()
		f.open(url)
		time.Sleep(600 * time.Millisecond)
	}
	admin(t, s, "/board", &board)
	t.Logf("reports of views with hints and without: %v by Chromium in %d visits, %v with Firefox", chromium, visits, board.Gain.Groups.Browser)
	if got := board.Gain.Groups.Browser; got[0]+got[1] < chromium[0]+chromium[1]+2 {
		t.Errorf("Firefox did not report: %v, then %v", chromium, got)
	}
	// Many visitors whose pages are ready 200 ms sooner with a 103.
	var crowd sync.WaitGroup
	for turn := range 8 {
		crowd.Go(func() {
			for i := range 10 {
				c := dial(t, s)
				from := fmt.Sprintf("10.%d.%d.1", 20+turn, i)
				x := ask(t, c, []string{"/", "/", "/shop/"}[i%3], from, "document", "navigate", "")
				c.Close()
				_, ticket, _ := strings.Cut(strings.Join(x.Header.Values("server-timing"), ""), `casper;desc="`)
				ready := 700 + 10*i
				if len(x.Early) > 0 {
					ready -= 200
				}
				if ticket = strings.TrimSuffix(ticket, `"`); ticket != "" {
					report(t, "https://"+s.addr, fmt.Sprint(ticket, " ", ready))
				}
			}
		})
	}
	crowd.Wait()
	c := dial(t, s)
	for range 3 { // a page with nothing, and programs
		ask(t, c, "/nowhere", "10.9.0.1", "document", "navigate", "")
		ask(t, c, "/shop/", "10.9.0.2", "empty", "cors", "")
	}
	time.Sleep(6 * time.Second) // views are counted when their time is over
	admin(t, s, "/board", &board)
	t.Logf("%+v", board)
	for _, w := range []window{chromiumWindow{openVisitor(t, b)}, f} {
		t.Run(w.name(), func(t *testing.T) { tryDashboard(t, s, w, come) })
	}
}

// report is what the script does.
func report(t *testing.T, site, text string) {
	r, err := http.NewRequest("POST", site+"/casper-timing", strings.NewReader(text))
	if err != nil {
		t.Error(err)
		return
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := anyCertificate.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Errorf("the report %q: %s", text, resp.Status)
	}
}

var anyCertificate = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

func openVisitor(t *testing.T, b *browser) *visitor {
	v := b.visitor(t)
	v.open()
	return v
}

// admin asks the admin for something in JSON.
func admin(t testing.TB, s *served, path string, value any) {
	t.Helper()
	resp, err := http.Get(s.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(value); err != nil {
		t.Fatal(err)
	}
}

func tryDashboard(t *testing.T, s *served, w window, come func()) {
	await := func(what string) {
		t.Helper()
		for late := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
			var yes bool
			if w.eval("Boolean("+what+")", &yes); yes {
				return
			}
			if time.Now().After(late) {
				t.Fatalf("it never is that %s", what)
			}
		}
	}
	text := func(of string) (s string) {
		t.Helper()
		w.eval("document.querySelector("+fmt.Sprintf("%q", of)+").textContent", &s)
		return s
	}
	keep := func(what string) {
		if dir := os.Getenv("CASPER_PICTURES"); dir != "" { // to look at
			if err := os.WriteFile(filepath.Join(dir, w.name()+"-"+what+".png"), w.shot(), 0o644); err != nil {
				t.Error(err)
			}
		}
	}
	w.size(1600, 1000)
	w.open(s.admin + "/")
	await(`document.querySelector("#live").textContent === "live" && document.querySelectorAll(".pages > tbody > tr").length > 1`)

	// Three questions.
	if got := text("#works p"); !strings.HasPrefix(got, "Yes: a 103 went ahead of ") {
		t.Errorf("does it work? %s", got)
	}
	if got := text("#gain p"); !strings.Contains(got, "ms sooner (95 %") || !strings.Contains(got, "by the browsers' own clocks") {
		t.Errorf("what did it gain? %s", got)
	}
	if got := text("#wrong"); strings.Contains(got, "undefined") {
		t.Errorf("what is wrong? %s", got)
	}

	// A page, opened by the keyboard alone.
	w.eval(`document.querySelector("#silent").focus()`, nil)
	w.press(keyTab, keyEnter)
	await(`document.querySelectorAll(".detail .fall").length === 2`)
	var detail struct {
		Page           string
		With, Without  int // assets that are drawn
		Early          int
		Why, Expanded  string
		Buttons, Falls []string
	}
	w.eval(`(() => { const d = document.querySelector(".detail"), falls = [...d.querySelectorAll(".fall")]; return {
		Page: d.previousElementSibling.querySelector("code").textContent, Expanded: d.previousElementSibling.querySelector("button").getAttribute("aria-expanded"),
		With: falls[0].querySelectorAll(".bar").length - 1, Without: falls[1].querySelectorAll(".bar").length - 1, Early: falls[0].querySelectorAll(".f2").length,
		Why: d.querySelector("table tbody tr td:last-child").textContent, Buttons: [...d.querySelectorAll(".switches button")].map((b) => b.textContent),
		Falls: falls.map((f) => f.querySelector("h4").textContent)} })()`, &detail)
	if detail.Page != "/" || detail.With < 3 || detail.Without < 3 || detail.Early == 0 || detail.Why == "" || detail.Expanded != "true" || len(detail.Buttons) != 4 {
		t.Errorf("the page: %+v", detail)
	}

	// Legible, and as wide as the window.
	for _, dark := range []bool{false, true} {
		w.dark(dark)
		for _, width := range []int{1600, 1024, 720, 390} {
			w.size(width, 900)
			what := fmt.Sprintf("%d-%s", width, map[bool]string{true: "dark", false: "light"}[dark])
			var wide [2]int
			w.eval("[document.documentElement.scrollWidth, innerWidth]", &wide)
			if wide[0] > wide[1] {
				t.Errorf("%s: %d pixels in a window of %d", what, wide[0], wide[1])
			}
			if wide[1] != width {
				t.Logf("%s: the window is %d wide", what, wide[1])
			}
			var faint []string
			if w.eval(contrast, &faint); len(faint) > 0 {
				t.Errorf("%s: %q", what, faint)
			}
			keep(what)
		}
	}
	w.dark(false)
	w.size(1600, 1000)

	// The filter.
	rows := func() (n int) {
		w.eval(`[...document.querySelectorAll(".pages > tbody > tr:not(.detail)")].filter((r) => !r.hidden).length`, &n)
		return n
	}
	set := func(value string) {
		w.eval(fmt.Sprintf(`(() => { const f = document.querySelector("#filter"); f.value = %q; f.dispatchEvent(new Event("input")); })()`, value), nil)
	}
	all := rows()
	set("shop")
	if got := rows(); got != 1 || all < 2 {
		t.Errorf("%d rows of %d are of the shop", got, all)
	}
	set("")

	// Switches: nothing goes ahead of a page that is off, on the spot, and then it does again.
	button := func(name, pressed string) {
		t.Helper()
		w.eval(fmt.Sprintf(`[...document.querySelectorAll(".detail .switches button")].find((b) => b.textContent === %q).click()`, name), nil)
		await(fmt.Sprintf(`[...document.querySelectorAll(".detail .switches button")].find((b) => b.textContent === %q).getAttribute("aria-pressed") === %q`, name, pressed))
	}
	hints := func() (n int) {
		c := dial(t, s)
		defer c.Close()
		for i := range 24 { // half of the views are control
			if x := ask(t, c, "/", fmt.Sprintf("10.8.%d.1", i), "document", "navigate", ""); len(x.Early) > 0 {
				return 1
			}
		}
		return 0
	}
	button("Off", "true")
	await(`document.querySelector(".pages > tbody > tr > td:last-child").textContent === "off"`)
	if hints() != 0 {
		t.Error("a page that is off is hinted")
	}
	button("Off", "false")
	button("Pin", "true")
	await(`document.querySelector(".pages > tbody > tr > td:last-child").textContent.startsWith("pinned")`)
	if hints() == 0 {
		t.Error("a page that is pinned is not hinted")
	}
	button("Pin", "false")

	// A cookie.
	w.eval(`(() => { const f = document.querySelector("#cookie form"); f.value.value = "h2o_casper=`+fingerprint("/base.css", "/app.js")+`"; f.requestSubmit(); })()`, nil)
	await(`document.querySelectorAll("#cookie figure").length >= 2`)
	if got := text("#cookie"); !strings.Contains(got, "/base.css") || !strings.Contains(got, "/app.js") {
		t.Errorf("the cookie is %s", got)
	}
	keep("cookie")

	// What happens shows by itself.
	views := text(".pages > tbody > tr td:nth-child(2)")
	come()
	await(fmt.Sprintf(`document.querySelector(".pages > tbody > tr td:nth-child(2)").textContent !== %q`, views))

	// Forgetting everything asks first. The first browser leaves it to the other.
	for _, answer := range []string{"no", "yes"} {
		if answer == "yes" && w.name() == "chromium" {
			continue
		}
		w.eval(`document.querySelector("#clear").click()`, nil)
		await(`document.querySelector("dialog").open`)
		w.eval(`document.querySelector("dialog button[value=`+answer+`]").click()`, nil)
		await(`!document.querySelector("dialog").open`)
		if answer == "yes" {
			await(`document.querySelectorAll(".pages > tbody > tr").length === 0`)
		} else if time.Sleep(1500 * time.Millisecond); rows() == 0 {
			t.Error("everything was forgotten without a yes")
		}
	}
}

// fingerprint is the cookie's value of somebody who holds these files.
func fingerprint(paths ...string) string {
	var p casper.Params
	var keys []casper.Key
	for _, path := range paths {
		keys = append(keys, p.Key(path))
	}
	return casper.New(p, keys...).String()
}
