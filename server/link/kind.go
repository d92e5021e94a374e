package link

import (
	"path"
	"strings"
)

// mediaTypes are those of files that browsers fetch early, by extension.
var mediaTypes = map[string]string{
	".css":   "text/css",
	".js":    "text/javascript",
	".mjs":   "text/javascript",
	".woff2": "font/woff2",
	".woff":  "font/woff",
	".ttf":   "font/ttf",
	".otf":   "font/otf",
	".avif":  "image/avif",
	".webp":  "image/webp",
	".png":   "image/png",
	".apng":  "image/apng",
	".jpg":   "image/jpeg",
	".jpeg":  "image/jpeg",
	".gif":   "image/gif",
	".svg":   "image/svg+xml",
	".ico":   "image/x-icon",
	".bmp":   "image/bmp",
	".json":  "application/json",
	".wasm":  "application/wasm",
	".vtt":   "text/vtt",
}

// Guess returns the asset at a target as far as its extension and its media type tell:
// destination, type, CORS state and relation. The media type wins and may be empty. A font is
// always fetched with CORS, as are data fetches by default; a module (.mjs) is preloaded as
// one. What neither tells has As empty, and then no browser can be told to fetch it early.
func Guess(target, mediaType string) Asset {
	file, _, _ := strings.Cut(target, "?")
	extension := strings.ToLower(path.Ext(file))
	a := Asset{Path: target, Type: mediaTypes[extension]}
	told := essence(mediaType)
	if validType(told) && !(isJavaScript(told) && a.Type == "text/javascript") { // which has many names
		a.Type = told
	}
	a.As, a.CrossOrigin = asOf(a.Type)
	if extension == ".mjs" && a.As == "script" {
		a.As, a.Rel = "", ModulePreload
	}
	return a
}

// asOf is the destination of a media type, "" where none is safe to say.
func asOf(mediaType string) (string, CrossOrigin) {
	major, minor, _ := strings.Cut(mediaType, "/")
	switch {
	case mediaType == "text/css":
		return "style", NoCORS
	case isJavaScript(mediaType):
		return "script", NoCORS
	case major == "font", mediaType == "application/font-woff", mediaType == "application/vnd.ms-fontobject":
		return "font", Anonymous
	case major == "image":
		return "image", NoCORS
	case mediaType == "application/json", mediaType == "application/wasm", strings.HasSuffix(minor, "+json"):
		return "fetch", Anonymous
	case mediaType == "text/vtt":
		return "track", NoCORS
	}
	return "", NoCORS
}

// isJavaScript knows the names that servers give to JavaScript; all mean text/javascript (RFC
// 9239, section 6).
func isJavaScript(mediaType string) bool {
	switch mediaType {
	case "text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript", "application/ecmascript":
		return true
	}
	return false
}

// Blocking reports whether a resource of this media type holds up rendering: style sheets and
// scripts. It is what H2O tracks as blocking-assets, with two differences that only add. H2O
// 2.2.5 knows text/css and application/javascript alone, in exact case; later ones call
// JavaScript text/javascript. Parameters and case are passed over here.
func Blocking(mediaType string) bool {
	e := essence(mediaType)
	return e == "text/css" || isJavaScript(e)
}

// IsFile reports whether the extension of a path says that it is no page: that of an asset, or of
// a file for programs.
func IsFile(path string) bool {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 || strings.IndexByte(path[dot:], '/') >= 0 {
		return false
	}
	extension := strings.ToLower(path[dot:])
	if _, ok := mediaTypes[extension]; ok {
		return true
	}
	switch extension {
	case ".txt", ".xml", ".map", ".pdf", ".zip", ".gz", ".webmanifest", ".rss", ".atom", ".csv", ".mp3", ".mp4", ".webm":
		return true
	}
	return false
}

// destinations are those that a preload may have (Fetch, section 2.2.5, "destination").
var destinations = map[string]bool{
	"audio": true, "document": true, "embed": true, "fetch": true, "font": true, "image": true, "object": true,
	"script": true, "style": true, "track": true, "video": true, "worker": true, "json": true,
}

// Complete returns the asset with what its link leaves out or says in words that are none, such as
// as=stylesheet: its destination, by the media type that it is served with, "" if that is not
// known, and else by its extension. H2O goes by the type that it serves, too.
func (a Asset) Complete(served string) Asset {
	if a.Rel != Preload || destinations[a.As] {
		return a
	}
	g := Guess(a.Path, served)
	if g.As == "" && g.Rel == Preload {
		return a
	}
	a.As, a.Rel = g.As, g.Rel
	if a.Type == "" {
		a.Type = g.Type
	}
	if a.CrossOrigin == NoCORS {
		a.CrossOrigin = g.CrossOrigin
	}
	return a
}
