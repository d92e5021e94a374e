package server

import (
	"github.com/cache-aware/casper/gcs/cachedigest"
)

// maxDigestText bounds what is read of Cache-Digest, in characters: 2,500 URLs at a
// false-positive rate of 1 in 128.
const maxDigestText = 4096

// ReadDigest reads the Cache-Digest fields of a request as H2O does: drafts 00 to 02, without
// failing over what it does not understand. It returns nil if there is no digest in them, or
// more than 4,096 characters.
func ReadDigest(values []string) Digest {
	n := 0
	for _, v := range values {
		n += len(v)
	}
	if n == 0 || n > maxDigestText {
		return nil
	}
	if h := cachedigest.ParseHeaderLenient(values...); len(h) > 0 {
		return digest{h}
	}
	return nil
}

type digest struct{ cachedigest.Header }

// Holds asks the digests of URLs, and those of URLs with their ETags if there is one.
func (d digest) Holds(url, validator string) bool {
	return d.Lookup(url) == cachedigest.Fresh ||
		validator != "" && d.LookupETag(url, validator) == cachedigest.Fresh
}
