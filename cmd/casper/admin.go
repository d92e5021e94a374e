//go:build !noserver

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// An adminOf is the --admin of a server that runs.
type adminOf struct {
	url   string
	token string // the name of a file
}

// What is taken of an answer, and how long it is waited for.
const (
	adminOctets   = 16 << 20
	adminPatience = 10 * time.Second
)

// explain asks what the server knows of a page.
func (a *adminOf) explain(page string) (x learn.Explanation, err error) {
	base := a.url
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return x, usagef("--admin: %q is no URL: http://127.0.0.1:9090, as serve says it", a.url)
	}
	u = u.JoinPath("/explain")
	u.RawQuery = url.Values{"page": {page}}.Encode()
	r, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return x, err
	}
	if a.token != "" {
		token, err := readSecret(a.token, "token")
		if err != nil {
			return x, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	// A redirect leads away from what was named, and would take the token along.
	client := http.Client{Timeout: adminPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		var of *url.Error
		if errors.As(err, &of) {
			err = of.Err // the caller has said which
		}
		return x, fmt.Errorf("%s: %w", u.Host, err)
	}
	defer answer.Body.Close()
	body := io.LimitReader(answer.Body, adminOctets)
	if answer.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(body, 200))
		return x, fmt.Errorf("%s answers %s: %s", u.Host, answer.Status, clean(strings.TrimSpace(string(why))))
	}
	if err := json.NewDecoder(body).Decode(&x); err != nil || x.Page == "" {
		return x, fmt.Errorf("%s is no admin of casper serve: its answer is no explanation", u.Host)
	}
	for i := range x.Assets {
		r := &x.Assets[i]
		r.Asset = link.Asset{Path: r.Path}
		if list := link.Parse([]string{r.Link}, "/"); len(list) == 1 {
			r.Asset = list[0]
		}
	}
	return x, nil
}

// predictions are what an explanation says that is wanted.
func predictions(x *learn.Explanation) (list []learn.Prediction) {
	for i := range x.Assets {
		if r := &x.Assets[i]; r.Wanted {
			list = append(list, learn.Prediction{Asset: &r.Asset, Version: r.Version, Probability: float32(r.Probability)})
		}
	}
	return list
}
