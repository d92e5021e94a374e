// Package conformance runs the test vectors against another implementation: a program in
// any language that reads one JSON object a line and answers with one.
//
//	runner   {"op":"start","protocol":1,"vectors":"1.0.0"}
//	testee   {"name":"...","language":"...","version":"...","supports":["h2o.decode","bip158.query"]}
//	runner   {"seq":7,"id":"...","format":"h2o","op":"decode","params":{"capacity_bits":13},"input":{"text":"qF0"}}
//	testee   {"seq":7,"ok":{"keys":["20","178"],"canonical":true}}
//	         {"seq":7,"error":"bad-text","message":"..."}
//	         {"seq":7,"skip":"..."}
//	runner   {"op":"stop"}
//
// Expectations never leave the runner. [Run] is its side, with one process that is asked
// everything or with a process for each vector; [Serve] is the side of the testee.
//
// A testee is not trusted. Whatever it does (hang, crash, flood, answer out of order, claim
// what it cannot do), it is said of the vector at which it did so, and the run goes
// on.
package conformance

import (
	"encoding/json"

	"github.com/cache-aware/casper/vectors"
)

// protocol is the version of the protocol.
const protocol = 1

// A start is the first line of the runner.
type start struct {
	Op       string `json:"op"` // "start"
	Protocol int    `json:"protocol"`
	Vectors  string `json:"vectors"` // version of the vectors
}

// A Hello is a testee's answer to the line that starts it.
type Hello struct {
	Name     string   `json:"name"`
	Language string   `json:"language"`
	Version  string   `json:"version"`
	Supports []string `json:"supports"` // "format.op" each
}

// A Request is one vector without its expectation.
type Request struct {
	Seq    int             `json:"seq"`
	ID     string          `json:"id"`
	Format string          `json:"format"`
	Op     string          `json:"op"`
	Params json.RawMessage `json:"params"`
	Input  vectors.Input   `json:"input"`
}

// A Reply is what a testee makes of a [Request]: OK, an error, or that it skips
// it.
type Reply struct {
	Seq     int             `json:"seq"`
	OK      *vectors.Answer `json:"ok,omitzero"`
	Error   string          `json:"error,omitzero"`
	Message string          `json:"message,omitzero"`
	Skip    string          `json:"skip,omitzero"`

	// Two members that a refusal may have, for those who want to have them checked
	// too.
	Offset          *int     `json:"offset,omitzero"`
	KeysBeforeError []string `json:"keys_before_error,omitzero"`
}

// request makes the request of a vector.
func request(seq int, v vectors.Vector, lenient bool) (Request, error) {
	params := v.Params
	if lenient && (v.Op == "decode" || v.Op == "query") {
		members := map[string]json.RawMessage{}
		if err := json.Unmarshal(params, &members); err != nil {
			return Request{}, err
		}
		members["lenient"] = json.RawMessage("true")
		var err error
		if params, err = json.Marshal(members); err != nil {
			return Request{}, err
		}
	}
	return Request{Seq: seq, ID: v.ID, Format: v.Format, Op: v.Op, Params: params, Input: v.Input}, nil
}
