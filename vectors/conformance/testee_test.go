package conformance_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/gcs/formats"
	"github.com/cache-aware/casper/vectors"
	"github.com/cache-aware/casper/vectors/conformance"
	"github.com/cache-aware/casper/vectors/conformance/testee"
)

// behaviour is the variable that makes this test binary a testee.
const behaviour = "CASPER_TEST_TESTEE"

func TestMain(m *testing.M) {
	if how := os.Getenv(behaviour); how != "" {
		os.Exit(misbehave(how, os.Stdin, os.Stdout))
	}
	// The library is the testee of most tests here, and would be at fault in each for a
	// claim that nothing can be asked about.
	for _, f := range formats.All() {
		all, err := vectors.All()
		if err != nil {
			panic(err)
		}
		if !slices.ContainsFunc(all, func(v vectors.Vector) bool { return v.Format == f.Name }) {
			fmt.Fprintf(os.Stderr, "no vectors of %s: CONTRIBUTING.md says how they are made\n", f.Name)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// odd is the vector at which testees misbehave.
const odd = "h2o-encode-63"

// misbehave is a testee that is right but for what its name says, and returns its
// exit status.
func misbehave(how string, r io.Reader, w io.Writer) int {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<24)
	right := testee.Casper
	say := func(v any) {
		line, _ := json.Marshal(v)
		fmt.Fprintf(w, "%s\n", line)
	}
	for lines.Scan() {
		var q conformance.Request
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return 4
		}
		switch q.Op {
		case "start":
			switch how {
			case "mute":
				return 0
			case "babble":
				fmt.Fprintln(w, "Welcome to testee 1.0!")
				continue
			case "supports nothing":
				fmt.Fprintln(w, `{"name":"x"}`)
				continue
			case "starts once":
				if os.Remove(os.Getenv("CASPER_TEST_TOKEN")) != nil {
					fmt.Fprintln(os.Stderr, "already started")
					return 5
				}
			}
			h := right.Hello()
			switch how {
			case "lie":
				h.Supports = append(h.Supports, "h2o.levitate", "h3o.decode", "nonsense")
			case "other format":
				h.Supports = []string{"bip158.decode"}
			}
			say(h)
			continue
		case "stop":
			if how == "stay" {
				time.Sleep(time.Hour)
			}
			return 0
		}
		switch how {
		case "crash always":
			fmt.Fprintln(os.Stderr, "no such module")
			return 3
		case "hang always":
			time.Sleep(time.Hour)
		case "refuse always":
			say(conformance.Reply{Seq: q.Seq, Error: "bad-text"})
			continue
		case "hang at last":
			if q.Seq > 90 {
				fmt.Fprintln(w, "not now")
				continue
			}
		}
		reply := right.Answer(q)
		reply.Seq = q.Seq
		if how == "lie" && q.Format == "h2o" && q.Op == "encode" {
			reply = conformance.Reply{Seq: q.Seq, Skip: "not today"}
		}
		if q.ID == odd {
			switch how {
			case "hang":
				time.Sleep(time.Hour)
			case "crash", "starts once":
				fmt.Fprintln(os.Stderr, "segmentation fault, or so")
				return 3
			case "flood lines":
				for {
					if _, err := fmt.Fprintln(w, `{"seq":0,"ok":{}}`); err != nil {
						return 0
					}
				}
			case "flood line":
				for {
					if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
						return 0
					}
				}
			case "flood stderr":
				for range 64 {
					fmt.Fprintln(os.Stderr, strings.Repeat("noise ", 1<<10))
				}
			case "other seq":
				reply.Seq += 5
			case "twice":
				reply.Seq--
				say(reply)
				reply.Seq++
			case "debug line":
				fmt.Fprintln(w, "debug: encoding")
			case "no seq":
				fmt.Fprintln(w, `{"ok":{"keys":[]}}`)
				continue
			case "both":
				reply.Error = "limit"
			case "literal":
				fmt.Fprintln(w, strings.ReplaceAll(os.Getenv("CASPER_TEST_REPLY"), "SEQ", strconv.Itoa(q.Seq)))
				continue
			case "neither":
				reply = conformance.Reply{Seq: q.Seq}
			case "wrong key":
				reply.OK.Keys = []string{"62"}
			case "no text":
				reply.OK.Text = nil
			case "refuse":
				reply = conformance.Reply{Seq: q.Seq, Error: "limit", Message: "too\nmuch"}
			case "skip":
				reply = conformance.Reply{Seq: q.Seq, Skip: "not this one"}
			}
		}
		if how == "wrong always" && reply.OK != nil && len(reply.OK.Keys) > 0 {
			reply.OK.Keys[0] += "1"
		}
		if how == "wrong kinds" && reply.Error != "" {
			reply.Error = "error"
		}
		if how == "accept" && reply.Error != "" {
			reply = conformance.Reply{Seq: q.Seq, OK: right.Answer(conformance.Request{Format: "h2o", Op: "encode"}).OK}
		}
		say(reply)
	}
	return 0
}
