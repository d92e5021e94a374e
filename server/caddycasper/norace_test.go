//go:build !race

package caddycasper

const raceEnabled = false
