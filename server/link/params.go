package link

import "strings"

// params gathers the parameters of one link. Of a repeated parameter the first counts (RFC
// 8288, sections 3.3 and 3.4.1, say so for those it defines; the others are treated alike).
type params struct {
	rel, as, mediaType, crossOrigin, priority, integrity, media, srcset value
	noPush, pushOnly, anchored                                          bool
}

// value is a parameter's value, and whether it was there at all.
type value struct {
	text string
	set  bool
}

func (v *value) first(text string) {
	if !v.set {
		*v = value{text, true}
	}
}

// read reads parameters up to the comma that ends the link or the end of the value. When it
// cannot, it returns the position that it could not read.
func (p *params) read(v string, pos int) (int, bool) {
	for {
		pos = skipSpace(v, pos)
		if pos == len(v) || v[pos] == ',' {
			return pos, true
		}
		if v[pos] != ';' {
			return pos, false
		}
		pos = skipSpace(v, pos+1)
		start := pos
		for pos < len(v) && is(v[pos], tchar) {
			pos++
		}
		name := v[start:pos]
		if name == "" {
			continue // an empty parameter, as in a trailing semicolon: not in the grammar, common in the field
		}
		pos = skipSpace(v, pos)
		text := ""
		if pos < len(v) && v[pos] == '=' {
			pos = skipSpace(v, pos+1)
			if pos < len(v) && v[pos] == '"' {
				var ok bool
				if text, pos, ok = readQuoted(v, pos); !ok {
					return pos, false
				}
			} else {
				start = pos
				for pos < len(v) && is(v[pos], bare) {
					pos++
				}
				text = v[start:pos]
			}
		}
		p.set(name, text)
	}
}

func (p *params) set(name, text string) {
	switch strings.ToLower(name) { // which allocates nothing for names as nearly everybody writes them
	case "rel":
		p.rel.first(text)
	case "as":
		p.as.first(text)
	case "type":
		p.mediaType.first(text)
	case "crossorigin":
		p.crossOrigin.first(text)
	case "fetchpriority":
		p.priority.first(text)
	case "integrity":
		p.integrity.first(text)
	case "media":
		p.media.first(text)
	case "imagesrcset":
		p.srcset.first(text)
	case "anchor":
		p.anchored = true
	case "nopush":
		p.noPush = true
	case "x-http2-push-only":
		p.pushOnly = true
	}
}

// conditional reports whether the target may not be wanted, or not for this page: which of
// several images is, depends on the screen, and a link with an anchor belongs to another resource
// (RFC 8288, section 3.2).
func (p *params) conditional() bool {
	return p.anchored || strings.Trim(p.srcset.text, " \t") != "" || !anyScreen(p.media.text)
}

// anyScreen reports whether media lets something apply to a screen for certain.
func anyScreen(media string) bool {
	media = strings.Trim(media, " \t")
	return media == "" || strings.EqualFold(media, "all") || strings.EqualFold(media, "screen")
}

// asset puts the parameters and the target together.
func (p *params) asset(ref string, base Base) (Asset, error) {
	a := Asset{NoPush: p.noPush, PushOnly: p.pushOnly}
	if p.crossOrigin.set {
		a.CrossOrigin = Anonymous // HTML: a missing or unknown value means anonymous
		if strings.EqualFold(strings.Trim(p.crossOrigin.text, " \t"), "use-credentials") {
			a.CrossOrigin = UseCredentials
		}
	}
	var ok bool
	if a.Rel, ok = relOf(p.rel.text); !ok {
		return a, ErrRel
	}
	var err error
	if a.Rel == Preconnect {
		a.Path, err = base.origin(ref)
		if err == nil && p.conditional() {
			a.Path, err = "", ErrConditional
		}
		return a, err
	}
	a.As = strings.ToLower(p.as.text)
	a.Type = essence(p.mediaType.text)
	a.Integrity = strings.Trim(p.integrity.text, " \t")
	if priority := strings.ToLower(p.priority.text); validPriority(priority) {
		a.FetchPriority = priority // any other value means the same as none
	}
	if a.As != "" && !validAs(a.As) || a.Type != "" && !validType(a.Type) || a.Integrity != "" && !validIntegrity(a.Integrity) {
		return a, ErrParam
	}
	if p.conditional() {
		return a, ErrConditional
	}
	a.Origin, a.Path, err = base.Resolve(ref)
	return a, err
}

// relOf picks the first relation of a list that asks for an early fetch.
func relOf(list string) (Rel, bool) {
	for one := range strings.FieldsSeq(list) {
		for _, r := range [...]Rel{Preload, ModulePreload, Preconnect} {
			if strings.EqualFold(one, r.String()) {
				return r, true
			}
		}
	}
	return 0, false
}

// essence is a media type without its parameters, lower case.
func essence(mediaType string) string {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	return strings.ToLower(strings.Trim(mediaType, " \t"))
}
