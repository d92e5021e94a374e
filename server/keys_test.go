package server_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/cache-aware/casper/gcs/casper"
	"github.com/cache-aware/casper/server"
)

// Under each rule the key of an asset is what the cookie has of it, as its versions come and
// go; an observer is told the same one.
func TestKey(t *testing.T) {
	const path = "/a.css"
	type step struct {
		etag   string
		pushed bool // to a client of one cookie, who has what it was pushed
	}
	for name, tt := range map[string]struct {
		keys  server.KeyRule
		asks  bool // Handler.Validator says the version; otherwise it is served
		steps []step
	}{
		"by path":                        {server.KeyPath, false, []step{{"", true}, {`"1"`, false}, {`"2"`, false}}},
		"by path, of files":              {server.KeyPath, true, []step{{`"1"`, true}, {`"2"`, false}}},
		"by version":                     {server.KeyVersion, false, []step{{`"1"`, true}, {`"1"`, false}, {`"2"`, true}, {`"2"`, false}, {`"1"`, false}, {`"3"`, true}}},
		"by version, unknown at first":   {server.KeyVersion, false, []step{{"", true}, {`"1"`, false}, {"", false}, {`"2"`, true}}},
		"by version, of files":           {server.KeyVersion, true, []step{{`"1"`, true}, {`"2"`, true}, {`"1"`, false}, {"", false}, {`"2"`, false}}},
		"by validator":                   {server.KeyValidator, false, []step{{`"1"`, true}, {`"1"`, false}, {`"2"`, true}, {`"1"`, false}}},
		"by validator, of files":         {server.KeyValidator, true, []step{{`"1"`, true}, {`"1"`, false}, {`"2"`, true}, {"", false}, {`"1"`, false}}},
		"by validator, known only later": {server.KeyValidator, false, []step{{"", true}, {`"1"`, true}, {`"1"`, false}}},
	} {
		etag, jar := "", ""
		h := &server.Handler{Keys: tt.keys}
		if tt.asks {
			h.Validator = func(p string) string {
				if p != path {
					return ""
				}
				return etag
			}
		}
		h.Next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				if tt.asks {
					w.Header().Set("Etag", `"of the answer"`) // which is not asked
				} else if etag != "" {
					w.Header().Set("Etag", etag)
				}
				w.Header().Set("Cache-Control", "max-age=60")
				io.WriteString(w, "body{}")
				return
			}
			answer(w, 200, path)
		})
		var key casper.Key
		h.Observe = func(x *server.Exchange) { key = x.Key(path) }
		ask(h, "/") // from now on the asset is one that a page wants
		for i, s := range tt.steps {
			etag = s.etag
			if !tt.asks {
				ask(h, path)
			}
			var fields []string
			if jar != "" {
				fields = []string{"Cookie: " + casper.CookieName + "=" + jar}
			}
			got := ask(h, "/", fields...)
			if (len(got.pushed) > 0) != s.pushed {
				t.Errorf("%s, step %d, version %s: pushed %q", name, i, s.etag, got.pushed)
			}
			if value, ok := got.cookie(); ok {
				jar = value
			}
			if tt.asks {
				ask(h, path)
				ask(h, "/", fields...)
			}
			f, err := casper.Parse(jar, casper.Params{})
			if err != nil {
				t.Fatal(err)
			}
			if !f.Has(key) {
				t.Errorf("%s, step %d, version %s: the observer's key %d is not in %q", name, i, s.etag, key, jar)
			}
			if first := f.Has(casper.Params{}.Key(path)); !first && tt.keys != server.KeyValidator {
				t.Errorf("%s, step %d: what H2O knows the first version by is not in %q", name, i, jar)
			}
		}
	}
}
