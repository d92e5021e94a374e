package gain

import "math"

// A Sample sums up times in ms, in constant room.
type Sample struct {
	n        int64
	mean, m2 float64 // Welford's: the sum of squared distances from the mean
	buckets  [buckets]uint32
}

// Buckets of a sample: four for each doubling, from 1 ms. The last has all from 54 s on.
const buckets = 64

// bucketOf returns the bucket of a time.
func bucketOf(ms float64) int {
	if ms < 1 {
		return 0
	}
	return min(buckets-1, int(4*math.Log2(ms))+1)
}

// lowerBound is where a bucket begins, in ms.
func lowerBound(bucket int) float64 {
	if bucket == 0 {
		return 0
	}
	return math.Exp2(float64(bucket-1) / 4)
}

// Add adds a time.
func (s *Sample) Add(ms float64) {
	s.n++
	d := ms - s.mean
	s.mean += d / float64(s.n)
	s.m2 += d * (ms - s.mean)
	s.buckets[bucketOf(ms)]++
}

// merge adds another sample (Chan, Golub and LeVeque's rule).
func (s *Sample) merge(o *Sample) {
	if o.n == 0 {
		return
	}
	n := float64(s.n + o.n)
	d := o.mean - s.mean
	s.m2 += o.m2 + d*d*float64(s.n)*float64(o.n)/n
	s.mean += d * float64(o.n) / n
	s.n += o.n
	for i := range s.buckets {
		s.buckets[i] += o.buckets[i]
	}
}

// N returns how many times there are.
func (s *Sample) N() int64 { return s.n }

// Mean returns their mean in ms, 0 for none.
func (s *Sample) Mean() float64 { return s.mean }

// Median returns a time in ms that half of them are at most as long as, to a fifth; 0 for none.
func (s *Sample) Median() float64 {
	left := float64(s.n) / 2
	for i, n := range s.buckets {
		if n > 0 && float64(n) >= left {
			low, high := lowerBound(i), lowerBound(i+1)
			return low + (high-low)*left/float64(n)
		}
		left -= float64(n)
	}
	return 0
}

// Within returns how many of them were at most a bound, for the bounds of a histogram of Prometheus in
// seconds: each second bucket's.
func (s *Sample) Within() map[float64]uint64 {
	within, n := make(map[float64]uint64), uint64(0)
	for i := range buckets - 1 {
		n += uint64(s.buckets[i])
		if i > 16 && i%4 == 0 {
			within[lowerBound(i+1)/1000] = n
		}
	}
	return within
}

// errorOfMean is the variance of the mean.
func (s *Sample) errorOfMean() float64 {
	if s.n < 2 {
		return math.Inf(1)
	}
	return s.m2 / float64(s.n-1) / float64(s.n)
}

// A By is what a [Sooner] was made from; see the package's documentation.
type By string

// What a figure can be made from.
const (
	ByBrowser By = "browser"
	ByServer  By = "server"
	ByLead    By = "lead"
	ByNothing By = ""
)

// Sooner says by how much pages were ready sooner.
type Sooner struct {
	By      By      `json:"by"`
	Ms      float64 `json:"ms"`      // the difference of the means; of [ByLead] the mean lead
	Low     float64 `json:"low"`     // of the 95 % interval
	High    float64 `json:"high"`    // of it
	With    int64   `json:"with"`    // views with a 103
	Without int64   `json:"without"` // views of the control group

	WithMedian    float64 `json:"with_median"` // ms until ready
	WithoutMedian float64 `json:"without_median"`
}

// enough is how many views each group needs before anything is said of it.
const enough = 8

// compare returns what is known from two groups, and whether that is anything. The interval is
// Welch's: the groups need not vary alike, nor be of one size.
func compare(by By, with, without *Sample) (Sooner, bool) {
	s := Sooner{
		By: by, Ms: without.mean - with.mean, With: with.n, Without: without.n,
		WithMedian: with.Median(), WithoutMedian: without.Median(),
	}
	if with.n < enough || without.n < enough {
		return s, false
	}
	a, b := with.errorOfMean(), without.errorOfMean()
	half := 0.0
	if a+b > 0 {
		df := (a + b) * (a + b) / (a*a/float64(with.n-1) + b*b/float64(without.n-1))
		half = student(df) * math.Sqrt(a+b)
	}
	s.Low, s.High = s.Ms-half, s.Ms+half
	return s, true
}

// FromLeads returns what is known from leads alone, and whether that is anything.
func FromLeads(leads *Sample) (Sooner, bool) {
	s := Sooner{By: ByLead, Ms: leads.mean, Low: leads.mean, High: leads.mean, With: leads.n}
	if leads.n == 0 {
		return Sooner{}, false
	}
	if leads.n > 1 {
		half := student(float64(leads.n-1)) * math.Sqrt(leads.errorOfMean())
		s.Low, s.High = s.Ms-half, s.Ms+half
	}
	return s, true
}

// student is the 0.975 quantile of Student's t distribution: exact for one and two degrees of freedom,
// and Fisher's expansion around the normal one (Abramowitz and Stegun, 26.7.5), right to 1 % from three on.
func student(df float64) float64 {
	const z = 1.959963984540054
	switch {
	case df < 1.5:
		return 12.7062
	case df < 2.5:
		return 4.3027
	}
	z2 := float64(z * z)
	g1 := z * (z2 + 1) / 4
	g2 := z * (5*z2*z2 + 16*z2 + 3) / 96
	g3 := z * (3*z2*z2*z2 + 19*z2*z2 + 17*z2 - 15) / 384
	return z + g1/df + g2/(df*df) + g3/(df*df*df)
}
