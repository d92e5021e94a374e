package caddycasper

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/google/go-cmp/cmp"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/signals"
)

// unsettable are the fields that no option sets, and why.
var unsettable = map[string]string{
	"Reader.Proxies": "Caddy's trusted_proxies", "Learn.Secret": "secret, see TestSecret",
	"Learn.Share": "state", "Learn.Shards": "for replays", "Learn.MinViews": "for replays",
}

// Each option reaches its field and is in the README, and each field has an option.
func TestSettings(t *testing.T) {
	reached := make(map[string]bool)
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		option, field string
		want          any
	}{
		{"max_assets 3", "Policy.MaxAssets", 3},
		{"max_bytes 1MiB", "Policy.MaxBytes", int64(1 << 20)},
		{"push_wait 2s", "Policy.PushWait", 2 * time.Second},
		{"push off", "Policy.NoPush", true},
		{"hints off", "Policy.NoHints", true},
		{"links off", "Policy.NoLinks", true},
		{"html off", "NoHTML", true},
		{"hint_programs on", "Policy.HintPrograms", true},
		{"cookie_name c", "Cookie.Name", "c"},
		{"cookie_name c", "Reader.Cookie", "c"},
		{"", "Reader.Cookie", casper.CookieName},
		{"cookie_path /shop/", "Cookie.Path", "/shop/"},
		{"cookie_domain example.com", "Cookie.Domain", "example.com"},
		{"cookie_age 2d", "Cookie.MaxAge", 48 * time.Hour},
		{"", "Cookie.Off", false},
		{"cookie off", "Cookie.Off", true},
		{"forget_cookie on", "Cookie.Off", true},
		{"cookie off", "Cookie.Forget", false},
		{"forget_cookie on", "Cookie.Forget", true},
		{"capacity_bits 8", "Params.CapacityBits", uint8(8)},
		{"", "Params.Generation", casper.H2O21},
		{"cookie_format h2o-2.0", "Params.Generation", casper.H2O20},
		{"", "Keys", server.KeyVersion},
		{"keys path", "Keys", server.KeyPath},
		{"keys validator", "Keys", server.KeyValidator},
		{"track all", "Track", server.TrackAll},
		{"learn_from 5", "Learn.MinClients", 5},
		{"hold_out 0.5", "Learn.HoldOut", 0.5},
		{"hold_out 0", "Learn.HoldOut", -1.0},
		{"learn_memory 1MiB", "Learn.Bytes", 1 << 20},
		{"learn_as style font", "Learn.Destinations", []string{"style", "font"}},
		{"page_query a b", "Reader.Query", []string{"a", "b"}},
		{"learn_not /a /b", "Reader.Deny", []string{"/a", "/b"}},
		{"host a.example b.example:8443", "Hosts", []string{"a.example", "b.example:8443"}},
	} {
		var c Casper
		if err := c.UnmarshalCaddyfile(caddyfile.NewTestDispenser("casper {\n" + tt.option + "\n}")); err != nil {
			t.Fatal(err)
		}
		if word, _, _ := strings.Cut(tt.option, " "); !strings.Contains(string(readme), "\n| `"+word) {
			t.Errorf("README.md has no line for %s", word)
		}
		s, l := c.settings(), c.learnSettings()
		all := struct {
			Policy server.Policy
			Cookie server.Cookie
			Params casper.Params
			Keys   server.KeyRule
			Track  server.Track
			NoHTML bool
			Learn  learn.Config
			Reader signals.Reader
			Hosts  []string
		}{s.policy, s.cookie, s.params, s.keys, s.track, s.noHTML, l.config, l.reader, l.hosts}
		got := reflect.ValueOf(all)
		for _, field := range fields("", got.Type()) {
			reached[field] = reached[field] || field == tt.field
		}
		for name := range strings.SplitSeq(tt.field, ".") {
			got = got.FieldByName(name)
		}
		if diff := cmp.Diff(tt.want, got.Interface()); diff != "" {
			t.Errorf("%q: %s: %s", tt.option, tt.field, diff)
		}
	}
	for field := range unsettable {
		if _, ok := reached[field]; !ok {
			t.Errorf("%s: there is no such field", field)
		}
	}
	for field, reached := range reached {
		if _, ok := unsettable[field]; ok == reached {
			t.Errorf("%s: has an option: %v, is said to have none: %v", field, reached, ok)
		}
	}
}

// fields are the exported fields of a structure, and of those in it.
func fields(name string, of reflect.Type) (all []string) {
	for f := range of.Fields() {
		switch name := strings.TrimPrefix(name+"."+f.Name, "."); {
		case !f.IsExported():
		case f.Type.Kind() == reflect.Struct:
			all = append(all, fields(name, f.Type)...)
		default:
			all = append(all, name)
		}
	}
	return all
}
