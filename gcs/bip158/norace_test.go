//go:build !race

package bip158_test

const raceEnabled = false
