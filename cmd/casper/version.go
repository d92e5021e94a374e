package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// A version is what casper was built from.
type version struct {
	Version  string `json:"version"` // of the module, "(devel)" outside of a release
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	time     string // of the revision
}

func newVersion(t *tool) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:               "version",
		Short:             "Print the version of casper and what it was built with",
		Example:           "  casper version\n  casper version --json",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: action(func(*cobra.Command, []string) error {
			v := built()
			if asJSON {
				return json.NewEncoder(t.stdout).Encode(v)
			}
			fmt.Fprintln(t.stdout, v)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (v version) String() string {
	return fmt.Sprintf("casper %s (%s, %s/%s)", v.Version, v.Go, v.OS, v.Arch)
}

func built() version {
	v := version{Version: "(devel)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.time = s.Value
		}
	}
	return v
}
