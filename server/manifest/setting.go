package manifest

import (
	"fmt"
	"strings"
)

// A Setting names a manifest and says what its file leaves open, as users write it on a command
// line and in configuration files.
type Setting struct {
	File   string
	Config Config

	text string
}

// ParseSetting reads FILE[,base=/app/][,page=/path=entry]...:
//
//	dist/.vite/manifest.json
//	build/manifest.json,base=/build/,page=/*=src/main.ts,page=/admin/*=src/admin.ts
//
// A comma that neither ",base=" nor ",page=" follows is part of a name. The same page may be
// given several entries.
func ParseSetting(text string) (Setting, error) {
	s := Setting{text: text, Config: Config{Place: map[string][]string{}}}
	file, options := cutOption(text)
	if s.File = file; file == "" {
		return Setting{}, fmt.Errorf("manifest %q: a file is missing before its options", clip(text))
	}
	for options != "" {
		var option string
		option, options = cutOption(options)
		name, value, _ := strings.Cut(option, "=")
		switch {
		case name == "base" && value != "" && s.Config.Base == "":
			s.Config.Base = value
		case name == "page":
			page, entry, ok := strings.Cut(value, "=")
			if !ok || !strings.HasPrefix(page, "/") || entry == "" {
				return Setting{}, fmt.Errorf("manifest %s: %q is not of the form page=/path=entry", file, clip(option))
			}
			s.Config.Place[page] = append(s.Config.Place[page], entry)
		default:
			return Setting{}, fmt.Errorf("manifest %s: one base such as /app/ is due, not %q", file, clip(option))
		}
	}
	return s, nil
}

// cutOption cuts a setting before its next option.
func cutOption(text string) (before, after string) {
	at := len(text)
	for _, option := range []string{",base=", ",page="} {
		if i := strings.Index(text, option); i >= 0 && i < at {
			at = i
		}
	}
	if at == len(text) {
		return text, ""
	}
	return text[:at], text[at+1:]
}

// String returns the setting as it was read.
func (s Setting) String() string { return s.text }

// Open reads the manifest in the setting's file.
func (s Setting) Open() (*Manifest, error) { return Open(s.File, s.Config) }

// With returns the setting's text with an entry placed on every page: what a user can try who was
// warned of an [UnplacedError].
func (s Setting) With(entry string) string { return s.text + ",page=/*=" + entry }
