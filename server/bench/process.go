package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A process is a server that runs.
type process struct {
	name string
	addr string
	cmd  *exec.Cmd
	log  string // what it says goes here
}

// start starts a server, and returns once it takes connections. The command is made with the
// address that the server is to listen on.
func (p *place) start(name string, command func(addr string) (*exec.Cmd, error)) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	l.Close()
	cmd, err := command(addr)
	if err != nil {
		return nil, err
	}
	s := &process{name: name, addr: addr, cmd: cmd, log: filepath.Join(p.dir, strings.ReplaceAll(addr, ":", "-")+".log")}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = p.dir
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "GOMAXPROCS="+strconv.Itoa(max(1, p.procs)))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for until := time.Now().Add(20 * time.Second); ; {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
			return s, nil
		}
		select {
		case err := <-ended:
			text, _ := os.ReadFile(s.log)
			return nil, fmt.Errorf("%s ended: %v\n%s", name, err, text)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(until) {
			s.stop()
			return nil, fmt.Errorf("%s does not listen on %s", name, addr)
		}
	}
}

// stop ends a server at once.
func (s *process) stop() { s.cmd.Process.Kill() }

// spent is the processor time that the process has taken, user and system, threads that have ended
// included. It is the sum that /proc/PID/stat has in hundredths of a second, in nanoseconds.
func (s *process) spent() (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED: what clock_getcpuclockid(3) makes of a process
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^s.cmd.Process.Pid<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("%s: its processor time: %w", s.name, err)
	}
	return time.Duration(t.Nano()), nil
}

// resident is how much memory the process has, in bytes.
func (s *process) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS in /proc/PID/status")
}
