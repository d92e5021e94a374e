package main

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/cmd/internal/message"
	"github.com/cache-aware/casper/cmd/internal/traffic"
	"github.com/cache-aware/casper/gcs/formats"
)

func newIdentify(t *tool) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "identify INPUT...",
		Short: "Tell what a value or a file can be, how likely, and which command reads it",
		Long: `Tell what each INPUT can be: a value in one of casper's formats, the likeliest first;
a capture; or something that is recognised though casper does not read it. INPUT is a value,
NAME=VALUE, a header line, the name of a file, or - for such lines on stdin.

Most values are readable in more than one format. What counts is what a value of another
format would have by chance only: the bits that fill the last octet, keys spread over all that
are possible, a number of keys that agrees with the value's own head.`,
		Example: `  casper identify AfdA
  casper identify capture.bin
  pbpaste | casper identify --json -`,
		RunE: action(func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("give an INPUT")
			}
			if err := oneStdin(args); err != nil {
				return err
			}
			return t.identifyAll(args, asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

// A guess is what one input can be.
type guess struct {
	Input      string      `json:"input"`
	Is         string      `json:"is"`
	Candidates []candidate `json:"candidates"` // of a value, the likeliest first
	Commands   []string    `json:"commands"`   // that read it
}

// A candidate is one format that a value can have.
type candidate struct {
	Format     string   `json:"format"`
	Params     []string `json:"params"` // as "name value"
	Likelihood string   `json:"likelihood"`
	Keys       int      `json:"keys"` // -1 where they cannot be listed
	Why        []string `json:"why"`
	Command    string   `json:"command"`

	score float64 // the binary logarithm of how much better it is than chance
}

func (t *tool) identifyAll(args []string, asJSON bool) error {
	for _, arg := range args {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
			t.nothing("%s: nothing in it to identify", arg)
			continue
		}
		if arg != "-" {
			if err := t.printGuess(identify(arg), asJSON); err != nil {
				return err
			}
			continue
		}
		none := true
		for line, err := range capture.EachLine(t.stdin, capture.MaxLine) {
			none = false
			if err != nil {
				t.fail("stdin: %v", err)
				continue
			}
			if err := t.printGuess(identify(strings.TrimSpace(string(line))), asJSON); err != nil {
				return err
			}
		}
		if none {
			t.nothing("stdin: nothing in it to identify")
		}
	}
	return nil
}

func (t *tool) printGuess(g guess, asJSON bool) error {
	if g.Is == "" {
		g.Is = "nothing that is known"
		t.failed = true
	}
	if asJSON {
		if g.Candidates == nil {
			g.Candidates = []candidate{}
		}
		if g.Commands == nil {
			g.Commands = []string{}
		}
		return t.printJSON(g)
	}
	input := g.Input
	if shellWord(input) != input {
		input = strconv.QuoteToASCII(input)
	}
	if len(input) > 60 {
		input = input[:57] + "..."
	}
	fmt.Fprintf(t.stdout, "%s: %s\n", input, g.Is)
	for _, c := range g.Candidates {
		name := strings.Join(append([]string{c.Format}, c.Params...), ", ")
		what := "asked about names only"
		if c.Keys >= 0 {
			what = count(c.Keys, "key")
		}
		fmt.Fprintf(t.stdout, "  %-9s %s: %s\n", c.Likelihood, name, strings.Join(append([]string{what}, c.Why...), "; "))
		fmt.Fprintf(t.stdout, "            %s\n", c.Command)
	}
	for _, command := range g.Commands {
		fmt.Fprintf(t.stdout, "  %s\n", command)
	}
	return nil
}

// identify finds out what an argument can be.
func identify(arg string) guess {
	if isFile(arg) {
		return identifyFile(arg)
	}
	g := guess{Input: arg}
	if name, value, ok := blockFilter(arg); ok {
		g = identifyValue(value)
		g.Input, g.Is = arg, name+" with "+g.Is
		return g
	}
	var names []string
	for _, f := range formats.All() {
		names = append(names, f.Cookies...)
	}
	for c, err := range capture.Line(arg, names...) {
		switch {
		case err != nil:
			return g
		case c.Form == capture.Digest:
			g.Is = "a Cache-Digest header"
			g.Candidates = named(c.Value, func(f *formats.Format) bool { return f.HasHeader }, "the header's name says so", arg)
			return g
		case c.Form == capture.Bare:
			return identifyValue(c.Value)
		case slices.Contains(names, c.Name):
			g.Is = "the cookie " + c.Name
			g.Candidates = named(c.Value, func(f *formats.Format) bool { return slices.Contains(f.Cookies, c.Name) }, "the cookie's name says so", arg)
			return g
		}
	}
	return g
}

