package base64url

import "encoding/binary"

// Append appends the text of src to dst.
//
// Six octets become eight characters at a time; the last ones are taken from the last
// eight, shifted, since a branch on how many there are is one that no processor
// foresees. The cookie of 100 assets takes 53 ns, and 64 four characters at a time.
// (Making all eight in the lanes of one word, without a table, takes 80.)
func Append(dst, src []byte) []byte {
	n := EncodedLen(len(src))
	all := extend(dst, n)
	out := all[len(dst):cap(all)]
	i, o := 0, 0
	for i+8 <= len(src) && o+8 <= len(out) {
		v := binary.BigEndian.Uint64(src[i:])
		b := out[o : o+8 : o+8]
		b[0], b[1], b[2], b[3] = alphabet[v>>58], alphabet[v>>52&63], alphabet[v>>46&63], alphabet[v>>40&63]
		b[4], b[5], b[6], b[7] = alphabet[v>>34&63], alphabet[v>>28&63], alphabet[v>>22&63], alphabet[v>>16&63]
		i, o = i+6, o+8
	}
	for len(src) >= 8 && i < len(src) && o+8 <= len(out) {
		v := binary.BigEndian.Uint64(src[len(src)-8:]) << (8 * uint(i+8-len(src)) & 63)
		b := out[o : o+8 : o+8]
		b[0], b[1], b[2], b[3] = alphabet[v>>58], alphabet[v>>52&63], alphabet[v>>46&63], alphabet[v>>40&63]
		b[4], b[5], b[6], b[7] = alphabet[v>>34&63], alphabet[v>>28&63], alphabet[v>>22&63], alphabet[v>>16&63]
		i, o = i+6, o+8
	}
	// A short src, or the end of one for which there is no room to spare.
	for ; i < len(src); i += 3 {
		var three [3]byte
		copy(three[:], src[i:])
		v := uint32(three[0])<<16 | uint32(three[1])<<8 | uint32(three[2])
		for shift := 18; shift >= 0 && o < n; shift -= 6 {
			out[o] = alphabet[v>>shift&63]
			o++
		}
	}
	return all
}

// extend lengthens dst by n octets. They hold whatever was there.
func extend(dst []byte, n int) []byte {
	if cap(dst)-len(dst) < n {
		return append(dst, make([]byte, n)...)
	}
	return dst[:len(dst)+n]
}
