package e2e

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/internal/peer"
)

// A firefox is a running Firefox, driven by its own remote protocol, Marionette: numbered commands and
// answers as JSON, each behind its length in octets and a colon.
type firefox struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
	last int
}

// preferences keep Firefox from asking others for anything, and from waiting for a person.
var preferences = map[string]any{
	"marionette.port":      0, // any; the profile tells which
	"app.normandy.enabled": false, "app.update.disabledForTesting": true, "browser.safebrowsing.downloads.remote.enabled": false,
	"browser.safebrowsing.malware.enabled": false, "browser.safebrowsing.phishing.enabled": false, "browser.search.update": false,
	"browser.shell.checkDefaultBrowser": false, "browser.startup.page": 0, "browser.region.network.url": "",
	"datareporting.policy.dataSubmissionEnabled": false, "extensions.update.enabled": false, "extensions.systemAddon.update.enabled": false,
	"network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false, "services.settings.server": "data:,#remote-settings-dummy/v1",
	"toolkit.telemetry.enabled": false, "toolkit.telemetry.server": "data:,", "browser.newtabpage.enabled": false, "browser.aboutwelcome.enabled": false,
	"network.http.speculative-parallel-limit": 0, "dom.disable_open_during_load": false, "privacy.reduceTimerPrecision": false,
	// Certificates that nobody but this test knows are good enough for HTTP/3.
	"network.http.http3.disable_when_third_party_roots_found": false,
}

// startFirefox starts Debian's Firefox with a profile of its own, which trusts these certificates.
func startFirefox(t testing.TB, more map[string]any) *firefox {
	t.Helper()
	program := peer.Find(t, "firefox-esr")
	profile := t.TempDir()
	var prefs strings.Builder
	for _, some := range []map[string]any{preferences, more} {
		for name, value := range some {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&prefs, "user_pref(%q, %s);\n", name, text)
		}
	}
	if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(prefs.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile, "about:blank")
	cmd.Env = append(os.Environ(), "MOZ_HEADLESS=1", "HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1", "LANG=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has children
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	f := &firefox{t: t}
	t.Cleanup(func() {
		if f.conn != nil {
			f.conn.SetDeadline(time.Now().Add(patience))
			f.ask("Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}})
			f.conn.Close()
		}
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	port := ""
	for late := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		if text, err := os.ReadFile(filepath.Join(profile, "MarionetteActivePort")); err == nil && len(text) > 0 {
			port = strings.TrimSpace(string(text))
			break
		}
		if time.Now().After(late) {
			t.Fatalf("firefox does not say where it listens: %s", said.String())
		}
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	f.conn, f.in = conn, bufio.NewReader(conn)
	if _, err := f.receive(); err != nil { // its greeting
		t.Fatalf("firefox: %v", err)
	}
	f.do("WebDriver:NewSession", map[string]any{"acceptInsecureCerts": true, "pageLoadStrategy": "normal"}, nil)
	return f
}

// receive reads one message.
func (f *firefox) receive() (json.RawMessage, error) {
	f.conn.SetReadDeadline(time.Now().Add(patience))
	length, err := f.in.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil || n < 0 || n > 64<<20 {
		return nil, fmt.Errorf("a message of %q octets", length)
	}
	text := make([]byte, n)
	_, err = io.ReadFull(f.in, text)
	return text, err
}

// ask sends a command and returns the answer.
func (f *firefox) ask(command string, args any) (json.RawMessage, error) {
	f.last++
	text, err := json.Marshal([]any{0, f.last, command, args})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(f.conn, "%d:%s", len(text), text); err != nil {
		return nil, err
	}
	answer, err := f.receive()
	if err != nil {
		return nil, err
	}
	var parts []json.RawMessage
	var failed *struct{ Error, Message string }
	if err := json.Unmarshal(answer, &parts); err != nil || len(parts) != 4 {
		return nil, fmt.Errorf("the answer %.200s", answer)
	}
	if err := json.Unmarshal(parts[2], &failed); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, errors.New(failed.Error + ": " + failed.Message)
	}
	return parts[3], nil
}

// do asks for what must not fail, and reads the value of the answer.
func (f *firefox) do(command string, args, value any) {
	f.t.Helper()
	answer, err := f.ask(command, args)
	if err == nil && value != nil {
		err = json.Unmarshal(answer, &struct{ Value any }{value})
	}
	if err != nil {
		f.t.Fatalf("firefox, %s: %v", command, err)
	}
}

// run runs a script in the page, which returns a value.
func (f *firefox) run(script string, value any) {
	f.t.Helper()
	f.do("WebDriver:ExecuteScript", map[string]any{"script": script, "args": []any{}, "sandbox": "default", "newSandbox": true}, value)
}

// privileged runs a script that may do whatever Firefox itself may.
func (f *firefox) privileged(script string, value any) {
	f.t.Helper()
	f.do("Marionette:SetContext", map[string]any{"value": "chrome"}, nil)
	f.do("WebDriver:ExecuteAsyncScript", map[string]any{"script": script, "args": []any{}, "newSandbox": true}, value)
	f.do("Marionette:SetContext", map[string]any{"value": "content"}, nil)
}

// forget makes Firefox one who was never here: no caches, among them those of style sheets and pictures, no
// cookies, and no connections.
func (f *firefox) forget() {
	f.t.Helper()
	f.do("WebDriver:Navigate", map[string]any{"url": "about:blank"}, nil)
	f.privileged(`const [done] = arguments, s = Ci.nsIClearDataService;
		Services.obs.notifyObservers(null, "net:cancel-all-connections");
		Services.clearData.deleteData(s.CLEAR_ALL_CACHES | s.CLEAR_COOKIES, {onDataDeleted: () => done()});`, nil)
}

func (f *firefox) screenshot() []byte {
	f.t.Helper()
	var text string
	f.do("WebDriver:TakeScreenshot", map[string]any{"full": true}, &text)
	png, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		f.t.Fatal(err)
	}
	return png
}

// visit goes to a page and returns when everything is there.
func (f *firefox) visit(url string) (l load) {
	f.t.Helper()
	f.do("WebDriver:Navigate", map[string]any{"url": url}, nil)
	f.run("return "+measure, &l)
	return l
}

// cold is the visit of somebody who was never here.
func (f *firefox) cold(_ *testing.T, url string) load {
	f.t.Helper()
	f.forget()
	return f.visit(url)
}

// trust makes Firefox take the word of an authority, which it does not ask a person about over HTTP/3.
func (f *firefox) trust(authority []byte) {
	f.t.Helper()
	f.privileged(fmt.Sprintf(`Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(%q, "C,,"); arguments[0]()`,
		base64.StdEncoding.EncodeToString(authority)), nil)
}
