package explain

import (
	"fmt"
	"math"
	"strconv"
)

// Figures writes a number with so many significant figures at least where it has a
// fraction: never with an exponent, which fewer people can read.
func Figures(x float64, n int) string {
	if x >= math.Pow10(n-1) {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	rounded, _ := strconv.ParseFloat(fmt.Sprintf("%.*g", n, x), 64) // what was just written is a number
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
