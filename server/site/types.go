package site

import (
	"path"
	"strings"
)

// The content types are the package's own: what a machine has in its mime.types would make the
// same folder behave differently elsewhere, and net/http's built-in table lacks fonts.
// JavaScript is text/javascript (RFC 9239). Text is taken to be UTF-8.

// looseTypes are those of files that may have compressed variants.
var looseTypes = map[string]string{
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
	".ttf":         "font/ttf",
	".otf":         "font/otf",
	".ttc":         "font/collection",
	".eot":         "application/vnd.ms-fontobject",
	".svg":         "image/svg+xml",
	".ico":         "image/x-icon",
	".cur":         "image/x-icon",
	".bmp":         "image/bmp",
	".m3u8":        "application/vnd.apple.mpegurl",
	".pdf":         "application/pdf",
	".rtf":         "application/rtf",
	".glb":         "model/gltf-binary",
	".gltf":        "model/gltf+json",
}

// denseTypes are those of media, archives and most fonts, which are compressed in themselves.
var denseTypes = map[string]string{
	".woff2": "font/woff2",
	".woff":  "font/woff",
	".png":   "image/png",
	".apng":  "image/apng",
	".jpg":   "image/jpeg",
	".jpeg":  "image/jpeg",
	".gif":   "image/gif",
	".webp":  "image/webp",
	".avif":  "image/avif",
	".jxl":   "image/jxl",
	".tif":   "image/tiff",
	".tiff":  "image/tiff",
	".mp4":   "video/mp4",
	".m4v":   "video/mp4",
	".webm":  "video/webm",
	".ogv":   "video/ogg",
	".mov":   "video/quicktime",
	".ts":    "video/mp2t",
	".mp3":   "audio/mpeg",
	".m4a":   "audio/mp4",
	".aac":   "audio/aac",
	".ogg":   "audio/ogg",
	".oga":   "audio/ogg",
	".opus":  "audio/ogg",
	".wav":   "audio/wav",
	".flac":  "audio/flac",
	".weba":  "audio/webm",
	".epub":  "application/epub+zip",
	".zip":   "application/zip",
	".gz":    "application/gzip",
	".zst":   "application/zstd",
	".tar":   "application/x-tar",
	".7z":    "application/x-7z-compressed",
}

// unknownType makes a browser save the file: with nosniff, it does nothing else with it.
const unknownType = "application/octet-stream"

// contentType is the type of a file by the extension of its name.
func (h *Handler) contentType(name string) string {
	extension := strings.ToLower(path.Ext(name))
	for _, types := range [...]map[string]string{h.config.Types, looseTypes, denseTypes} {
		if t, ok := types[extension]; ok {
			return t
		}
	}
	return unknownType
}

// compressible reports whether a file may have compressed variants.
func compressible(name string) bool {
	_, ok := looseTypes[strings.ToLower(path.Ext(name))]
	return ok
}
