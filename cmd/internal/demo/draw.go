package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// strip draws the band under the heading: Golomb-Rice codes as cells, quotients pale, the one
// that ends each full, remainders in between. The keys behind it are those of a small
// generator, so that the picture, and with it its validator, is always the same.
func strip() []byte {
	const width, height, remainder = 240, 2, 6
	pale, full, half := color.NRGBA{139, 147, 167, 70}, color.NRGBA{47, 111, 237, 255}, color.NRGBA{47, 111, 237, 120}
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	x, state := 0, uint32(1)
	cell := func(c color.NRGBA) {
		for y := range height {
			m.SetNRGBA(x, y, c)
		}
		x++
	}
	for x < width {
		state = state*1664525 + 1013904223 // Numerical Recipes' linear congruential generator
		for range state >> 30 {
			cell(pale)
		}
		cell(full)
		for bit := range remainder {
			if state>>(20+bit)&1 == 1 {
				cell(half)
			} else {
				cell(pale)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic("demo: " + err.Error()) // a buffer takes everything
	}
	return b.Bytes()
}