// named are the formats whose name stands at a value.
func named(value string, has func(*formats.Format) bool, why, arg string) (all []candidate) {
	for _, f := range formats.All() {
		if !has(f) {
			continue
		}
		c := candidate{Format: f.Name, Likelihood: "likely", Keys: -1, Params: []string{}, Why: []string{why}, Command: "casper decode " + shellWord(arg)}
		if d, err := f.Decode(formats.Params{}, valueOf(f, value)); err == nil {
			c.Keys = len(d.Keys)
			for _, digest := range d.Digests {
				c.Keys += len(digest.Keys)
			}
		} else if f.Supports("decode") {
			c.Why = append(c.Why, "but: "+err.Error())
		}
		all = append(all, c)
	}
	return all
}

// identifyValue reads a bare value in every format.
func identifyValue(value string) guess {
	g := guess{Input: value}
	g.Candidates = candidates(value)
	if len(g.Candidates) > 0 {
		g.Is = fmt.Sprintf("a value of %s", count(len(value), "character"))
	}
	return g
}

// maxGuessed is the longest value that is tried in every format, in characters.
const maxGuessed = 64 << 10

// priors are how often, as binary logarithms, people have a value of a format without its
// name, beside H2O's cookie.
var priors = map[string]float64{"h2o": 0, "h2o-2.0": -4, "cache-digest": -1, "go-casper": -4, "h2-auto-push": -4, "bip158": -1, "decred-v2": -4, "decred-v1": -4}

// How much less likely a format is than another, as binary logarithms: about as likely, still
// possible, and not worth a word.
const near, far, never = 2, 4, 24

