package main

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/cache-aware/casper/gcs/bip158"
)

// startChain reads --previous.
func (d *decoding) startChain() error {
	if d.flags.previous == "" {
		return nil
	}
	if d.chosen != nil && d.chosen.format.Name != "bip158" {
		return usagef("--previous is for bip158, not %s", d.chosen.format.Name)
	}
	if len(d.flags.log) > 0 {
		return usagef("--previous and --log exclude each other: a log is no chain of filters")
	}
	octets, err := hex.DecodeString(d.flags.previous)
	if err != nil || len(octets) != 32 {
		return usagef("--previous is 64 hex digits, not %.80q", d.flags.previous)
	}
	slices.Reverse(octets)
	d.chain = (*[32]byte)(octets)
	return nil
}

// link gives a filter of Bitcoin its hash and, with --previous, its header: the previous one of the
// next filter. stated is the header that a message says it has, or "".
func (d *decoding) link(r *result, octets []byte, stated string) error {
	if r.format.Name != "bip158" {
		return nil
	}
	f, err := bip158.Parse(octets, bip158.Params{P: uint8(number(r, "p")), M: number(r, "m")})
	if err != nil {
		return err
	}
	hash := f.Hash()
	r.filterHash = displayed(hash)
	if d.chain == nil {
		return nil
	}
	next := bip158.NextHeader(hash, *d.chain)
	d.chain = &next
	r.header = displayed(next)
	if stated != "" && stated != r.header {
		return fmt.Errorf("the header is %s, but that of this filter behind --previous is %s", stated, r.header)
	}
	return nil
}

func number(r *result, name string) uint64 {
	n, _ := r.Params.Number(name)
	return uint64(n)
}

// displayed is a hash as Bitcoin's programs write it: its octets from the last to the first.
func displayed(hash [32]byte) string {
	slices.Reverse(hash[:])
	return hex.EncodeToString(hash[:])
}
