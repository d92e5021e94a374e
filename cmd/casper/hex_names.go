package main

import (
	"encoding/hex"
	"fmt"

	"github.com/cache-aware/casper/gcs/formats"
)

// octetNames turns names as they are written into what the format hashes.
func octetNames(format *formats.Format, names []string) ([]string, error) {
	if !format.HexNames {
		return names, nil
	}
	octets := make([]string, len(names))
	for i, name := range names {
		b, err := hex.DecodeString(name)
		if err != nil {
			return nil, fmt.Errorf("%.60q is not hex, which the names of %s are written in", name, format.Name)
		}
		octets[i] = string(b)
	}
	return octets, nil
}
