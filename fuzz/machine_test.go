package fuzz_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/commands"
	"github.com/leanovate/gopter/gen"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
	"github.com/cache-aware/casper/gcs/casper"
)

// TestFingerprintMachine lets a fingerprint and a plain map live through the same
// random history, and compares them after every step.
func TestFingerprintMachine(t *testing.T) {
	check(t, 150, map[string]gopter.Prop{
		"a fingerprint is a set of keys": commands.Prop(&commands.ProtoCommands{
			NewSystemUnderTestFunc: func(s commands.State) commands.SystemUnderTest {
				f := casper.New(s.(model).p)
				return &f
			},
			InitialStateGen: cookieParams().Map(func(p casper.Params) model { return model{p, nil} }),
			GenCommandFunc: func(commands.State) gopter.Gen {
				return gen.Weighted([]gen.WeightedGen{
					{Weight: 6, Gen: cookieKeys().Map(with)},
					{Weight: 2, Gen: gopter.CombineGens(cookieParams(), cookieKeys(), gen.Bool()).Map(merge)},
					{Weight: 2, Gen: gopter.CombineGens(gen.IntRange(0, 120), cookieKeys()).Map(trim)},
					{Weight: 1, Gen: gen.Const(reread)},
				})
			},
		}),
	})
}

// A model is what a fingerprint should be.
type model struct {
	p    casper.Params
	keys map[casper.Key]bool // never written to again
}

func (m model) sorted() []casper.Key { return slices.Sorted(maps.Keys(m.keys)) }

// plus returns the model of other parameters with more keys, all reduced to its
// capacity.
func (m model) plus(p casper.Params, keys ...casper.Key) model {
	all := map[casper.Key]bool{}
	for k := range m.keys {
		all[k%casper.Key(oracle.Capacity(p))] = true
	}
	for _, k := range keys {
		all[k%casper.Key(oracle.Capacity(p))] = true
	}
	return model{p, all}
}

// A command is one thing to do to both.
type command struct {
	name string
	run  func(casper.Fingerprint) (casper.Fingerprint, error)
	next func(model) model
}

func with(keys []casper.Key) commands.Command {
	return command{
		fmt.Sprintf("With(%d)", keys),
		func(f casper.Fingerprint) (casper.Fingerprint, error) { return f.With(keys...), nil },
		func(m model) model { return m.plus(m.p, keys...) },
	}
}

func merge(v []any) commands.Command {
	p, keys, first := v[0].(casper.Params), v[1].([]casper.Key), v[2].(bool)
	return command{
		fmt.Sprintf("Merge(%+v, %d, receiver %t)", p, keys, first),
		func(f casper.Fingerprint) (casper.Fingerprint, error) {
			if g := casper.New(p, keys...); first {
				return g.Merge(f), nil
			} else {
				return f.Merge(g), nil
			}
		},
		func(m model) model {
			q := casper.Params{CapacityBits: m.p.CapacityBits, Generation: min(m.p.Generation, p.Generation)}
			if oracle.Capacity(p) < oracle.Capacity(m.p) || p.CapacityBits == 0 && oracle.Capacity(p) == oracle.Capacity(m.p) {
				q.CapacityBits = p.CapacityBits
			}
			return m.plus(q, keys...)
		},
	}
}

func trim(v []any) commands.Command {
	maxText, keep := v[0].(int), v[1].([]casper.Key)
	return command{
		fmt.Sprintf("Trim(%d, %d)", maxText, keep),
		func(f casper.Fingerprint) (casper.Fingerprint, error) { return f.Trim(maxText, keep...), nil },
		func(m model) model {
			return model{m.p, nil}.plus(m.p, oracle.TrimCookie(m.p, m.sorted(), maxText, keep...)...)
		},
	}
}

// reread writes the cookie and reads it again, as a client's next request does.
var reread commands.Command = command{
	"Parse(String)",
	func(f casper.Fingerprint) (casper.Fingerprint, error) { return casper.Parse(f.String(), f.Params()) },
	func(m model) model { return m },
}

func (c command) Run(system commands.SystemUnderTest) commands.Result {
	held := system.(*casper.Fingerprint)
	f, err := c.run(*held)
	*held = f
	return result{f, err}
}

type result struct {
	f   casper.Fingerprint
	err error
}

func (c command) NextState(s commands.State) commands.State { return c.next(s.(model)) }
func (c command) PreCondition(commands.State) bool          { return true }
func (c command) String() string                            { return c.name }

// PostCondition compares all that can be asked of a fingerprint with the model after
// the command.
func (c command) PostCondition(s commands.State, r commands.Result) *gopter.PropResult {
	m, f := s.(model), r.(result).f
	want := m.sorted()
	differs := func(what string, got, want any) *gopter.PropResult {
		return &gopter.PropResult{Status: gopter.PropFalse, Labels: []string{fmt.Sprintf("%s is %v, want %v", what, got, want)}}
	}
	switch got := slices.Collect(f.All()); {
	case r.(result).err != nil:
		return differs("error", r.(result).err, nil)
	case f.Params() != m.p:
		return differs("Params", f.Params(), m.p)
	case !slices.Equal(got, want):
		return differs("All", got, want)
	case f.Len() != len(want):
		return differs("Len", f.Len(), len(want))
	case f.String() != oracle.CookieText(m.p, want):
		return differs("String", f.String(), oracle.CookieText(m.p, want))
	}
	for _, k := range want {
		for _, near := range []casper.Key{k - 1, k, k + 1} {
			if f.Has(near) != m.keys[near] {
				return differs(fmt.Sprintf("Has(%d)", near), f.Has(near), m.keys[near])
			}
		}
	}
	return &gopter.PropResult{Status: gopter.PropTrue}
}