// candidates are the formats that a value can have, the likeliest first.
func candidates(value string) (all []candidate) {
	if value == "" || len(value) > maxGuessed || strings.ContainsAny(value, " \t\r\n") {
		return nil
	}
	for _, f := range formats.All() {
		if _, known := priors[f.Name]; !known {
			continue // raw and lists say nothing without their parameters
		}
		if c, ok := fit(f, value); ok {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	best := all[0].score
	for i := range all {
		switch lag := best - all[i].score; {
		case lag > never:
			return all[:i]
		case i == 0 && (len(all) == 1 || best-all[1].score > near):
			all[i].Likelihood = "likely"
		case lag <= far:
			all[i].Likelihood = "possible"
		default:
			all[i].Likelihood = "unlikely"
		}
	}
	return all
}

// usualParams are the parameters that a format is tried with.
func usualParams(f *formats.Format) (all []formats.Params) {
	switch f.Name {
	case "go-casper":
		for _, p := range []int64{16, 32, 64, 128, 256, 1024} {
			for _, n := range []int64{10, 20, 50, 100, 200, 500, 1000} {
				all = append(all, numbered("p", p, "n", n))
			}
		}
	case "h2o", "h2o-2.0":
		for _, bits := range []int64{13, 8, 9, 10, 11, 12, 14, 15} {
			all = append(all, numbered("capacity_bits", bits))
		}
	default:
		all = append(all, formats.Params{})
	}
	return all
}

func numbered(pairs ...any) (p formats.Params) {
	for i := 0; i < len(pairs); i += 2 {
		p.SetNumber(pairs[i].(string), pairs[i+1].(int64))
	}
	return p
}

// fit reads a value with each setting and returns the one that fits best.
func fit(f *formats.Format, value string) (best candidate, ok bool) {
	if !f.Supports("decode") {
		_, err := f.QueryNames(formats.Params{}, formats.Input{Text: value}, []string{"/"})
		// A filter of its usual size has 960 bits; another is no more than base64.
		if err != nil || len(value) < 160 {
			return best, false
		}
		return candidate{Format: f.Name, Keys: -1, Params: []string{}, Why: []string{"it has the size of a filter"}, Command: "casper decode --format " + f.Name + " --assets FILE " + shellWord(value), score: priors[f.Name]}, true
	}
	tried, fits := 0, 0
	for i, p := range usualParams(f) {
		tried++
		d, err := f.Decode(p, formats.Input{Text: value})
		if err != nil || !d.Canonical {
			continue
		}
		fits++
		c := candidate{Format: f.Name, Keys: len(d.Keys), Params: []string{}, score: priors[f.Name]}
		if i > 0 && f.Name != "go-casper" {
			c.score -= 5 // nearly everybody keeps the default
		}
		c.judge(f, value, d)
		c.Command = "casper decode --format " + f.Name
		for _, param := range f.Params {
			if text, given := p.Text(param.Name); given {
				c.Params = append(c.Params, param.Name+" "+text)
				c.Command += " --" + param.Flag + " " + text
			}
		}
		c.Command += " " + shellWord(value)
		if !ok || c.score > best.score {
			best, ok = c, true
		}
	}
	if f.Name == "go-casper" { // has no usual parameters: some of many fit by chance
		best.score -= math.Log2(float64(tried))
	}
	if ok && tried > 1 {
		best.Why = append(best.Why, fmt.Sprintf("%d of %d usual parameters fit", fits, tried))
	}
	return best, ok
}

// judge weighs what a value of another format would have by chance.
func (c *candidate) judge(f *formats.Format, value string, d formats.Decoded) {
	why := func(bits float64, format string, args ...any) {
		c.score += bits
		c.Why = append(c.Why, fmt.Sprintf(format, args...))
	}
	if pad := padding(d); pad > 0 {
		why(float64(pad), "%s of padding fit", count(pad, "bit"))
	}
	if !f.HasText { // hex, which of 64 letters uses 16
		why(min(2*float64(len(value)), 40), "it is hex, and holds the number of values that it says")
	} else if len(value) >= 8 && strings.Trim(value, "0123456789abcdef") == "" {
		why(-20, "it looks like hex")
	}
	if n := len(d.Keys); n > 0 && d.Universe > 0 {
		highest := d.Keys[n-1]
		if chance := float64(n) * math.Log2(float64(highest+1)/float64(d.Universe)); chance < -4 {
			if n <= 2 { // of so few, somebody may have chosen them
				chance = max(chance, -6)
			}
			why(chance, "its highest key is %d of %d", highest, d.Universe)
		} else {
			c.Why = append(c.Why, "its keys are spread over all that are possible")
		}
	}
	if n, isDigest := d.Params.Number("log2n"); isDigest && f.HasHeader {
		log := math.Log2(float64(max(len(d.Keys), 1)))
		p, _ := d.Params.Number("log2p")
		if math.Abs(log-float64(n)) > 0.6 {
			why(-8, "its head says about %d keys", int64(1)<<n)
		} else {
			why(3, "its head says as many")
		}
		if p < 2 || p > 16 {
			why(-4, "a false-positive rate of 1 in %d is unusual", int64(1)<<p)
		}
	}
}

// padding is the number of bits behind the last key.
func padding(d formats.Decoded) int {
	bits := 0
	for _, field := range d.Layout.Fields {
		bits += field.Bits
	}
	code, last := d.Layout.Code, uint64(0)
	for i, key := range d.Keys {
		delta := key - last
		if i > 0 {
			delta -= uint64(code.Gap)
		}
		bits += int(delta>>code.Rice) + 1 + int(code.Rice)
		last = key
	}
	if pad := 8*d.Size - bits; pad < 8 {
		return max(pad, 0)
	}
	return 0
}

// blockFilter finds the filter in what Bitcoin's programs print.
func blockFilter(text string) (name, value string, ok bool) {
	if rest, found := strings.CutPrefix(strings.Join(strings.Fields(text), ""), `{"filter":"`); found {
		value, _, ok = strings.Cut(rest, `"`)
		return "JSON of getblockfilter", value, ok
	}
	if words := strings.Split(text, ":"); len(words) >= 3 && len(words[1]) == 64 && strings.Trim(words[0], "0123456789") == "" {
		return "a line of Wasabi's filters", words[2], true
	}
	return "", "", false
}

// identifyFile finds out what a file is.
func identifyFile(name string) guess {
	g := guess{Input: name}
	head, tail, err := ends(name)
	if err != nil {
		g.Is = err.Error()
		return g
	}
	file := shellWord(name)
	magic, reads := capture.Magic(head)
	switch {
	case bytes.HasSuffix(tail, []byte(toolMagic)):
		g.Is = "a set of gcstool or casper build (" + toolMagic + ")"
		g.Commands = []string{"casper query " + file + " NAME", "casper decode --format gcstool " + file}
		return g
	case bytes.HasPrefix(head, []byte("NIXIDX01")):
		g.Is = "an index shard of Nix (NIXIDX01), which casper does not read"
		return g
	case magic != "" && !reads:
		g.Is = magic
		if _, err := io.ReadAll(capture.Text(bytes.NewReader(head), 0)); err != nil && strings.HasPrefix(err.Error(), "packed with") {
			g.Is = "packed with " + magic + ", which casper does not unpack"
		}
		return g
	}
	if is := messageIn(name); is != "" {
		g.Is, g.Commands = is, []string{"casper decode " + file}
		return g
	}
	text, err := headOfText(name)
	if len(text) == 0 && err != nil {
		g.Is = err.Error()
		return g
	}
	packed := ""
	if magic != "" {
		packed = ", packed with " + magic
	}
	switch capture.KindOf(text) {
	case capture.KindHAR:
		g.Is = "a HAR file" + packed
		g.Commands = []string{"casper decode --har " + file, "casper replay --times 5 " + file}
		return g
	case capture.KindJar:
		g.Is = "a jar of cookies" + packed
		g.Commands = []string{"casper decode --jar " + file}
		return g
	}
	if word := strings.TrimSpace(string(text)); len(text) < headSize && !strings.ContainsAny(word, " \t\n") {
		if g := identify(word); g.Is != "" && !isFile(word) {
			g.Input, g.Is = name, g.Is+packed
			return g
		}
	}
	var s traffic.Reading
	for _, err := range s.All(bytes.NewReader(text)) {
		if err != nil {
			break
		}
	}
	if s.Records > 0 {
		g.Is = "an access log (" + s.Format + ")" + packed
		g.Commands = append(g.Commands, "casper replay "+file)
	}
	if hasCookies(text) {
		if g.Is == "" {
			g.Is = "a text with cookies" + packed
		}
		g.Commands = append(g.Commands, "casper decode --log "+file)
	}
	return g
}

// messageIn says what a file is that has lists or filters within a message; otherwise it is "".
func messageIn(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, headSize)
	var found []message.Value
	how := ""
	switch look(in) {
	case contentJSON:
		if head, _ := in.Peek(in.Buffered()); !inMessage(head) || capture.KindOf(head) != capture.KindLog {
			return ""
		}
		how = "JSON"
		found, err = message.JSON(&bounded{in, 3 * defaultSize})
	case contentOctets:
		how = "protobuf"
		var octets []byte
		if octets, err = atMost(in, defaultSize+1<<20); err == nil {
			found, err = message.HashLists(octets)
		}
	}
	if err != nil || len(found) == 0 {
		return ""
	}
	kinds := map[string]int{}
	for _, v := range found {
		kinds[cmp.Or(v.Format, "bip158")]++
	}
	var words []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		words = append(words, count(kinds[kind], "value")+" of "+kind)
	}
	return how + " with " + strings.Join(words, ", ")
}

