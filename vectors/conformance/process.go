package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"github.com/cache-aware/casper/vectors"
)

// startPatience is how long a program may take until it says hello: runtimes that are
// slow to start are not what is tested.
const startPatience = 15 * time.Second

// endPatience is how long a program may take to end after "stop", or, having been
// killed, until its output is given up.
const endPatience = 2 * time.Second

// maxStray is how many lines that nobody asked for are read before the program is
// said to flood.
const maxStray = 100

// A process is a running testee.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.ReadCloser
	lines  chan []byte // closed at the end of its output
	broken error       // why lines was closed, if not by the end; valid then
	stderr *tail
	done   chan struct{} // closed once it has ended
	err    error         // how; valid then
	killed bool
	judged int // seq of a vector that was judged by a line without seq, or 0
}

var errFlood = errors.New("a line has more than 16 MiB")

// ErrNoHello is the error of a program that starts and does not speak the protocol.
var ErrNoHello = errors.New("no hello")

// A worded error is one of a kind, in words that fit the case.
type worded struct {
	error
	kind error
}

func (e worded) Is(target error) bool { return target == e.kind }

// launch starts a program and waits for its hello.
func launch(ctx context.Context, command []string) (*process, Hello, error) {
	p := &process{
		cmd:    exec.Command(command[0], command[1:]...),
		lines:  make(chan []byte),
		stderr: &tail{},
		done:   make(chan struct{}),
	}
	p.cmd.Stderr = p.stderr
	p.cmd.WaitDelay = endPatience
	ownGroup(p.cmd)
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, Hello{}, err
	}
	if p.stdout, err = p.cmd.StdoutPipe(); err != nil {
		return nil, Hello{}, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, Hello{}, err
	}
	go p.read()
	hello, err := p.greet(ctx)
	if ctx.Err() != nil {
		p.kill()
		return nil, hello, worded{errors.New("interrupted before its hello"), ctx.Err()}
	}
	if err != nil {
		p.kill()
		if said := p.stderr.String(); said != "" {
			err = fmt.Errorf("%w; it said: %s", err, clip(said))
		}
		err = worded{err, ErrNoHello}
		return nil, hello, err
	}
	return p, hello, nil
}

// read hands on the lines of the program's output, one at a time: nothing is
// read that nobody waits for.
func (p *process) read() {
	defer close(p.done)
	in := bufio.NewReader(p.stdout)
	for p.broken == nil {
		line, err := readLine(in)
		if err != nil {
			if err != io.EOF {
				p.broken = err
			}
			break
		}
		p.lines <- line
	}
	close(p.lines)
	io.Copy(io.Discard, in) // until it ends, or is killed
	p.err = p.cmd.Wait()
	if p.cmd.ProcessState != nil {
		endGroup(p.cmd.ProcessState)
	}
}

// readLine reads a line of bounded length, without its end.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errFlood
		case err == nil:
			return bytes.TrimRight(line, "\r\n"), nil
		case err == io.EOF && len(line) > 0:
			return line, nil
		case err != bufio.ErrBufferFull:
			return nil, io.EOF // closed under way, too
		}
	}
}

// send writes a line, without waiting for the program to read it: one that does
// not is seen by its silence.
func (p *process) send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	go p.stdin.Write(append(line, '\n')) // ends with the process; an error shows as silence, too
	return nil
}

// greet says start and reads hello.
func (p *process) greet(ctx context.Context) (h Hello, err error) {
	if err := p.send(start{Op: "start", Protocol: protocol, Vectors: vectors.Version()}); err != nil {
		return h, err
	}
	patience := time.NewTimer(startPatience)
	defer patience.Stop()
	select {
	case <-ctx.Done():
		return h, ctx.Err()
	case line, ok := <-p.lines:
		if !ok {
			return h, fmt.Errorf("it ended without a hello: %s", p.end())
		}
		var fields struct {
			Hello
			Supports *[]string `json:"supports"`
		}
		if err := json.Unmarshal(line, &fields); err != nil || fields.Supports == nil {
			return h, fmt.Errorf(`its first line is %q, and not a hello such as {"name":"x","supports":["h2o.decode"]}`, clip(string(line)))
		}
		h = fields.Hello
		h.Supports = *fields.Supports
		return h, nil
	case <-patience.C:
		return h, fmt.Errorf("no hello within %v", startPatience)
	}
}

// end waits for the end of a program whose output has ended, and says how it ended.
func (p *process) end() string {
	if p.broken != nil {
		return p.broken.Error()
	}
	select {
	case <-p.done:
	case <-time.After(endPatience):
		return "it closed its output"
	}
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}

// kill ends the program and all that it started. Should something hold its output open
// nevertheless, that is given up.
func (p *process) kill() {
	if p.killed {
		return
	}
	p.killed = true
	select {
	case <-p.done: // its number may be another's by now
		return
	default:
	}
	killGroup(p.cmd)
	go func() { // so that the reader comes to its end
		for range p.lines {
		}
	}()
	select {
	case <-p.done:
	case <-time.After(endPatience):
		p.stdout.Close()
	}
}

// stop asks the program to end, and reports whether it did.
func (p *process) stop() bool {
	go func() {
		p.stdin.Write([]byte("{\"op\":\"stop\"}\n"))
		p.stdin.Close() // for those who wait for the end of their input
	}()
	patience := time.NewTimer(endPatience)
	defer patience.Stop()
	for {
		select {
		case _, ok := <-p.lines:
			if ok {
				continue // too late to count
			}
			select {
			case <-p.done:
				return true
			case <-patience.C:
			}
		case <-patience.C:
		}
		p.kill()
		return false
	}
}

// A tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	end []byte
}

const tailLen = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b[max(0, len(b)-tailLen):]...)
	t.end = t.end[max(0, len(t.end)-tailLen):]
	return len(b), nil
}

// String returns what there is.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.ToValidUTF8(bytes.TrimSpace(t.end), []byte("?")))
}

func (t *tail) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = nil
}
