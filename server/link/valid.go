package link

import "strings"

// Bounds on what an asset may hold, in bytes. They are far above what sites use, and together
// far below [MaxValueBytes], so that every valid asset can be read back.
const (
	MaxPath      = 2048
	maxAs        = 32
	maxType      = 127 // RFC 6838, section 4.2, allows 127 for each half; nothing that a page loads comes near
	maxIntegrity = 1024
)

// Valid reports whether the asset can stand in a Link value, be pushed, or be hinted without
// doing harm.
//
// A path begins with exactly one slash and holds no control, space, backslash, quote, angle
// bracket, comma, semicolon, fragment or byte above ASCII, unless percent-encoded; no malformed
// percent-encoding and no percent-encoded control, which a server behind may decode; and no dot
// segment, which a client would have removed. An Origin, or the Path of a [Preconnect], is a
// lower-case http or https origin without the scheme's own port; a Preconnect holds no
// destination, type, priority or integrity.
func (a Asset) Valid() bool {
	if a.CrossOrigin > UseCredentials {
		return false
	}
	switch a.Rel {
	case Preload, ModulePreload:
		return validTarget(a.Path) &&
			(a.Origin == "" || validOrigin(a.Origin)) &&
			(a.As == "" || validAs(a.As)) &&
			(a.Type == "" || validType(a.Type)) &&
			(a.FetchPriority == "" || validPriority(a.FetchPriority)) &&
			(a.Integrity == "" || validIntegrity(a.Integrity))
	case Preconnect:
		return validOrigin(a.Path) && a.Origin == "" && a.As == "" && a.Type == "" && a.FetchPriority == "" && a.Integrity == ""
	}
	return false
}

// Hintable reports whether a browser acts on the asset when it comes in a 103: Chromium 156
// fetched styles, scripts, fonts, images and fetches and modules early, connected early, and
// passed over every other destination and a missing one. A font must be asked for with CORS,
// else the browser fetches it a second time.
func (a Asset) Hintable() bool {
	if a.PushOnly || !a.Valid() {
		return false
	}
	if a.Rel != Preload {
		return true
	}
	switch a.As {
	case "style", "script", "image", "fetch":
		return true
	case "font":
		return a.CrossOrigin != NoCORS
	}
	return false
}

func validAs(s string) bool { return len(s) <= maxAs && all(s, lower) }

func validType(s string) bool {
	major, minor, ok := strings.Cut(s, "/")
	return ok && len(s) <= maxType && all(major, lower) && all(minor, lower)
}

func validPriority(s string) bool { return s == "high" || s == "low" || s == "auto" }

func validIntegrity(s string) bool {
	return len(s) <= maxIntegrity && all(s, digest) &&
		s[0] != ' ' && s[len(s)-1] != ' ' && !strings.Contains(s, "  ")
}

// validTarget is the rule of [Asset.Valid] for paths.
func validTarget(s string) bool {
	if len(s) == 0 || len(s) > MaxPath || s[0] != '/' || len(s) > 1 && s[1] == '/' {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case is(c, target):
		case c == '%' && i+2 < len(s) && is(s[i+1], hex) && is(s[i+2], hex):
			if s[i+1] < '2' || strings.EqualFold(s[i+1:i+3], "7f") { // a control
				return false
			}
			i += 2
		default:
			return false
		}
	}
	path, _, _ := strings.Cut(s, "?")
	return !hasDotSegment(path)
}

// validOrigin takes scheme, host and optional port: "https://fonts.example:8443". It is a
// filter against injection; whether the host exists, or is a well-formed address, is for the
// browser to find out.
func validOrigin(s string) bool {
	scheme, host, ok := strings.Cut(s, "://")
	return ok && (scheme == "https" || scheme == "http") &&
		len(host) <= 255 && all(host, hostish) && host[0] != ':' && host[0] != '.' &&
		trimPort(host, scheme) == host
}
