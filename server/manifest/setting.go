package manifest

import (
	"fmt"
	"strings"
)

// ParseSetting reads FILE[,base=/app/][,page=/path=entry]..., which is how users name a manifest on
// a command line and in configuration files, and say what its file leaves open:
//
//	dist/.vite/manifest.json
//	build/manifest.json,base=/build/,page=/*=src/main.ts,page=/admin/*=src/admin.ts
//
// A comma that neither ",base=" nor ",page=" follows is part of a name. The same page may be
// given several entries. An error names the option that is wrong.
func ParseSetting(text string) (file string, c Config, err error) {
	file, options := cutOption(text)
	if file == "" {
		return "", Config{}, fmt.Errorf("manifest %q: a file is missing before its options", clip(text))
	}
	c.Place = map[string][]string{}
	for options != "" {
		var option string
		option, options = cutOption(options)
		name, value, _ := strings.Cut(option, "=")
		switch {
		case name == "base" && value != "" && c.Base == "":
			c.Base = value
		case name == "page":
			page, entry, ok := strings.Cut(value, "=")
			if !ok || !strings.HasPrefix(page, "/") || entry == "" {
				return "", Config{}, fmt.Errorf("manifest %s: %q is not of the form page=/path=entry", file, clip(option))
			}
			c.Place[page] = append(c.Place[page], entry)
		default:
			return "", Config{}, fmt.Errorf("manifest %s: one base such as /app/ is due, not %q", file, clip(option))
		}
	}
	return file, c, nil
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
