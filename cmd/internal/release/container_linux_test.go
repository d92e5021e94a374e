package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestContainer does with the archive's Containerfile what a container does, without one: the binary alone in a
// root folder and a network of its own, started as the user and with the words of the file, asked by its health check.
func TestContainer(t *testing.T) {
	r := rehearsed(t)
	if os.Getuid() != 0 {
		t.Skip("only root may change the root folder")
	}
	need(t, "unshare", "chroot", "ip", "tar", "sh")
	dir := t.TempDir()
	base := "casper_" + r.version[1:] + "_linux_" + runtime.GOARCH
	must(t, dir, "tar", "-xzf", filepath.Join(r.dist, base+".tar.gz"), "--no-same-owner")
	text, err := os.ReadFile(filepath.Join(dir, base, "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	// words returns those of an instruction in its JSON form, quoted for a shell.
	words := func(instruction string) string {
		t.Helper()
		m := regexp.MustCompile(`(?m)^` + instruction + ` (\[.*\])$`).FindSubmatch(text)
		if m == nil {
			t.Fatalf("no %s in\n%s", instruction, text)
		}
		var list []string
		if err := json.Unmarshal(m[1], &list); err != nil {
			t.Fatal(err)
		}
		return "'" + strings.Join(list, "' '") + "'"
	}
	user := regexp.MustCompile(`(?m)^USER (\d+:\d+)$`).FindSubmatch(text)
	copied := regexp.MustCompile(`(?m)^COPY (\S+) /casper$`).FindSubmatch(text)
	if user == nil || string(user[1]) == "0:0" || copied == nil {
		t.Fatalf("no user, or no binary, in\n%s", text)
	}
	inside := filepath.Join(dir, "inside")
	if err := os.MkdirAll(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, base, string(copied[1])), filepath.Join(inside, "casper")); err != nil {
		t.Fatal(err)
	}
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) { // the user comes through
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script := `ip link set lo up
chroot --userspec=` + string(user[1]) + ` inside ` + words("ENTRYPOINT") + ` ` + words("CMD") + ` >said 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server' EXIT
n=0
until chroot --userspec=` + string(user[1]) + ` inside ` + words("HEALTHCHECK .*CMD") + `; do
	n=$((n + 1))
	[ $n -lt 100 ] || { cat said; exit 1; }
	sleep 0.2
done
grep 'listening on https://' said
`
	if got := must(t, dir, "unshare", "--net", "sh", "-c", script); !strings.HasPrefix(got, "200 OK\n") {
		t.Errorf("%q", got)
	}
	// Once it has ended it is not well.
	if _, err := command(dir, nil, "unshare", "--net", "sh", "-c", "ip link set lo up; chroot inside "+words("HEALTHCHECK .*CMD")); err == nil {
		t.Error("it is well, and does not run")
	}
}
