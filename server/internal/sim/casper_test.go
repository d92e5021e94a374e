package sim

import (
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/link"
)

// Casper is the model of package learn, told what a server would tell it.
type Casper struct {
	Model *learn.Model
}

// NewCasper returns an empty model, with a secret so that a run can be repeated.
func NewCasper(c learn.Config) *Casper {
	if c.Secret == nil {
		c.Secret = []byte("simulation")
	}
	m, err := learn.New(c)
	if err != nil {
		panic(err)
	}
	return &Casper{Model: m}
}

// falselyHeld is one of the path and client pairs that a fingerprint gets wrong. It is FNV-1a
// over both, and is asked for every file of every view.
func falselyHeld(path string, client uint64) bool {
	h := uint64(0xcbf29ce484222325)
	for range 8 {
		h = (h ^ client&0xff) * 0x100000001b3
		client >>= 8
	}
	for i := range len(path) {
		h = (h ^ uint64(path[i])) * 0x100000001b3
	}
	return h%128 == 0
}

func (c *Casper) Name() string { return "casper" }

// Hints says that browsers get Early Hints: they take no pushes any more.
func (c *Casper) Hints() {}

// Page sends what the client does not hold, as its fingerprint tells: with one false "held" in
// 128, as a cookie of usual size has.
func (c *Casper) Page(v *Visit, at time.Time) []string {
	held := func(path string) bool {
		return v.Client.Cache[path] || falselyHeld(path, v.Client.ID)
	}
	if v.Bot {
		held = nil
	}
	var paths []string
	chosen, _ := c.Model.Choose(nil, v.Page.Path, learn.Client(v.Client.ID))
	for _, p := range chosen {
		if held == nil || !held(p.Asset.Path) {
			paths = append(paths, p.Asset.Path)
		}
	}
	c.Model.ObserveView(&learn.View{
		Time: at, Client: learn.Client(v.Client.ID), Path: v.Page.Path,
		Status: 200, Held: held, Chosen: chosen, Ahead: v.Prefetch,
	})
	return paths
}

// Asset passes on what the request's headers say. An attacker's say whatever suits him.
func (c *Casper) Asset(v *Visit, r *Request, at time.Time) {
	a := link.Asset{Path: r.Path, As: r.File.As}
	if a.As == "font" {
		a.CrossOrigin = link.Anonymous
	}
	c.Model.ObserveFetch(&learn.Fetch{
		Time: at, Client: learn.Client(v.Client.ID), Path: r.Referer, Via: r.Referer,
		Status: 200, Asset: a, Destined: true, Reuse: learn.ReuseStated, Ahead: r.Prefetch,
	})
}

func (c *Casper) Predict(page string, at time.Time) []string {
	c.Model.Tick(at)
	var paths []string
	for _, p := range c.Model.Wanted(page) {
		paths = append(paths, p.Asset.Path)
	}
	return paths
}