// hasCookies looks for every cookie that is known.
func hasCookies(text []byte) bool {
	var s capture.LogScanner
	for _, f := range formats.All() {
		s.Names = append(s.Names, f.Cookies...)
	}
	slices.Sort(s.Names)
	s.Names = slices.Compact(s.Names)
	for _, err := range s.All(bytes.NewReader(text)) {
		return err == nil
	}
	return false
}

// ends are the first and the last octets of a file.
func ends(name string) (head, tail []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	head = make([]byte, 512)
	n, err := io.ReadFull(f, head)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		return head[:n], head[:n], nil
	}
	if err != nil {
		return nil, nil, err
	}
	tail = make([]byte, 16)
	if _, err := f.Seek(-int64(len(tail)), io.SeekEnd); err != nil {
		return nil, nil, err
	}
	_, err = io.ReadFull(f, tail)
	return head, tail, err
}

// headOfText is the beginning of a file's text, whole lines of it where there are any.
func headOfText(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(capture.Text(f, 0), headSize))
	if i := bytes.LastIndexByte(text, '\n'); len(text) == headSize && i > 0 {
		text = text[:i+1]
	}
	return text, err
}

// shellWord is a word as a shell takes it.
func shellWord(s string) string {
	plain := s != "" && s[0] != '-'
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && strings.IndexByte("-_./+=,:@%", c) < 0 {
			plain = false
		}
	}
	if plain {
		return s
	}
	word := "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	if strings.HasPrefix(s, "-") {
		return "-- " + word
	}
	return word
}

// ambiguous names the formats that a bare value fits about as well as the one that it is read
// in, or better.
func ambiguous(value, readAs string) (others []string) {
	all := candidates(value)
	i := slices.IndexFunc(all, func(c candidate) bool { return c.Format == readAs })
	if i < 0 {
		return nil
	}
	for _, c := range all {
		if c.Format != readAs && c.score >= all[i].score-near {
			others = append(others, c.Format)
		}
	}
	return others
}
