package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
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
// "stop" or the end. A request of wrong types is answered with an error. A line that is no
// JSON object is an error that ends it.
func Serve(r io.Reader, w io.Writer, t Testee) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for n := 1; lines.Scan(); n++ {
		line := lines.Bytes()
		var op struct {
			Op       any `json:"op"` // of a request of wrong types it may be anything
			Protocol any `json:"protocol"`
		}
		if err := json.Unmarshal(line, &op); err != nil {
			return fmt.Errorf("line %d is no request: %w", n, err)
		}
		var err error
		switch op.Op {
		case "stop":
			return nil
		case "start":
			if op.Protocol != float64(protocol) {
				return fmt.Errorf("the runner speaks version %v of the protocol, not %d", op.Protocol, protocol)
			}
			err = out.Encode(t.Hello())
		default:
			_, err = answer(out, line, t)
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
	var line json.RawMessage
	if err := json.NewDecoder(io.LimitReader(r, maxLine)).Decode(&line); err != nil {
		return false, fmt.Errorf("no request: %w", err)
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return answer(out, line, t)
}

// answer answers a request, and reports whether it was refused. An error is one of the output, or of a
// line that is no object.
func answer(out *json.Encoder, line []byte, t Testee) (refused bool, err error) {
	members, ok := objectOf(line)
	if !ok {
		return false, errors.New("no request: it is no JSON object")
	}
	seq := members["seq"]
	delete(members, "seq")
	problem := ""
	if seq == nil {
		seq, problem = json.RawMessage("null"), "the request has no seq"
	} else {
		problem = wrong("seq", seq, integer("seq"))
	}
	if problem == "" {
		problem = wrongMember("", members, requestMembers)
	}
	var q Request
	if problem == "" {
		if err := json.Unmarshal(compact(members, requestMembers), &q); err != nil {
			problem = err.Error()
		}
	}
	reply := Reply{Error: "bad-parameter", Message: problem}
	if problem == "" {
		q.Seq, _ = strconv.Atoi(string(seq))
		reply = t.Answer(q)
	}
	return reply.Error != "", out.Encode(struct {
		Seq json.RawMessage `json:"seq"` // as it came
		Reply
	}{seq, reply})
}
