//go:build !noserver

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func newHealth(t *tool) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "health [URL]",
		Short: "Ask a server that runs whether it is well",
		Long: `Ask the address of casper serve --admin, or any other, and end with exit code 0 if it answers
with status 200. Without a URL, http://127.0.0.1:9090/healthz is asked. It is made for the
health check of a container that holds nothing but casper.`,
		Example: `  casper health
  casper health http://127.0.0.1:9090/healthz`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("give one URL")
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: action(func(cmd *cobra.Command, args []string) error {
			if timeout <= 0 {
				return usagef("--timeout is longer than 0, not %v", timeout)
			}
			url := "http://127.0.0.1:9090/healthz"
			if len(args) == 1 {
				url = args[0]
			}
			return t.health(url, timeout)
		}),
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "wait for the answer at most for this `time`")
	return cmd
}

// health prints the status of a 200, and is an error otherwise.
func (t *tool) health(url string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil || req.URL.Host == "" {
		return usagef("%q is no URL such as http://127.0.0.1:9090/healthz", url)
	}
	// No proxy of the environment stands between a server and the question whether it is well.
	resp, err := (&http.Client{Transport: new(http.Transport)}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	fmt.Fprintln(t.stdout, resp.Status)
	return nil
}
