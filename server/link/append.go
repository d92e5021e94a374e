package link

// Append appends the link as it may stand in a 103: rel, as, crossorigin, type, fetchpriority
// and integrity, nothing else. It appends nothing when the asset is not [Asset.Valid], and
// allocates only when dst is too short.
//
// Several links in one value are parted by ", ".
func (a Asset) Append(dst []byte) []byte {
	if !a.Valid() {
		return dst
	}
	dst = append(dst, '<')
	dst = append(dst, a.Origin...)
	dst = append(dst, a.Path...)
	dst = append(dst, ">; rel="...)
	dst = append(dst, a.Rel.String()...)
	if a.As != "" {
		dst = append(dst, "; as="...)
		dst = append(dst, a.As...)
	}
	if a.CrossOrigin != NoCORS {
		dst = append(dst, "; crossorigin"...)
		if a.CrossOrigin != Anonymous {
			dst = append(dst, '=')
			dst = append(dst, a.CrossOrigin.String()...)
		}
	}
	if a.Type != "" {
		dst = append(dst, `; type="`...)
		dst = append(dst, a.Type...)
		dst = append(dst, '"')
	}
	if a.FetchPriority != "" {
		dst = append(dst, "; fetchpriority="...)
		dst = append(dst, a.FetchPriority...)
	}
	if a.Integrity != "" {
		dst = append(dst, `; integrity="`...)
		dst = append(dst, a.Integrity...)
		dst = append(dst, '"')
	}
	return dst
}

// String returns the link with all that the asset says, nopush and x-http2-push-only included. It
// suits a final response, where browsers pass over parameters that they do not know and a proxy in
// front may read them. It is empty when the asset is not [Asset.Valid].
func (a Asset) String() string {
	text := a.Append(nil)
	if len(text) > 0 && a.NoPush {
		text = append(text, "; nopush"...)
	}
	if len(text) > 0 && a.PushOnly {
		text = append(text, "; x-http2-push-only"...)
	}
	return string(text)
}
