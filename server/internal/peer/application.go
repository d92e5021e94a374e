package peer

import (
	"embed"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// An Application is a web application in a language and a framework that sites are made of, as
// these come: its HTML alone says what its page needs, which is /style.css and /app.js. It is one
// page, at /, whose files may be kept.
type Application struct {
	Name string

	// Private says that each answer of the page is for one visitor only.
	Private bool

	file    string
	program string // what runs it
	needs   string // a module that has to be there; "" for none
}

// Applications are those that a test can start.
var Applications = []Application{
	{Name: "node", file: "page.js", program: "node"},
	{Name: "Flask", Private: true, file: "flask_page.py", program: "/usr/bin/python3", needs: "flask"},
	{Name: "Django", Private: true, file: "django_page.py", program: "/usr/bin/python3", needs: "django"},
	{Name: "PHP", Private: true, file: "page.php", program: "php"},
}

//go:embed applications
var applications embed.FS

// Start starts the application, waits until it answers, and stops it when the test is over. It returns
// its address.
func (a *Application) Start(t testing.TB) (addr string) {
	t.Helper()
	program := Find(t, a.program)
	if a.needs != "" && exec.Command(program, "-c", "import "+a.needs).Run() != nil {
		absent(t, "%s has no %s (Debian: python3-%s)", program, a.needs, a.needs)
	}
	dir := t.TempDir()
	text, err := applications.ReadFile("applications/" + a.file)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, a.file)
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // see StartRedis
	if err != nil {
		t.Fatal(err)
	}
	addr = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	words := []string{file, port}
	if a.program == "php" {
		words = []string{"-S", addr, "-d", "session.save_path=" + dir, file}
	}
	cmd := exec.Command(program, words...)
	log := filepath.Join(dir, "log")
	p := launch(t, a.Name, cmd, log)
	for until := time.Now().Add(readiness); ; time.Sleep(10 * time.Millisecond) {
		answer, err := http.Get("http://" + addr + "/style.css")
		if err == nil {
			answer.Body.Close()
			return addr
		}
		select {
		case <-p.done:
			t.Fatalf("%s ended by itself: %v\n%s", a.Name, p.err, tail(log, logTail))
		default:
		}
		if time.Now().After(until) {
			t.Fatalf("%s: %v\n%s", a.Name, err, tail(log, logTail))
		}
	}
}
