//go:build !noserver

package main

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/signals"
)

// settings are what the flags set, beside what is served and where.
type settings struct {
	Handler server.Handler
	Learn   learn.Config
	Reader  signals.Reader
	Hosts   []string
}

// unsettable are the fields that no flag sets, and why.
var unsettable = map[string]string{
	"Handler.Next": "the folder or --proxy", "Handler.Sources": "--manifest and --learn", "Handler.Validator": "the folder",
	"Handler.Scan": "always set", "Handler.Head": "the folder", "Handler.ReadAhead": "the folder", "Handler.Allow": "the demo, and --switches", "Handler.Observe": "the log, and --admin", "Handler.Timing": "--beacon", "Handler.Logger": "--log-format",
	"Learn.Secret": "--secret", "Learn.Share": "--state",
	"Learn.Shards": "for replays", "Learn.MinViews": "for replays",
}

// Each flag reaches its field, and each field has a flag.
func TestServeFlags(t *testing.T) {
	reached := make(map[string]bool)
	for _, tt := range []struct {
		flags, field string
		want         any
	}{
		{"--max-assets 3", "Handler.Policy.MaxAssets", 3},
		{"--max-bytes 1MiB", "Handler.Policy.MaxBytes", int64(1 << 20)},
		{"--push-wait 2s", "Handler.Policy.PushWait", 2 * time.Second},
		{"--no-push", "Handler.Policy.NoPush", true},
		{"--no-hints", "Handler.Policy.NoHints", true},
		{"--no-links", "Handler.Policy.NoLinks", true},
		{"--no-html", "Handler.NoHTML", true},
		{"--admin :0 --control 0.25", "Handler.Control", 0.25},
		{"--hint-programs", "Handler.Policy.HintPrograms", true},
		{"--cookie-name c", "Handler.Cookie.Name", "c"},
		{"--cookie-name c", "Reader.Cookie", "c"},
		{"--cookie-path /shop/", "Handler.Cookie.Path", "/shop/"},
		{"--cookie-domain example.com", "Handler.Cookie.Domain", "example.com"},
		{"--cookie-age 1h", "Handler.Cookie.MaxAge", time.Hour},
		{"", "Handler.Cookie.Off", false},
		{"--no-cookie", "Handler.Cookie.Off", true},
		{"--forget-cookie", "Handler.Cookie.Off", true},
		{"--no-cookie", "Handler.Cookie.Forget", false},
		{"--forget-cookie", "Handler.Cookie.Forget", true},
		{"--capacity-bits 8", "Handler.Params.CapacityBits", uint8(8)},
		{"", "Handler.Params.Generation", casper.H2O21},
		{"--cookie-format h2o-2.0", "Handler.Params.Generation", casper.H2O20},
		{"", "Handler.Keys", server.KeyVersion},
		{"--keys path", "Handler.Keys", server.KeyPath},
		{"--keys validator", "Handler.Keys", server.KeyValidator},
		{"--track all", "Handler.Track", server.TrackAll},
		{"--trust-proxy 10.0.0.0/8", "Handler.Proxies", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		{"--trust-proxy 10.0.0.1", "Reader.Proxies", []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}},
		{"--learn-from 5", "Learn.MinClients", 5},
		{"--hold-out 0.5", "Learn.HoldOut", 0.5},
		{"--hold-out 0", "Learn.HoldOut", -1.0},
		{"--learn-memory 1MiB", "Learn.Bytes", 1 << 20},
		{"--learn-as style,font", "Learn.Destinations", []string{"style", "font"}},
		{"--page-query a --page-query b", "Reader.Query", []string{"a", "b"}},
		{"--learn-not /a --learn-not /b", "Reader.Deny", []string{"/a", "/b"}},
		{"--host a.example --host b.example:8443", "Hosts", []string{"a.example", "b.example:8443"}},
	} {
		var s serving
		cmd := new(cobra.Command)
		s.flags(cmd)
		if err := cmd.ParseFlags(strings.Fields(tt.flags)); err != nil {
			t.Fatal(err)
		}
		if err := s.check(cmd); err != nil {
			t.Errorf("%s: %v", tt.flags, err)
		}
		got := reflect.ValueOf(&settings{Learn: s.learnConfig(), Reader: s.reader(), Hosts: s.hosts}).Elem()
		got.FieldByName("Handler").Set(reflect.ValueOf(s.handler()).Elem())
		for name := range strings.SplitSeq(tt.field, ".") {
			got = got.FieldByName(name)
		}
		if diff := cmp.Diff(tt.want, got.Interface(), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s: %s", tt.flags, tt.field, diff)
		}
		reached[tt.field] = true
	}
	all := fields("", reflect.TypeFor[settings]())
	for field := range unsettable {
		if !slices.Contains(all, field) {
			t.Errorf("%s: there is no such field", field)
		}
	}
	for _, field := range all {
		if _, ok := unsettable[field]; ok == reached[field] {
			t.Errorf("%s: has a flag: %v, is said to have none: %v", field, reached[field], ok)
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
