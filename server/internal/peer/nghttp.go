package peer

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/cache-aware/casper/server/h2client"
)

// nghttpPatience bounds one run of nghttp.
const nghttpPatience = 20 * time.Second

// Nghttp runs the real nghttp client on a URL and returns what it says that it
// received: one [h2client.Exchange] for each request that it made, in their order,
// without bodies. The flags are nghttp's own; "-H:authority: name:port" reaches
// a virtual host on a numeric address, and each "-Hcookie: name=value" is
// sent as a field of its own. A run that fails, fails the test.
func Nghttp(t testing.TB, url string, flags ...string) []*h2client.Exchange {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), nghttpPatience)
	defer cancel()
	args := append([]string{"--null-out", "--verbose", "--no-verify-peer"}, flags...)
	cmd := exec.CommandContext(ctx, Find(t, "nghttp"), append(args, url)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("nghttp %s: %v\n%s", url, err, complaint.Bytes())
	}
	exchanges, err := parseNghttp(string(out))
	if err != nil {
		t.Fatalf("nghttp %s: %v in its output:\n%s", url, err, out)
	}
	return exchanges
}

// The lines of nghttp's verbose output that say what was received. Fields come
// first, then the line of the frame that carried them, whose attributes follow
// in brackets on further lines:
//
//	[  0.021] recv (stream_id=13) :path: /css/0.css
//	[  0.021] recv PUSH_PROMISE frame <length=44, flags=0x04, stream_id=13>
//	          ; END_HEADERS
//	          (padlen=0, promised_stream_id=2)
var (
	nghttpField    = regexp.MustCompile(`^\[ *[0-9.]+\] recv \(stream_id=(\d+)(?:, sensitive)?\) (:?[^:]+): (.*)$`)
	nghttpFrame    = regexp.MustCompile(`^\[ *[0-9.]+\] (recv|send) ([A-Z_]+) frame <.*stream_id=(\d+)>$`)
	nghttpPromised = regexp.MustCompile(`^ +\(.*promised_stream_id=(\d+)\)$`)
	nghttpCode     = regexp.MustCompile(`^ +\(error_code=[A-Z_0-9]+\(0x([0-9a-f]+)\)\)$`)
)

// parseNghttp reads nghttp's verbose output.
func parseNghttp(out string) ([]*h2client.Exchange, error) {
	var (
		fields    h2client.Header                       // received, but not yet their frame's line
		frame     []string                              // the match of the last frame's line
		responses = make(map[uint32]*h2client.Response) // by stream
		exchanges = make(map[uint32]*h2client.Exchange)
		pushes    = make(map[uint32]*h2client.Push)
		order     []uint32
	)
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if m := nghttpField.FindStringSubmatch(line); m != nil {
			fields = append(fields, hpack.HeaderField{Name: m[2], Value: m[3]})
			continue
		}
		if m := nghttpFrame.FindStringSubmatch(line); m != nil {
			frame = m
			if m[2] != "HEADERS" {
				continue
			}
			id, err := streamID(m[3])
			if err != nil {
				return nil, err
			}
			if m[1] == "send" {
				exchanges[id] = new(h2client.Exchange)
				responses[id] = &exchanges[id].Response
				order = append(order, id)
				continue
			}
			r := responses[id]
			switch {
			case r == nil:
				return nil, fmt.Errorf("HEADERS on unknown stream %d", id)
			case r.Header != nil:
				r.Trailer = fields
			case strings.HasPrefix(fields.Get(":status"), "1"):
				r.Early = append(r.Early, fields)
			default:
				r.Header = fields
			}
			fields = nil
			continue
		}
		if m := nghttpPromised.FindStringSubmatch(line); m != nil && frame != nil && frame[1] == "recv" {
			parent, err := streamID(frame[3])
			if err != nil {
				return nil, err
			}
			id, err := streamID(m[1])
			if err != nil {
				return nil, err
			}
			if exchanges[parent] == nil {
				return nil, fmt.Errorf("promise on unknown stream %d", parent)
			}
			p := &h2client.Push{StreamID: id, Promise: fields}
			exchanges[parent].Pushes = append(exchanges[parent].Pushes, p)
			responses[id], pushes[id] = &p.Response, p
			fields = nil
			continue
		}
		if m := nghttpCode.FindStringSubmatch(line); m != nil && frame != nil && frame[2] == "RST_STREAM" {
			id, err := streamID(frame[3])
			if err != nil {
				return nil, err
			}
			code, err := strconv.ParseUint(m[1], 16, 32)
			if err != nil {
				return nil, err
			}
			switch reset := http2.ErrCode(code); {
			case responses[id] == nil:
				return nil, fmt.Errorf("RST_STREAM on unknown stream %d", id)
			case frame[1] == "recv":
				responses[id].Reset = &reset
			case pushes[id] != nil:
				pushes[id].Refused = true
			}
		}
	}
	if len(order) == 0 {
		return nil, fmt.Errorf("no request")
	}
	slices.Sort(order)
	found := make([]*h2client.Exchange, len(order))
	for i, id := range order {
		found[i] = exchanges[id]
	}
	return found, nil
}

func streamID(decimal string) (uint32, error) {
	n, err := strconv.ParseUint(decimal, 10, 31)
	return uint32(n), err
}
