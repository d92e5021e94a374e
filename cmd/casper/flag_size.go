package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/cache-aware/casper/cmd/internal/capture"
)

// A byteSize is a number of octets, written with or without a unit.
type byteSize int64

var units = []struct {
	name string
	size int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
}

// String writes the size with the largest unit that divides it.
func (b *byteSize) String() string {
	for _, u := range units[:3] {
		if *b > 0 && int64(*b)%u.size == 0 {
			return strconv.FormatInt(int64(*b)/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*b), 10)
}

func (b *byteSize) Type() string { return "size" }

func (b *byteSize) Set(text string) error {
	number, unit := strings.TrimSpace(text), int64(1)
	for _, u := range units {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(n), u.size
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt64/unit {
		return fmt.Errorf("%.60q is no size such as 256KiB", text)
	}
	*b = byteSize(n * unit)
	return nil
}

// registerUnpacked adds the flag of the commands that read captures.
func registerUnpacked(flags *pflag.FlagSet, to *byteSize) {
	*to = capture.MaxUnpacked
	flags.Var(to, "max-unpacked", "read at most this `size` of what a packed file holds")
}

// registerSize adds the flag of the commands that read filters and lists.
func registerSize(flags *pflag.FlagSet, to *byteSize) {
	*to = defaultSize
	flags.Var(to, "max-size", "read a filter or list of at most this `size`")
}
