package site

import (
	"path"
	"strings"
)

// The content types are the package's own: what a machine has in its mime.types would make the
// same folder behave differently elsewhere, and net/http's built-in table lacks fonts.
// JavaScript is text/javascript (RFC 9239). Text is taken to be UTF-8.
var types = map[string]string{
	".html":        "text/html; charset=utf-8",
	".htm":         "text/html; charset=utf-8",
	".xhtml":       "application/xhtml+xml",
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".mjs":         "text/javascript; charset=utf-8",
	".cjs":         "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".jsonld":      "application/ld+json",
	".geojson":     "application/geo+json",
	".webmanifest": "application/manifest+json",
	".wasm":        "application/wasm",
	".xml":         "application/xml",
	".rss":         "application/rss+xml",
	".atom":        "application/atom+xml",
	".xsl":         "application/xslt+xml",
	".txt":         "text/plain; charset=utf-8",
	".md":          "text/markdown; charset=utf-8",
	".csv":         "text/csv; charset=utf-8",
	".ics":         "text/calendar; charset=utf-8",
	".vtt":         "text/vtt; charset=utf-8",
	".yaml":        "application/yaml",
	".yml":         "application/yaml",
	".toml":        "application/toml",

	".woff2": "font/woff2",
	".woff":  "font/woff",
	".ttf":   "font/ttf",
	".otf":   "font/otf",
	".ttc":   "font/collection",
	".eot":   "application/vnd.ms-fontobject",

	".svg":  "image/svg+xml",
	".png":  "image/png",
	".apng": "image/apng",
	".jpg":  "image/jpeg",
	".jpeg": "image/jpeg",
	".gif":  "image/gif",
	".webp": "image/webp",
	".avif": "image/avif",
	".jxl":  "image/jxl",
	".ico":  "image/x-icon",
	".cur":  "image/x-icon",
	".bmp":  "image/bmp",
	".tif":  "image/tiff",
	".tiff": "image/tiff",

	".mp4":  "video/mp4",
	".m4v":  "video/mp4",
	".webm": "video/webm",
	".ogv":  "video/ogg",
	".mov":  "video/quicktime",
	".m3u8": "application/vnd.apple.mpegurl",
	".ts":   "video/mp2t",
	".mp3":  "audio/mpeg",
	".m4a":  "audio/mp4",
	".aac":  "audio/aac",
	".ogg":  "audio/ogg",
	".oga":  "audio/ogg",
	".opus": "audio/ogg",
	".wav":  "audio/wav",
	".flac": "audio/flac",
	".weba": "audio/webm",

	".pdf":  "application/pdf",
	".epub": "application/epub+zip",
	".rtf":  "application/rtf",
	".zip":  "application/zip",
	".gz":   "application/gzip",
	".zst":  "application/zstd",
	".tar":  "application/x-tar",
	".7z":   "application/x-7z-compressed",
	".glb":  "model/gltf-binary",
	".gltf": "model/gltf+json",
}

// unknownType makes a browser save the file: with nosniff, it does nothing else with it.
const unknownType = "application/octet-stream"

// contentType is the type of a file by the extension of its name.
func (h *Handler) contentType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if t, ok := h.config.Types[ext]; ok {
		return t
	}
	if t, ok := types[ext]; ok {
		return t
	}
	return unknownType
}

// compressible reports whether a file may have compressed variants. Media and most fonts are
// compressed in themselves.
func compressible(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".html", ".htm", ".xhtml", ".css", ".js", ".mjs", ".cjs", ".json", ".map",
		".jsonld", ".geojson", ".webmanifest", ".wasm", ".xml", ".rss", ".atom", ".xsl", ".txt",
		".md", ".csv", ".ics", ".vtt", ".yaml", ".yml", ".toml", ".ttf", ".otf",
		".ttc", ".eot", ".svg", ".ico", ".cur", ".bmp", ".m3u8", ".pdf", ".rtf",
		".glb", ".gltf":
		return true
	}
	return false
}
