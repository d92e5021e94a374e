package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cache-aware/casper/vectors"
)

// header makes a header for C, and a tarball of it with its test and README.
func header() (name string, tarball []byte, err error) {
	all, err := vectors.All()
	if err != nil {
		return "", nil, err
	}
	head, err := source("c/casper_vectors.h")
	if err != nil {
		return "", nil, err
	}
	version := vectors.Version()
	var b bytes.Buffer
	b.Write(head)
	fmt.Fprintf(&b, "\n#define CASPER_VECTORS_VERSION %s\n#define CASPER_VECTORS_SUM %#xull /* FNV-1a over their texts, for the test */\n\n", cText(version), sum(all))
	b.WriteString("#define CASPER_T(s) {s, sizeof(s) - 1}\n#define CASPER_L(...) {(const struct casper_text[]){__VA_ARGS__}, sizeof((const struct casper_text[]){__VA_ARGS__}) / sizeof(struct casper_text)}\n")
	b.WriteString("#define CASPER_NONE {(const struct casper_text[]){{NULL, 0}}, 0} /* a list of nothing */\n\n")
	b.WriteString("static const struct casper_vector casper_vectors[] = {\n")
	for _, v := range all {
		params, err := params(v.Params)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", v.ID, err)
		}
		given := join(params, func(p param) string {
			kind := "'n'"
			switch p.value.(type) {
			case string:
				kind = "'s'"
			case bool:
				kind = "'b'"
			}
			return fmt.Sprintf("{%s, %s, %s}", cText(p.name), cText(fmt.Sprint(p.value)), kind)
		})
		fmt.Fprintf(&b, "{.id=%s,.format=%s,.op=%s,.since=%s,.comment=%s", cText(v.ID), cText(v.Format), cText(v.Op), cText(v.Since), cText(v.Comment))
		if len(params) > 0 {
			fmt.Fprintf(&b, ",.params=(const struct casper_param[]){%s},.params_len=%d", given, len(params))
		}
		fmt.Fprintf(&b, ",.spec=%s,.flags=%s,.input=%s,\n .expect=%s", cTexts(v.Spec), cTexts(v.Flags), cInput(v.Input), cAnswer(v.Expect))
		if v.ExpectLenient != nil {
			fmt.Fprintf(&b, ",\n .lenient=&(const struct casper_answer)%s", cAnswer(*v.ExpectLenient))
		}
		b.WriteString("},\n")
	}
	b.WriteString(`};
static const size_t casper_vectors_len = sizeof(casper_vectors) / sizeof(*casper_vectors);

#undef CASPER_T
#undef CASPER_L
#undef CASPER_NONE

static inline const struct casper_vector *casper_next(const struct casper_vector *v, const char *format, const char *op)
{
    for (v = v == NULL ? casper_vectors : v + 1; v < casper_vectors + casper_vectors_len; ++v)
        if ((format == NULL || strcmp(v->format, format) == 0) && (op == NULL || strcmp(v->op, op) == 0))
            return v;
    return NULL;
}

#endif
`)
	folder := "casper-vectors-c-" + version + "/"
	terms, err := license(folder)
	if err != nil {
		return "", nil, err
	}
	files, err := withSources([]file{{folder + "casper_vectors.h", b.Bytes()}, terms}, folder, "c", "README.md", "test.c")
	if err != nil {
		return "", nil, err
	}
	tarball, err = tarred(files)
	return "casper-vectors-c-" + version + ".tar.gz", tarball, err
}

// cText is a string literal.
func cText(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\' || c == '?': // trigraphs
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func cTexts(all []string) string {
	switch {
	case all == nil:
		return "{NULL,0}"
	case len(all) == 0:
		return "CASPER_NONE"
	}
	return "CASPER_L(" + join(all, func(s string) string { return "CASPER_T(" + cText(s) + ")" }) + ")"
}

// cMembers are the members that are there, the rest is 0.
type cMembers []string

func (m *cMembers) add(name, value string) { *m = append(*m, "."+name+"="+value) }

func (m *cMembers) texts(name string, all []string) {
	if all != nil {
		m.add(name, cTexts(all))
	}
}

func (m *cMembers) text(name string, s *string) {
	if s != nil {
		m.add(name, "CASPER_T("+cText(*s)+")")
	}
}

func (m cMembers) String() string {
	return "{" + strings.Join(m, ",") + "}"
}

func cInput(in vectors.Input) string {
	var m cMembers
	m.texts("names", in.Names)
	m.texts("names_hex", in.NamesHex)
	m.texts("keys", in.Keys)
	m.text("bytes_hex", in.BytesHex)
	m.text("text", in.Text)
	m.text("header", in.Header)
	if m == nil { // C99 has no empty initialiser
		return "{.text={NULL,0}}"
	}
	return m.String()
}

func cAnswer(a vectors.Answer) string {
	var m cMembers
	m.texts("keys", a.Keys)
	m.text("bytes_hex", a.BytesHex)
	m.text("text", a.Text)
	canonical, offset := -1, -1
	if a.Canonical != nil {
		canonical = 0
		if *a.Canonical {
			canonical = 1
		}
	}
	m.add("canonical", fmt.Sprint(canonical))
	if a.Present != nil {
		bits := strings.ReplaceAll(join(a.Present, func(there bool) string { return map[bool]string{false: "0", true: "1"}[there] }), ", ", "")
		m.add("present", cText(bits))
	}
	if a.Digests != nil {
		if len(a.Digests) > 0 {
			m.add("digests", "(const struct casper_digest[]){"+join(a.Digests, func(d vectors.Digest) string {
				return fmt.Sprintf("{%d,%d,%s,%s}", d.Log2N, d.Log2P, cTexts(d.Flags), cTexts(d.Keys))
			})+"}")
		} else { // a list of nothing
			m.add("digests", "(const struct casper_digest[]){{0,0,{NULL,0},{NULL,0}}}")
		}
		m.add("digests_len", fmt.Sprint(len(a.Digests)))
	}
	if a.Error != "" {
		m.add("error", cText(a.Error))
	}
	if a.Offset != nil {
		offset = *a.Offset
	}
	m.add("offset", fmt.Sprint(offset))
	m.texts("keys_before_error", a.KeysBeforeError)
	return m.String()
}
