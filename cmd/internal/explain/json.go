package explain

import (
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"strconv"

	"github.com/cache-aware/casper/gcs"
)

// A number is one that a JSON reader keeps: above 2^53 it is a decimal string.
type number uint64

// MarshalJSON writes n.
func (n number) MarshalJSON() ([]byte, error) {
	b := strconv.AppendUint(nil, uint64(n), 10)
	if n > 1<<53 {
		b = append(append([]byte{'"'}, b...), '"')
	}
	return b, nil
}

// decimal is a number of any length.
func decimal(n *big.Int) any {
	if n.IsUint64() {
		return number(n.Uint64())
	}
	return n.String()
}

type jsonField struct {
	Part   string  `json:"part"`
	Offset int     `json:"offset"`
	Length int     `json:"length"`
	Name   string  `json:"name,omitempty"`
	Value  *number `json:"value,omitempty"`
}

type jsonCode struct {
	Index     int    `json:"index"`
	Offset    int    `json:"offset"`
	Length    int    `json:"length"`
	Quotient  number `json:"quotient"`
	Remainder any    `json:"remainder"`
	Gap       any    `json:"gap,omitempty"` // left out where the bits of a key do not hold it
	Key       any    `json:"key,omitempty"`
	Faulty    bool   `json:"faulty,omitempty"`
}

type jsonFault struct {
	Offset  int    `json:"offset"`
	Length  int    `json:"length"`
	Error   string `json:"error,omitempty"`
	Message string `json:"message"`
}

// WriteJSON writes the explanation as one JSON object on a line, for programs: every
// offset and length in bits, codes that were not kept counted in "skipped".
func (e *Explanation) WriteJSON(w io.Writer) error {
	doc := struct {
		Title   string      `json:"title"`
		Bits    int         `json:"bits"`
		Count   int         `json:"count"`
		Header  []jsonField `json:"header"`
		Codes   []jsonCode  `json:"codes"`
		Skipped int         `json:"skipped,omitempty"`
		Last    []jsonCode  `json:"last,omitempty"`
		Rest    []jsonField `json:"rest"`
		Fault   *jsonFault  `json:"fault,omitempty"`
	}{
		Title: e.Title, Bits: e.bits, Count: e.Keys,
		Header: jsonFields(e.Fields), Codes: jsonCodes(e.Codes), Skipped: e.Skipped, Last: jsonCodes(e.Last), Rest: jsonFields(e.Rest),
	}
	if f := e.Fault; f != nil {
		doc.Fault = &jsonFault{Offset: f.Offset, Length: f.Len, Message: f.Err.Error()}
		if kind := gcs.Kind(0); errors.As(f.Err, &kind) {
			doc.Fault.Error = kind.String()
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(doc)
}

func jsonFields(fields []Field) []jsonField {
	list := make([]jsonField, len(fields))
	for i, f := range fields {
		list[i] = jsonField{Part: f.Part.String(), Offset: f.Offset, Length: f.Len, Name: f.Name}
		if f.Part == Head {
			list[i].Value = new(number(f.Value))
		}
	}
	return list
}

func jsonCodes(codes []Code) []jsonCode {
	list := make([]jsonCode, len(codes))
	for i, c := range codes {
		list[i] = jsonCode{Index: c.Index, Offset: c.Offset, Length: c.Len, Quotient: number(c.Quotient), Remainder: number(c.Remainder), Faulty: c.Faulty}
		if c.Wide != nil {
			list[i].Remainder = decimal(c.Wide.Remainder)
		}
		switch {
		case c.Overflow:
		case c.Wide != nil:
			list[i].Gap, list[i].Key = decimal(c.Wide.Gap), decimal(c.Wide.Key)
		default:
			list[i].Gap, list[i].Key = number(c.Gap), number(c.Key)
		}
	}
	return list
}
