package main

// A number in [0, 1) that the seed decides: the finaliser of splitmix64 (Steele, Lea and Flood 2014), over a seed that
// is turned first so that another agent of the graph that does the same draws something else.
func uniform(seed uint64) float64 {
	z := seed ^ 0x7365676d656e7473
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}
