package link

// CrossOrigin is how a browser will ask for an asset, the three states of HTML's crossorigin
// attribute. A hint whose state differs from the tag's is fetched and then thrown away, so it
// is part of what an asset is.
type CrossOrigin uint8

const (
	NoCORS         CrossOrigin = iota // no attribute: a plain request, as <link rel=stylesheet> and <script> make it
	Anonymous                         // a CORS request without credentials to other origins: every font, every module
	UseCredentials                    // a CORS request with credentials
)

// String returns the attribute's value: "", "anonymous" or "use-credentials".
func (c CrossOrigin) String() string {
	switch c {
	case Anonymous:
		return "anonymous"
	case UseCredentials:
		return "use-credentials"
	}
	return ""
}

// Rel is the relation of a link that tells a browser to fetch or to connect early.
type Rel uint8

const (
	Preload       Rel = iota // fetch it: the zero value, and what nearly every asset is
	ModulePreload            // fetch it and its imports as a JavaScript module
	Preconnect               // open a connection: Path holds an origin, not a path
)

// String returns the relation type as it is registered: "preload", "modulepreload" or
// "preconnect".
func (r Rel) String() string {
	switch r {
	case Preload:
		return "preload"
	case ModulePreload:
		return "modulepreload"
	case Preconnect:
		return "preconnect"
	}
	return ""
}

// Asset is one resource that a page needs, as a Link header would name it. It is comparable, so
// it can be a map key. The zero Asset is not valid.
type Asset struct {
	// Origin is where the asset lies if that is not the page's own origin:
	// "https://cdn.example". Such an asset can be hinted and linked, and never pushed, and
	// what a client holds of it is not for this server to say.
	Origin string

	// Path is the request target: one leading slash, path and optional query, percent-encoded
	// as on the wire, without dot segments or a fragment. For [Preconnect] it is an origin such
	// as "https://fonts.example", and Origin is empty.
	Path string

	// As is the destination: "style", "script", "font", "image", "fetch" and so on, lower case.
	// Empty is unknown.
	As string

	// Type is the media type without parameters, lower case. Optional.
	Type string

	CrossOrigin CrossOrigin

	// FetchPriority is "", "high", "low" or "auto".
	FetchPriority string

	// Integrity is subresource integrity metadata: hashes parted by single spaces. Optional.
	Integrity string

	Rel Rel

	// NoPush says that the asset may be hinted and must not be pushed (the nopush parameter).
	NoPush bool

	// PushOnly says to push the asset and to take its link off the response (H2O's
	// x-http2-push-only parameter).
	PushOnly bool
}
