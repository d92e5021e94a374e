package main

import (
	"bufio"
	"bytes"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cache-aware/casper/cmd/internal/capture"
	"github.com/cache-aware/casper/gcs/formats"
)

// decodeFlags are the flags of decode.
type decodeFlags struct {
	formatFlags
	json       bool
	assets     string
	cookieName string
	har        []string
	jar        []string
	log        []string
	unpacked   byteSize
	size       byteSize
	previous   string
}

func newDecode(t *tool) *cobra.Command {
	var f decodeFlags
	cmd := &cobra.Command{
		Use:   "decode [INPUT...]",
		Short: "Print the keys in a cookie or digest, and which assets they stand for",
		Long: `Print the keys that each INPUT holds and, with --assets, which assets these are.

INPUT is a bare value, NAME=VALUE, a Cookie:, Set-Cookie: or Cache-Digest: header line,
any text that has NAME=VALUE in it such as a copied curl command, the name of a file, or
- for such lines on stdin. A value that begins with - is given after --, or on stdin.
Without --format the cookie's name decides, and a bare value is H2O's. Inputs come
first in the output, then HAR files, jars and logs.

A file or stdin may also hold a filter or a list: as octets, in hex or in base64 where
--format says which; and in JSON of Safe Browsing's API or of getblockfilter, or as a HashList
in protobuf, where it need not.

Formats:
` + formatTable(),
		Example: `  casper decode qF0 --capacity-bits 8 --assets ./public
  casper decode 'Cookie: session=1; h2o_casper=qF0' --capacity-bits 8 --json
  casper decode --har visit.har --assets visit.har
  casper decode --json --log access.log.gz | jq .count
  ls /srv/www/css | sed 's|^|/css/|' | casper decode --assets - qF0`,
		RunE: action(func(cmd *cobra.Command, args []string) error { return t.decode(cmd, &f, args) }),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.register(cmd)
	f.registerBlock(cmd)
	f.registerLenient(cmd)
	flags.StringVar(&f.assets, "assets", "", "compare with the assets in `SOURCE`: a list of paths, a folder, a HAR file, or - for stdin")
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line")
	flags.StringArrayVar(&f.har, "har", nil, "read the cookies of a HAR `FILE`")
	flags.StringArrayVar(&f.jar, "jar", nil, "read the cookies of a jar `FILE`: Netscape's format, or JSON of Playwright and extensions")
	flags.StringArrayVar(&f.log, "log", nil, "find NAME=VALUE in every line of a log `FILE`, packed or not")
	registerUnpacked(flags, &f.unpacked)
	registerSize(flags, &f.size)
	flags.StringVar(&f.previous, "previous", "", "print the filter `HEADER` of bip158 that follows this one, and of more filters the chain")
	flags.StringVar(&f.cookieName, "cookie-name", "", "know the cookie `NAME` too")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

// formatTable lists the formats for a help text.
func formatTable() (s string) {
	for _, f := range formats.All() {
		s += fmt.Sprintf("  %-13s %s\n", f.Name, f.Title)
	}
	return s
}

// A decoding is one run of decode.
type decoding struct {
	*tool
	flags   *decodeFlags
	readers map[string]*reader // by cookie name
	chosen  *reader            // of --format, or nil
	bare    *reader            // of values without a name
	digest  *reader            // of whole headers
	names   []string           // of the cookies wanted
	listed  []string           // the names of --assets as they stand, or nil
	paths   []string           // those as request paths
	noPaths error              // why they are none
	matches matches            // of the values with the names
	shown   int                // results printed
	faults  *faults            // of the file under way, or nil
	chain   *[32]byte          // the header before the next filter, or nil
}

func (t *tool) decode(cmd *cobra.Command, f *decodeFlags, args []string) error {
	if len(args)+len(f.har)+len(f.jar)+len(f.log) == 0 {
		return usagef("nothing to decode: give an INPUT, --har, --jar or --log")
	}
	if err := oneStdin(slices.Concat(args, f.har, f.jar, f.log, []string{f.assets})); err != nil {
		return err
	}
	d, err := t.newDecoding(cmd, f)
	if err != nil {
		return err
	}
	if err := d.startChain(); err != nil {
		return err
	}
	if err := d.readAssets(args); err != nil {
		return err
	}
	for _, arg := range args {
		if arg == "-" {
			d.stdinLines()
		} else {
			d.input(arg)
		}
	}
	for _, file := range f.har {
		d.file(file, capture.KindHAR)
	}
	for _, file := range f.jar {
		d.file(file, capture.KindJar)
	}
	for _, file := range f.log {
		d.log(file)
	}
	d.sayUnmatched()
	return nil
}

// oneStdin refuses two readers of stdin.
func oneStdin(sources []string) error {
	i := slices.Index(sources, "-")
	if i >= 0 && slices.Contains(sources[i+1:], "-") {
		return usagef("stdin can be read once, but - stands twice")
	}
	return nil
}

// newDecoding finds out which cookies are read how.
func (t *tool) newDecoding(cmd *cobra.Command, f *decodeFlags) (*decoding, error) {
	d := &decoding{tool: t, flags: f, readers: map[string]*reader{}}
	known := formats.All()[:1] // of bare values
	for _, format := range formats.All() {
		// What can only be asked about names is of no interest without any.
		if format != known[0] && len(format.Cookies) > 0 && (f.assets != "" || format.Supports("decode")) {
			known = append(known, format)
		}
	}
	chosen, err := f.settle(cmd, known)
	if err != nil {
		return nil, err
	}
	if chosen != nil {
		if err := f.check(chosen); err != nil {
			return nil, err
		}
		d.chosen = newReader(chosen, &f.formatFlags)
		d.bare = d.chosen
		names := chosen.Cookies
		if len(names) == 0 {
			names = known[0].Cookies // H2O's other generation: the name is the same
		}
		for _, name := range names {
			d.readers[name] = d.chosen
		}
	} else {
		for _, format := range known {
			// A format that nothing was said about may lack something: its cookie
			// may well not turn up.
			if format == known[0] || f.touches(format) {
				if err := f.check(format); err != nil {
					return nil, err
				}
			}
			r := newReader(format, &f.formatFlags)
			for _, name := range format.Cookies {
				if d.readers[name] == nil {
					d.readers[name] = r
				}
			}
			if d.bare == nil {
				d.bare = r
			}
		}
	}
	d.digest = d.chosen
	if d.digest == nil {
		for _, format := range formats.All() {
			if format.HasHeader {
				d.digest = newReader(format, f.lenientOnly())
			}
		}
	}
	if f.cookieName != "" {
		if strings.ContainsAny(f.cookieName, " \t\r\n=;,\"") {
			return nil, usagef("%.60q cannot be a cookie's name", f.cookieName)
		}
		d.readers[f.cookieName] = d.bare
	}
	for name, r := range d.readers {
		r.most = int(min(int64(f.size), math.MaxInt))
		d.names = append(d.names, name)
	}
	slices.Sort(d.names)
	return d, nil
}

// readAssets reads the source of --assets.
func (d *decoding) readAssets(args []string) error {
	if d.flags.assets == "" {
		return nil
	}
	if c := d.chosen; c != nil {
		for _, p := range c.format.Params {
			if _, given := c.params.Text(p.Name); p.Octets > 0 && !given {
				return usagef("%s: names are hashed with a key: give --%s", c.format.Name, p.Flag)
			}
		}
	}
	const most = 1 << 20
	paths := []string{}
	if isURL(d.flags.assets) {
		return fmt.Errorf("--assets %s: a URL is not fetched: save it, and give the file", d.flags.assets)
	}
	for path, err := range capture.Assets(d.flags.assets, d.stdin, int64(d.flags.unpacked)) {
		if err != nil {
			return fmt.Errorf("--assets %s: %w", d.flags.assets, withoutName(err))
		}
		if len(paths) == most {
			return fmt.Errorf("--assets %s: %w: at most %d", d.flags.assets, capture.ErrMany, most)
		}
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		d.nothing("--assets %s: no names in it", d.flags.assets)
	}
	d.listed = paths
	format, _ := formats.Lookup("h2o")
	if d.paths, d.noPaths = namesOf(format, paths); d.noPaths != nil {
		d.noPaths = fmt.Errorf("--assets %s: %w", d.flags.assets, d.noPaths)
		if d.readsPaths(args) {
			return d.noPaths
		}
	}
	for _, r := range d.readers {
		d.giveAssets(r)
	}
	d.giveAssets(d.bare)
	d.giveAssets(d.digest)
	return nil
}

// stdinLines reads stdin: the values that it holds, or its lines. What is known about a line is
// printed before the next is waited for.
func (d *decoding) stdinLines() {
	in := bufio.NewReaderSize(d.stdin, headSize)
	what := look(in)
	head, _ := in.Peek(in.Buffered())
	switch {
	case what == contentJSON && (takesFiles(d.chosenFormat()) || d.chosen == nil && inMessage(head)),
		what == contentOctets && d.chosen == nil && bytes.IndexByte(head, 0) >= 0,
		what != contentLines && takesFiles(d.chosenFormat()):
		defer d.inFile("stdin")()
		d.contents(in, what, "stdin")
	default:
		d.lines(in, "stdin")
	}
}

// chosenFormat is the format of --format, or nil.
func (d *decoding) chosenFormat() *formats.Format {
	if d.chosen == nil {
		return nil
	}
	return d.chosen.format
}

const byteOrderMark = "\ufeff"

// lines decodes each line of a file or of stdin.
func (d *decoding) lines(in *bufio.Reader, name string) {
	defer d.inFile(name)()
	var line []capture.Cookie // the cookies of the line under way
	none := true
	// Editors, and PowerShell, begin with a byte order mark. What is here already is looked at: more
	// may never come.
	if mark, _ := in.Peek(min(in.Buffered(), len(byteOrderMark))); string(mark) == byteOrderMark {
		in.Discard(len(byteOrderMark))
	}
	flush := func() {
		if len(line) > 0 {
			d.line(seqOf(line), line[0].Where, line[0].Where)
		}
		line = line[:0]
	}
	wait := d.stdin.wait
	defer func() { d.stdin.wait = wait }()
	d.stdin.wait = func() error {
		flush()
		return wait()
	}
	for c, err := range capture.Lines(in, capture.MaxLine, d.names...) {
		none = false
		c.Where = name + ": " + c.Where
		if len(line) > 0 && c.Where != line[0].Where {
			flush()
		}
		if err != nil {
			d.refuse(name, name, err)
		} else {
			line = append(line, c)
		}
		if d.stdout.broken() {
			return
		}
	}
	flush()
	if none {
		d.nothing("%s: nothing in it to decode", name)
	}
}

func seqOf(cookies []capture.Cookie) iter.Seq2[capture.Cookie, error] {
	return func(yield func(capture.Cookie, error) bool) {
		for _, c := range cookies {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// line decodes the cookies of one line: those whose names are known or, where
// --format says what they are and none is, all.
func (d *decoding) line(cookies iter.Seq2[capture.Cookie, error], label, where string) {
	var others []capture.Cookie
	found := false
	for c, err := range cookies {
		if err != nil {
			d.refuse(label, where, err)
			return
		}
		if takesFiles(d.chosenFormat()) {
			c = d.ofLine(c)
		}
		switch r := d.readers[c.Name]; {
		case c.Form == capture.Bare:
			d.value(d.bare, c, c.Where)
		case c.Form == capture.Digest:
			d.value(d.digest, c, c.Where)
		case r != nil:
			d.value(r, c, c.Where)
		default:
			others = append(others, c)
			continue
		}
		found = true
	}
	if found {
		return
	}
	if d.chosen == nil {
		d.refuse(label, where, &unknownCookie{others[0].Name, d.names})
		return
	}
	for _, c := range others {
		d.value(d.chosen, c, c.Where)
	}
}

// file decodes the known cookies of a file.
func (d *decoding) file(name string, kind capture.Kind) {
	read := capture.Jar
	if kind == capture.KindHAR {
		read = capture.HAR
	}
	r, _, err := d.open(name)
	if err != nil {
		d.fail("%v", err)
		return
	}
	defer r.Close()
	defer d.inFile(name)()
	found, any := false, false
	var told faults
	defer d.endOf(name, &told)
	for c, err := range read(capture.Text(r, int64(d.flags.unpacked))) {
		if err != nil {
			found = true // what is not understood may hold one
			if !d.flags.json || told.admit(err.Error()) {
				d.refuse(name, name, err)
			}
			continue
		}
		r := d.readers[c.Name]
		if c.Form == capture.Digest {
			r = d.digest
		} else {
			any = true
		}
		if r != nil {
			found = true
			d.value(r, c, name+": "+c.Where)
		}
		if d.stdout.broken() {
			return
		}
	}
	switch {
	case found:
	case kind == capture.KindHAR && !any:
		d.nothing("%s: its requests hold no cookies at all: browsers leave them out unless the export is one with sensitive data", name)
	default:
		d.noneIn(name)
	}
}

// noneIn says that a file holds none of the cookies that are known.
func (d *decoding) noneIn(name string) {
	d.nothing("%s: no cookie named %s in it", name, orList(d.names))
}
