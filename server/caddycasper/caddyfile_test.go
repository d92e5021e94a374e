package caddycasper

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestCaddyfile(t *testing.T) {
	for text, want := range map[string]Casper{
		"casper":                               {},
		"casper {\n}":                          {},
		"casper {\n capacity_bits 8\n}":        {CapacityBits: 8},
		"casper {\n cookie_name other\n}":      {CookieName: "other"},
		"casper {\n track all\n}":              {Track: "all"},
		"casper {\n max_assets 12\n}":          {MaxAssets: 12},
		"casper {\n max_bytes 1MiB\n}":         {MaxBytes: 1 << 20},
		"casper {\n max_bytes 1000\n}":         {MaxBytes: 1000},
		"casper {\n learn shadow\n}":           {Learn: "shadow"},
		"casper {\n state /a\n}":               {State: "/a"},
		"casper {\n manifest a b\n}":           {Manifests: []string{"a", "b"}},
		"casper {\nmanifest a\nmanifest b\n}":  {Manifests: []string{"a", "b"}},
		"casper {\n hints off\n push on\n}":    {NoHints: true},
		"casper {\n hints on\n push off\n}":    {NoPush: true},
		"casper {\n links off\n cookie off\n}": {NoLinks: true, NoCookie: true},
		"casper {\n html off\n}":               {NoHTML: true},
		"casper {\n links on\n cookie on\n hint_programs off\n forget_cookie off\n}": {},
		"casper {\n hint_programs on\n forget_cookie on\n}":                          {HintPrograms: true, ForgetCookie: true},
		"casper {\n push_wait 1s\n cookie_age 2d\n}":                                 {PushWait: caddy.Duration(time.Second), CookieAge: caddy.Duration(48 * time.Hour)},
		"casper {\n cookie_path /a/\n cookie_domain a.example\n}":                    {CookiePath: "/a/", CookieDomain: "a.example"},
		"casper {\n cookie_format h2o-2.0\n keys path\n}":                            {CookieFormat: "h2o-2.0", Keys: "path"},
		"casper {\n learn_from 5\n learn_memory 1MiB\n hold_out 0\n}":                {LearnFrom: 5, LearnMemory: 1 << 20, HoldOut: new(float64)},
		"casper {\n state redis://h\n secret {env.S}\n}":                             {State: "redis://h", Secret: "{env.S}"},
		"casper {\n learn_as style font\n learn_as image\n}":                         {LearnAs: []string{"style", "font", "image"}},
		"casper {\n learn_not /a /b\n page_query lang\n}":                            {LearnNot: []string{"/a", "/b"}, PageQuery: []string{"lang"}},
	} {
		var got Casper
		if err := got.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Casper{})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
		// What the Caddyfile says, JSON can say, and back.
		text, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var again Casper
		if err := caddy.StrictUnmarshalJSON(text, &again); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(got, again, cmpopts.IgnoreUnexported(Casper{})); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// Every fault is one line that says what it is about and where it stands.
func TestCaddyfileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"casper argument":                            "argument",
		"casper {\n\n nonsense on\n}":                `no option "nonsense", at Testfile:3`,
		"casper {\n capacity_bits\n}":                "Testfile:2",
		"casper {\n capacity_bits 8 9\n}":            "Testfile:2",
		"casper {\n capacity_bits 0\n}":              `capacity_bits: "0" is no number from 1 to 15, at Testfile:2`,
		"casper {\n capacity_bits 16\n}":             "from 1 to 15",
		"casper {\n capacity_bits 1e3\n}":            "from 1 to 15",
		"casper {\n cookie_name a=b\n}":              `cookie_name "a=b" cannot be a cookie's name, at Testfile:2`,
		"casper {\n cookie_name \"\"\n}":             "cookie_name is empty, at Testfile:2",
		"casper {\n track some\n}":                   `track is blocking or all, not "some", at Testfile:2`,
		"casper {\n max_assets -1\n}":                "max_assets",
		"casper {\n max_assets 99999999999999\n}":    "max_assets",
		"casper {\n max_bytes much\n}":               `max_bytes: "much" is no size such as 256KiB, at Testfile:2`,
		"casper {\n max_bytes 0\n}":                  "is no size",
		"casper {\n max_bytes 9999999999999999PB\n}": "is no size",
		"casper {\n learn maybe\n}":                  `learn is on or off or shadow, not "maybe", at Testfile:2`,
		"casper {\n manifest\n}":                     "Testfile:2",
		"casper {\n manifest m,base=\n}":             "Testfile:2",
		"casper {\n hints perhaps\n}":                `hints is on or off, not "perhaps", at Testfile:2`,
		"casper {\n push 1\n}":                       `push is on or off, not "1"`,
		"casper {\n state a\n learn off\n}":          "state keeps what is learned",
		"casper {\n push_wait 0s\n}":                 `push_wait: "0s" is no time such as 50ms or 30d, of at least 1ns, at Testfile:2`,
		"casper {\n cookie_age soon\n}":              `cookie_age: "soon" is no time such as 50ms or 30d, of at least 1s`,
		"casper {\n cookie_age 10ms\n}":              "of at least 1s",
		"casper {\n cookie_path shop\n}":             `cookie_path "shop" cannot be a cookie's path, at Testfile:2`,
		"casper {\n cookie_domain a;b\n}":            `cookie_domain "a;b" cannot be a cookie's domain`,
		"casper {\n cookie_format h3o\n}":            `cookie_format is h2o or h2o-2.0, not "h3o"`,
		"casper {\n keys both\n}":                    "keys is version or path or validator",
		"casper {\n links no\n}":                     "links is on or off",
		"casper {\n cookie no\n}":                    "cookie is on or off",
		"casper {\n hint_programs\n}":                "Testfile:2",
		"casper {\n forget_cookie yes\n}":            "forget_cookie is on or off",
		"casper {\n learn_from 33\n}":                `learn_from: "33" is no number from 1 to 32`,
		"casper {\n hold_out NaN\n}":                 `hold_out: "NaN" is no share from 0 to 1`,
		"casper {\n hold_out 1.5\n}":                 "is no share",
		"casper {\n learn_memory 1KiB\n}":            "learn_memory is 256KiB to 1TiB, not 1.0 KiB",
		"casper {\n learn_as style css\n}":           `learn_as is some of style, script, font, image, fetch, track, not "css"`,
		"casper {\n learn_not\n}":                    "Testfile:2",
		"casper {\n page_query \"\"\n}":              "page_query is empty",
		"casper {\n page_query a\n learn off\n}":     "page_query is about learning",
	} {
		err := new(Casper).UnmarshalCaddyfile(caddyfile.NewTestDispenser(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// JSON has no adapter that would have looked at it before.
func TestValidate(t *testing.T) {
	for text, want := range map[string]string{
		`{"capacity_bits":16}`:           "capacity_bits is 1 to 15, not 16",
		`{"cookie_name":"a b"}`:          `cookie_name "a b"`,
		`{"track":"some"}`:               "track is",
		`{"learn":"maybe"}`:              "learn is",
		`{"max_assets":-1}`:              "max_assets is at least 1, not -1",
		`{"max_bytes":-1}`:               "max_bytes is at least 1",
		`{"learn":"off","state":"/a"}`:   "state keeps",
		`{"state":"{env.TEST_NO_SUCH}"}`: "state: ",
		`{"state":"redis://%"}`:          "state: redisstore",
		`{"state":"rediss://%"}`:         "state: redisstore",
		`{"state":"unix://%"}`:           "state: redisstore",
		`{"manifests":["/none/at/all"]}`: "manifest: open /none/at/all",
		`{"nonsense":1}`:                 "nonsense",
		`{"push_wait":-1}`:               "push_wait is at least 1ns, not -1ns",
		`{"push_wait":"long"}`:           "long",
		`{"cookie_age":1000}`:            "cookie_age is at least 1s, not 1µs",
		`{"cookie_path":"a"}`:            `cookie_path "a" cannot be`,
		`{"cookie_domain":"a b"}`:        `cookie_domain "a b" cannot be`,
		`{"cookie_format":"x"}`:          "cookie_format is",
		`{"keys":"x"}`:                   "keys is",
		`{"learn_from":33}`:              "learn_from is 1 to 32, not 33",
		`{"hold_out":2}`:                 "hold_out is 0 to 1, not 2",
		`{"learn_memory":1}`:             "learn_memory is 256KiB to 1TiB",
		`{"learn_as":["css"]}`:           "learn_as is some of",
		`{"learn":"off","secret":"x"}`:   "secret is about learning",
		`{"learn":"off","hold_out":0}`:   "hold_out is about learning",
	} {
		config := `{"admin":{"disabled":true},"apps":{"http":{"servers":{"srv0":{"listen":["127.0.0.1:0"],"routes":[{"handle":[` +
			strings.Replace(text, "{", `{"handler":"casper",`, 1) + `]}]}}}}}`
		var c caddy.Config
		if err := json.Unmarshal([]byte(config), &c); err != nil {
			t.Fatal(err)
		}
		if err := caddy.Validate(&c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		evidences.Range(func(key, _ any) bool {
			t.Errorf("%s: evidence of %q is left", text, key)
			return true
		})
	}
}

var example = regexp.MustCompile("(?ms)^```caddyfile\n(.*?)^```")

// Every Caddyfile of the README is one that Caddy takes, with the folders that it names.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := example.FindAllSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("%d Caddyfiles", len(blocks))
	}
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("REDIS_URL", "redis://127.0.0.1:1/?site=shop")
	t.Setenv("CASPER_SECRET", "what only the servers of the shop know")
	for _, b := range blocks {
		dir := t.TempDir()
		if err := os.WriteFile(dir+"/manifest.json", []byte(`{"index.html":{"file":"a.js","src":"index.html","isEntry":true}}`), 0o666); err != nil {
			t.Fatal(err)
		}
		body := strings.NewReplacer("/var/lib/caddy", dir, "/srv/dist/.vite", dir).Replace(string(b[1]))
		if formatted := string(caddyfile.Format(b[1])); formatted != string(b[1]) {
			t.Errorf("not formatted:\n%s", cmp.Diff(formatted, string(b[1])))
		}
		if strings.HasPrefix(body, "casper") { // the options by themselves
			body = "shop.example {\n" + body + "\n}"
		}
		config := adapt(t, body)
		if !strings.Contains(string(config), `"handler":"casper"`) {
			t.Errorf("no casper in\n%s", config)
		}
		var c caddy.Config
		if err := json.Unmarshal(config, &c); err != nil {
			t.Fatal(err)
		}
		c.Admin = &caddy.AdminConfig{Disabled: true}
		c.StorageRaw = json.RawMessage(`{"module":"file_system","root":"` + dir + `"}`)
		if err := caddy.Validate(&c); err != nil {
			t.Errorf("%v\n%s", err, body)
		}
	}
}

// Whatever stands in a Caddyfile is refused or makes options that are in their range.
func FuzzCaddyfile(f *testing.F) {
	for _, seed := range []string{
		"casper",
		"casper {\n capacity_bits 15\n max_bytes 1GiB\n manifest a b\n}", // several kinds of values
		"casper {\n state {env.X}\n learn off\n}",                        // two options that exclude each other
		"casper {\n track all {\n learn on\n }\n}",                       // a block where none may be
		"casper {\n capacity_bits 99999999999999999999\n}",               // beyond any integer
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := caddyfile.Tokenize([]byte(text), "Fuzzed")
		if err != nil {
			return
		}
		var c Casper
		if err := c.UnmarshalCaddyfile(caddyfile.NewDispenser(tokens)); err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%q was taken: %v", text, err)
		}
	})
}
