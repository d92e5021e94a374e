package hash

// The constants of 32-bit FNV-1a.
const (
	fnvOffset = 2166136261
	fnvPrime  = 16777619
)

// AutoPush returns the number that h2-auto-push makes of a path, for one of its two
// seeds: a 32-bit FNV-1a over UTF-16 code units, high octet first and only where
// it is not zero, stirred at the end. The seed changes the offset basis. Its filter
// calculates with the number as a signed one.
//
// A path is UTF-8; what is not valid in it counts as U+FFFD, as in a string that
// JavaScript decoded.
//
// Source: npm bloomfilter 0.0.18, and the cookies of
// gcs/autopush/testdata/h2-auto-push.json. Later versions of bloomfilter hash
// otherwise.
func AutoPush(path string, seed uint32) int32 {
	a := uint32(fnvOffset) ^ seed
	for _, r := range path {
		if r > 0xffff { // a surrogate pair, whose octets are never zero at the top
			r -= 0x10000
			a = fnvUnit(a, 0xd800|uint32(r>>10))
			a = fnvUnit(a, 0xdc00|uint32(r&0x3ff))
			continue
		}
		a = fnvUnit(a, uint32(r))
	}
	a += a << 13
	a ^= a >> 7
	a += a << 3
	a ^= a >> 17
	a += a << 5
	return int32(a)
}

// fnvUnit hashes one UTF-16 code unit.
func fnvUnit(a, unit uint32) uint32 {
	if high := unit >> 8; high != 0 {
		a = (a ^ high) * fnvPrime
	}
	return (a ^ unit&0xff) * fnvPrime
}
