// Package link turns one asset into one value of the Link header field and back.
//
// Reading follows RFC 8288 in full: several links in a value, commas and semicolons inside
// quotes and angle brackets, escaped quotes, relation lists, case-insensitive names, the first
// of repeated parameters. A malformed link spoils only itself. What is read is bounded by
// [MaxValues], [MaxValueBytes] and [MaxLinks].
//
// Writing is strict: [Asset.Valid] admits nothing that could end the link and begin another
// one, so that for every valid asset Parse([]string{a.String()}, "") gives that asset alone.
// Text of an attacker's choosing in a path can lose a hint; it cannot add one. Escaping CR and
// LF would not be enough, since the list syntax itself can be injected.
//
// Two forms are written. [Asset.String] keeps all that the asset says and suits the final
// response. [Asset.Append] writes only the parameters that a browser knows, because Chromium
// drops the whole of an early hint for one parameter that it does not know, nopush among them;
// it suits a 103.
//
// [Links] also tells where each link stands in its value, and [Filter] takes single links out
// while the others keep their bytes.
package link
