package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// openMod opens the go.mod of a module in a folder of the revision.
func openMod(repo, revision, subdir string) func(string) (io.ReadCloser, error) {
	return func(string) (io.ReadCloser, error) {
		cmd := exec.Command("git", "show", revision+":"+path.Join(subdir, "go.mod"))
		cmd.Dir = repo
		text, err := cmd.Output()
		return io.NopCloser(bytes.NewReader(text)), err
	}
}

// writeProxy writes what a module proxy says of a tagged version, so that its folder can be a GOPROXY before
// anything is pushed.
func writeProxy(repo, dir, tag string) error {
	date, err := commitTime(repo, tag)
	if err != nil {
		return err
	}
	for _, m := range []struct{ path, folder string }{{root, ""}, {nested, folder}} {
		at := filepath.Join(dir, filepath.FromSlash(m.path), "@v")
		if err := os.MkdirAll(at, 0o777); err != nil {
			return err
		}
		mod, err := openMod(repo, tag, m.folder)("")
		if err != nil {
			return err
		}
		text, err := io.ReadAll(mod)
		if err != nil {
			return err
		}
		info, err := json.Marshal(struct {
			Version string
			Time    time.Time
		}{tag, date})
		if err != nil {
			return err
		}
		for name, text := range map[string][]byte{"list": []byte(tag + "\n"), tag + ".info": info, tag + ".mod": text} {
			if err := os.WriteFile(filepath.Join(at, name), text, 0o666); err != nil {
				return err
			}
		}
		archive, err := os.Create(filepath.Join(at, tag+".zip"))
		if err != nil {
			return err
		}
		if err := zip.CreateFromVCS(archive, module.Version{Path: m.path, Version: tag}, repo, tag, m.folder); err != nil {
			archive.Close()
			return err
		}
		if err := archive.Close(); err != nil {
			return err
		}
	}
	return nil
}

// commitTime returns when the tagged commit was made, in UTC.
func commitTime(repo, tag string) (time.Time, error) {
	text, err := git(repo, "log", "-1", "--format=%cI", tag+"^{commit}")
	if err != nil {
		return time.Time{}, err
	}
	date, err := time.Parse(time.RFC3339, text)
	return date.UTC(), err
}
