package httpfacts

import (
	"net/http"
	"strconv"
	"strings"
)

// ContentType returns the media type of an answer as net/http will send it: what the header
// says, or else what the beginning of the body looks like. A header that is there and
// empty says that there is to be none.
func ContentType(h http.Header, body []byte) string {
	if v, ok := h["Content-Type"]; ok {
		if len(v) == 0 {
			return ""
		}
		return v[0]
	}
	if len(body) == 0 || Encoded(h) {
		return ""
	}
	return http.DetectContentType(body)
}

// IsHTML reports whether a media type, parameters and all, is that of a page.
func IsHTML(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.Trim(t, " \t")
	return is(t, "text/html") || is(t, "application/xhtml+xml")
}

// Encoded reports whether the body has a content coding, so that its bytes are not those of
// the media type.
func Encoded(h http.Header) bool {
	coding := First(h, "Content-Encoding")
	return coding != "" && !is(coding, "identity")
}

// ContentLength returns the length of the body in octets, 0 if the header does not say.
func ContentLength(h http.Header) int64 {
	n, err := strconv.ParseInt(First(h, "Content-Length"), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}
