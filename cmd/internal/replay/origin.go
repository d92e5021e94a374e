package replay

import (
	"net/url"
	"slices"
	"strings"

	"github.com/cache-aware/casper/cmd/internal/traffic"
)

// firstLook is how many records are looked at to find out which origin a recording is about.
const firstLook = 4096

// An origin is the hosts whose records count: a model serves one origin, a recording may hold
// many. Given none, it is the host that most pages of the first records come from; or, in a
// log that has no hosts, that the Referers of most assets name.
type origin struct {
	hosts []string // those that count; the first stands for the rest
	early []*traffic.Record
	votes map[string]int

	named bool   // a record that counts names one of them, itself or in its Referer
	other string // the first other host that a record is of
}

func newOrigin(hosts []string) origin {
	o := origin{votes: map[string]int{}}
	for _, h := range hosts {
		o.hosts = append(o.hosts, bareHost(h))
	}
	return o
}

// bareHost is a host without the port that its scheme has anyway.
func bareHost(h string) string {
	h = strings.ToLower(h)
	return strings.TrimSuffix(strings.TrimSuffix(h, ":443"), ":80")
}

// known reports whether it is known which records count.
func (o *origin) known() bool { return len(o.hosts) > 0 }

// look takes one more of the first records, and returns them all once the origin is known.
func (o *origin) look(rec *traffic.Record) []*traffic.Record {
	o.early = append(o.early, rec)
	switch h := bareHost(rec.Request.Host); {
	case h != "" && rec.Status == 200 && strings.HasPrefix(rec.Answer.Get("Content-Type"), "text/html"):
		o.votes[h]++
	case h == "" && !strings.HasPrefix(rec.Answer.Get("Content-Type"), "text/html"):
		if ref := bareHost(hostOf(rec.Request.Header.Get("Referer"))); ref != "" {
			o.votes[ref]++
		}
	}
	if len(o.early) < firstLook {
		return nil
	}
	return o.settle()
}

// settle decides, and returns the records that waited for it.
func (o *origin) settle() []*traffic.Record {
	best, most := "", 0
	for h, n := range o.votes {
		if n > most || n == most && h < best {
			best, most = h, n
		}
	}
	if !o.known() {
		o.hosts = []string{best} // none at all: then nothing has a Referer either
	}
	early := o.early
	o.early, o.votes = nil, nil
	return early
}

// admit reports whether a record counts, and gives it the host that its Referers are compared
// with.
func (o *origin) admit(rec *traffic.Record) bool {
	h := bareHost(rec.Request.Host)
	if h != "" && !slices.Contains(o.hosts, h) {
		o.sawOther(h)
		return false
	}
	o.named = o.named || h != ""
	ref := bareHost(hostOf(rec.Request.Header.Get("Referer")))
	switch {
	case ref != "" && slices.Contains(o.hosts, ref):
		rec.Request.Host = ref // several names, one site
		o.named = true
	case h == "":
		rec.Request.Host = o.hosts[0]
		if !strings.HasPrefix(rec.Answer.Get("Content-Type"), "text/html") { // pages are linked to from anywhere
			o.sawOther(ref)
		}
	}
	return true
}

// sawOther notes a host whose records do not count.
func (o *origin) sawOther(host string) {
	if o.other == "" {
		o.other = strings.Clone(host)
	}
}

// OtherHost is a host that the recording is about if it is about none of [Config.Hosts]: either
// its records say so or, in a log that has no hosts, the Referers of its assets. Otherwise it is
// empty.
func (p *Replay) OtherHost() string {
	if len(p.c.Hosts) == 0 || p.origin.named {
		return ""
	}
	return p.origin.other
}

// hostOf is the authority of a URL.
func hostOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
