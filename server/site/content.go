package site

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	// maxBody is the largest file that is kept in memory, and maxBodies bounds what all of them
	// take, in bytes.
	maxBody   = 512 << 10
	maxBodies = 64 << 20

	// maxHashed is the largest file that is read to make its validator. A larger one is known by
	// its size and its time of change; otherwise a single HEAD would read gigabytes.
	maxHashed = 16 << 20

	// unsettled is how long a file that has changed is not remembered. The clocks of file systems
	// tick coarsely, so it may change again within that time and keep its time of change.
	unsettled = 2 * time.Second
)

// version is a file as it was at some time.
type version struct {
	name     string
	size     int64
	modified int64 // nanoseconds since 1970, or 0 where the file system keeps no times (embed)
}

func versionOf(name string, info fs.FileInfo) version {
	v := version{name: name, size: info.Size()}
	if m := info.ModTime(); !m.IsZero() {
		v.modified = m.UnixNano()
	}
	return v
}

// settled reports whether the version's size and time stand for its content.
func (v version) settled(now time.Time) bool {
	age := time.Duration(now.UnixNano() - v.modified)
	return v.modified == 0 || age <= -unsettled || age >= unsettled
}

// content is what is remembered of a version: its entity tag, and the bytes unless there are
// too many.
type content struct {
	tag  []string // one value, as a header map holds it; shared, so nobody may write into it
	body []byte   // nil: too large to keep
}

// contents remembers versions, bounded in bytes. Versions that were replaced, or that nobody asks
// for any more, fall out.
type contents struct {
	cache *otter.Cache[version, *content]
}

func newContents() contents {
	return contents{otter.Must(&otter.Options[version, *content]{
		MaximumWeight: maxBodies,
		Weigher: func(v version, c *content) uint32 {
			const overhead = 256 // key, entity tag and the cache's own
			return uint32(overhead + len(v.name) + len(c.body))
		},
	})}
}

// errChanged says that a file did not have the size that its version says.
var errChanged = errors.New("changed while it was read")

// of returns the content of a version, and reads it only if it has to. A file that changes at
// this very moment is taken as it was found, and not remembered.
func (c contents) of(v version, open func() (fs.File, error)) (*content, error) {
	settled := v.settled(time.Now())
	if v.size > maxHashed || v.size > maxBody && !settled {
		tag := `"` + strconv.FormatInt(v.size, 36) + "-" + strconv.FormatInt(v.modified, 36) + `"`
		return &content{tag: []string{tag}}, nil
	}
	if !settled {
		known, _, err := read(v, open)
		return known, err
	}
	if known, ok := c.cache.GetIfPresent(v); ok {
		return known, nil
	}
	// If many requests come first at once, one of them reads the file.
	known, err := c.cache.Get(context.Background(), v, otter.LoaderFunc[version, *content](func(context.Context, version) (*content, error) {
		known, size, err := read(v, open)
		if err == nil && size != v.size {
			err = errChanged
		}
		return known, err
	}))
	if errors.Is(err, errChanged) {
		known, _, err = read(v, open)
	}
	return known, err
}

// read reads a file from its beginning, and says how many bytes there were. It keeps those of a
// small file, at most as many as the version has.
func read(v version, open func() (fs.File, error)) (*content, int64, error) {
	file, err := open()
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	sum := sha256.New()
	c := &content{}
	if v.size <= maxBody {
		body := make([]byte, v.size+1) // one byte more tells whether the file has grown
		n, err := io.ReadFull(file, body)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, 0, err
		}
		c.body = body[:min(int64(n), v.size)]
		sum.Write(c.body)
		c.tag = tagOf(sum.Sum(nil))
		return c, int64(n), nil
	}
	n, err := io.Copy(sum, file)
	if err != nil {
		return nil, 0, err
	}
	c.tag = tagOf(sum.Sum(nil))
	return c, n, nil
}

// tagOf makes a strong entity tag of 128 bits.
func tagOf(sum []byte) []string {
	return []string{`"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
}
