package manifest

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Some frameworks write their manifest as a script that sets a variable or exports a value:
// Remix, React Router, Nuxt. The value is JSON, or near it.

// scriptValue returns the object that a script of that kind holds, as JSON.
func scriptValue(data []byte) ([]byte, bool) {
	text := bytes.TrimSpace(data)
	at := bytes.IndexByte(text, '{')
	if at < 0 || at > maxScriptHead {
		return nil, false
	}
	head := strings.TrimRight(string(text[:at]), " (")
	if head != "export default" && !(strings.HasPrefix(head, "window.") && strings.HasSuffix(head, "=")) {
		return nil, false
	}
	value := bytes.TrimRight(text[at:], " \t\r\n;)")
	if json.Valid(value) {
		return value, true
	}
	value = fromLiteral(value)
	return value, json.Valid(value)
}

const maxScriptHead = 100 // bytes before the value: "window.__reactRouterManifest="

// fromLiteral turns an object literal as minifiers write them into JSON: it quotes names, and
// writes !0 and !1 in full. What is more of a program than that does not become JSON.
func fromLiteral(data []byte) []byte {
	out := make([]byte, 0, len(data)+len(data)/8)
	for i := 0; i < len(data); {
		switch c := data[i]; {
		case c == '"':
			end := i + 1
			for end < len(data) && data[end] != '"' {
				if data[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(data))
			out = append(out, data[i:end]...)
			i = end
		case c == '!' && i+1 < len(data) && (data[i+1] == '0' || data[i+1] == '1'):
			if data[i+1] == '0' {
				out = append(out, "true"...)
			} else {
				out = append(out, "false"...)
			}
			i += 2
		case isName(c):
			end := i
			for end < len(data) && (isName(data[end]) || '0' <= data[end] && data[end] <= '9') {
				end++
			}
			if end < len(data) && data[end] == ':' {
				out = append(append(append(out, '"'), data[i:end]...), '"')
			} else {
				out = append(out, data[i:end]...)
			}
			i = end
		default:
			out = append(out, c)
			i++
		}
	}
	return out
}

func isName(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$' }
