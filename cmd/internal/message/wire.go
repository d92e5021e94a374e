package message

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// errWire is the error of what is no such message.
var errWire = errors.New("this is no HashList of Safe Browsing v5")

// HashLists finds the lists in a HashList of Safe Browsing v5, or in a BatchGetHashListsResponse,
// as the API sends them: in the wire form of protobuf. Fields that are left out are 0. It
// refuses fields that these messages do not have, so that other octets are hardly ever taken for
// one.
func HashLists(data []byte) ([]Value, error) {
	found, err := hashList(data)
	if err == nil {
		return found, nil
	}
	// Of a response each field is a whole list.
	err = fields(data, func(num protowire.Number, f field) error {
		if num != 1 || f.octets == nil {
			return errWire
		}
		more, err := hashList(f.octets)
		found = append(found, more...)
		return err
	})
	if err == nil && len(found) == 0 {
		err = errWire
	}
	return found, err
}

// field is what a field holds.
type field struct {
	octets []byte // of a message, a text or octets; never nil for these
	number uint64
}

// fields goes through the fields of a message.
func fields(data []byte, visit func(protowire.Number, field) error) error {
	for len(data) > 0 {
		num, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return errWire
		}
		data = data[n:]
		var f field
		switch kind {
		case protowire.VarintType:
			f.number, n = protowire.ConsumeVarint(data)
		case protowire.Fixed64Type:
			f.number, n = protowire.ConsumeFixed64(data)
		case protowire.BytesType:
			if f.octets, n = protowire.ConsumeBytes(data); f.octets == nil {
				f.octets = []byte{}
			}
		default:
			return errWire
		}
		if n < 0 {
			return errWire
		}
		data = data[n:]
		if err := visit(num, f); err != nil {
			return err
		}
	}
	return nil
}

// riceFields are the numbers of the fields of RiceDeltaEncoded32Bit and its like.
type riceFields struct {
	name               string
	bits               int
	parts              []protowire.Number
	rice, count, coded protowire.Number
}

var wireLists = map[protowire.Number]riceFields{
	4:  {"additionsFourBytes", 32, []protowire.Number{1}, 2, 3, 4},
	5:  {"compressedRemovals", 32, []protowire.Number{1}, 2, 3, 4},
	9:  {"additionsEightBytes", 64, []protowire.Number{1}, 2, 3, 4},
	10: {"additionsSixteenBytes", 128, []protowire.Number{1, 2}, 3, 4, 5},
	11: {"additionsThirtyTwoBytes", 256, []protowire.Number{1, 2, 3, 4}, 5, 6, 7},
}

func hashList(data []byte) (found []Value, err error) {
	var name string
	var sum []byte
	partial := false
	err = fields(data, func(num protowire.Number, f field) error {
		switch num {
		case 1:
			name = printable(string(f.octets))
		case 3:
			partial = f.number != 0
		case 7:
			sum = f.octets
		case 2, 6, 8: // version, wait, metadata
		default:
			l, ok := wireLists[num]
			if !ok || f.octets == nil {
				return errWire
			}
			v, err := l.read(f.octets)
			if err != nil {
				return err
			}
			v.Where, v.Indices = l.name, num == 5
			found = append(found, v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errWire
	}
	for i := range found {
		if name != "" {
			found[i].Where = name + ": " + found[i].Where
		}
	}
	if !partial {
		whole(found, sum)
	}
	return found, nil
}

func (l riceFields) read(data []byte) (v Value, err error) {
	parts := make([]uint64, len(l.parts))
	var rice, count int64
	var coded []byte
	err = fields(data, func(num protowire.Number, f field) error {
		for i, part := range l.parts {
			if num == part && f.octets == nil {
				parts[i] = f.number
				return nil
			}
		}
		switch {
		case num == l.rice && f.octets == nil:
			rice = int64(int32(f.number))
		case num == l.count && f.octets == nil:
			count = int64(int32(f.number))
		case num == l.coded && f.octets != nil:
			coded = f.octets
		default:
			return errWire
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	if l.bits == 32 && parts[0] > 1<<32-1 {
		return v, fmt.Errorf("%s: the first value %d has more than 32 bits", l.name, parts[0])
	}
	return v5(l.bits, parts, rice, count, coded), nil
}
