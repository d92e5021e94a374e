package bip158

import (
	"encoding/binary"
	"math"

	"github.com/cache-aware/casper/gcs"
)

// Bitcoin writes the count as a CompactSize: one octet up to 252, otherwise 253, 254 or
// 255 and 2, 4 or 8 octets, least significant first. A larger form of a smaller count is
// not valid.

// maxCount is the length of the longest count that is written.
const maxCount = 5

// appendCompactSize appends n to dst.
func appendCompactSize(dst []byte, n uint32) []byte {
	switch {
	case n < 253:
		return append(dst, byte(n))
	case n <= math.MaxUint16:
		return binary.LittleEndian.AppendUint16(append(dst, 253), uint16(n))
	default:
		return binary.LittleEndian.AppendUint32(append(dst, 254), n)
	}
}

// readCompactSize reads n at the beginning of src, and how many octets it takes.
func readCompactSize(src []byte) (n uint32, length int, err error) {
	if len(src) == 0 {
		return 0, 0, truncatedCount()
	}
	length, least := 1, uint64(0)
	switch src[0] {
	case 253:
		length, least = 3, 253
	case 254:
		length, least = 5, math.MaxUint16+1
	case 255:
		length, least = 9, math.MaxUint32+1
	default:
		return uint32(src[0]), 1, nil
	}
	if len(src) < length {
		return 0, 0, truncatedCount()
	}
	var wide [8]byte
	copy(wide[:], src[1:length])
	count := binary.LittleEndian.Uint64(wide[:])
	switch {
	case count < least:
		return 0, 0, &gcs.Error{
			Layer: gcs.BitsLayer, Kind: gcs.NonCanonical, Detail: "the count of items takes more octets than it needs",
		}
	case count > math.MaxUint32:
		return 0, 0, &gcs.Error{
			Layer: gcs.SetLayer, Kind: gcs.TooMany, Detail: "a filter has fewer than 2^32 items",
		}
	}
	return uint32(count), length, nil
}

// readCount4 reads the count of a version 1 filter of Decred, most significant
// octet first.
func readCount4(src []byte) (n uint32, length int, err error) {
	if len(src) < 4 {
		return 0, 0, truncatedCount()
	}
	return binary.BigEndian.Uint32(src), 4, nil
}

func truncatedCount() error {
	return &gcs.Error{
		Layer: gcs.BitsLayer, Kind: gcs.Truncated, Detail: "the filter ends within the count of its items",
	}
}
