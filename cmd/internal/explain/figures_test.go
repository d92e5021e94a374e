package explain

import "testing"

func TestFigures(t *testing.T) {
	for _, tt := range []struct {
		x    float64
		n    int
		want string
	}{
		{0, 3, "0"}, {7, 3, "7"}, {7.25, 3, "7.25"}, {7.256, 3, "7.26"}, {99.96, 3, "100"}, {123.4, 3, "123"},
		{10002, 3, "10002"}, {1e9, 3, "1000000000"}, {0.5, 2, "0.5"}, {2.3283e-8, 2, "0.000000023"}, {100, 2, "100"},
	} {
		if got := Figures(tt.x, tt.n); got != tt.want {
			t.Errorf("%g in %d figures: %s, want %s", tt.x, tt.n, got, tt.want)
		}
	}
}
