package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A Testee is an implementation in this process.
type Testee interface {
	// Hello says who it is and what it can do.
	Hello() Hello
	// Answer answers one request. Seq need not be set.
	Answer(Request) Reply
}

// maxLine is the longest line that is read, in octets. The longest request of the
// vectors is a hundredth of it.
const maxLine = 16 << 20

// Serve is the testee's side of the protocol: it answers the lines of r on w until
// "stop" or the end. A line that is no request is an error, and ends it.
func Serve(r io.Reader, w io.Writer, t Testee) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for n := 1; lines.Scan(); n++ {
		var line struct {
			Request
			Op       string `json:"op"`
			Protocol int    `json:"protocol"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("line %d is no request: %w", n, err)
		}
		line.Request.Op = line.Op
		var err error
		switch {
		case line.Op == "stop":
			return nil
		case line.Op == "start" && line.Protocol != protocol:
			return fmt.Errorf("the runner speaks version %d of the protocol, not %d", line.Protocol, protocol)
		case line.Op == "start":
			err = out.Encode(t.Hello())
		default:
			reply := t.Answer(line.Request)
			reply.Seq = line.Seq
			err = out.Encode(reply)
		}
		if err != nil {
			return err
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("a line is longer than %d octets", maxLine)
	} else {
		return err
	}
}

// ServeOne answers the one request line of r on w, as programs do under [Options.OneShot]. It
// reports whether the request was refused.
func ServeOne(r io.Reader, w io.Writer, t Testee) (refused bool, err error) {
	var q Request
	if err := json.NewDecoder(io.LimitReader(r, maxLine)).Decode(&q); err != nil {
		return false, fmt.Errorf("no request: %w", err)
	}
	reply := t.Answer(q)
	reply.Seq = q.Seq
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return reply.Error != "", out.Encode(reply)
}
