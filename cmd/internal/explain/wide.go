package explain

import (
	"fmt"
	"math/big"
)

// Wide are the numbers of a code whose keys have 64 bits or more.
type Wide struct {
	Remainder, Gap, Previous, Key *big.Int
}

// widen reads a code's numbers where they may have any length. It reports whether the key has more
// bits than a key has.
func (w *walker) widen(c *Code, remainder int) (over bool) {
	r := int(w.Code.Rice)
	n := Wide{Remainder: new(big.Int), Previous: w.last}
	for i := range r { // least significant first, as lists of this kind have it
		if w.bit(remainder+i) == '1' {
			n.Remainder.SetBit(n.Remainder, i, 1)
		}
	}
	n.Gap = new(big.Int).SetUint64(c.Quotient)
	n.Gap.Lsh(n.Gap, uint(r)).Add(n.Gap, n.Remainder)
	n.Key = new(big.Int).Add(n.Previous, n.Gap)
	c.Wide = &n
	return n.Key.BitLen() > w.Bits
}

// remainder, gap, previous and key are a code's numbers in text: in decimal or, where they can
// have 64 bits or more, in hex.
func (c *Code) remainder() string {
	if c.Wide != nil {
		return hexed(c.Wide.Remainder)
	}
	return fmt.Sprint(c.Remainder)
}

func (c *Code) gap() string {
	if c.Wide != nil {
		return hexed(c.Wide.Gap)
	}
	return fmt.Sprint(c.Gap)
}

func (c *Code) previous() string {
	if c.Wide != nil {
		return hexed(c.Wide.Previous)
	}
	return fmt.Sprint(c.Previous)
}

func (c *Code) key() string {
	if c.Wide != nil {
		return hexed(c.Wide.Key)
	}
	return fmt.Sprint(c.Key)
}

// noGap reports whether the gap is 0.
func (c *Code) noGap() bool {
	if c.Wide != nil {
		return c.Wide.Gap.Sign() == 0
	}
	return c.Gap == 0
}

func hexed(n *big.Int) string { return fmt.Sprintf("0x%x", n) }

// divisor is what a gap is divided by, in text.
func (e *Explanation) divisor() string {
	if e.Divisor > 0 {
		return fmt.Sprint(e.Divisor)
	}
	if e.Code.Rice > 63 || e.Bits > 0 {
		return fmt.Sprintf("2^%d", e.Code.Rice)
	}
	return fmt.Sprint(uint64(1) << e.Code.Rice)
}

// firstWide is the first key of a list with Bits.
func (e *Explanation) firstWide() *big.Int {
	if e.FirstWide == nil {
		return new(big.Int)
	}
	return e.FirstWide
}

// mostBits is how many bits no key has more than.
func (e *Explanation) mostBits() int {
	if e.Bits > 0 {
		return e.Bits
	}
	return 64
}
