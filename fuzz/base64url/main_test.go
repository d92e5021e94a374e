package base64url

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz"
)

var seeds = []fuzz.Seed{
	fuzz.Text("empty", "", "no characters are no octets"),
	fuzz.Text("cookie", "qF0", "a real cookie: two octets in three characters"),
	fuzz.Text("one-octet", "_w", "the shortest text"),
	fuzz.Text("half-an-octet", "A", "a length that nothing encodes to"),
	fuzz.Text("five", "AAAAA", "the same after a whole group"),
	fuzz.Text("spare-bits-2", "qF1", "two unused bits that are not zero"),
	fuzz.Text("spare-bits-4", "_x", "four unused bits, the lowest one set"),
	fuzz.Text("standard-alphabet", "+/+/", "what H2O accepts and nothing strict does"),
	fuzz.Text("mixed-alphabets", "-/+_", "both alphabets in one value"),
	fuzz.Text("padded", "qF0=", "padding is refused in both modes"),
	fuzz.Text("newline", "qF\n0", "the standard library skips line breaks; one value must not have several spellings"),
	fuzz.Text("carriage-return", "qF0\r", "the same at the end of a header line"),
	fuzz.Text("bad-in-fast-group", "AAAA!AAAAAAA", "a bad character among eight that are decoded at once"),
	fuzz.Text("bad-last-of-fast-group", "AAAAAAA\x00", "the last of the eight"),
	fuzz.Text("high-bit", "AAAA\x80\xffAA", "octets above 127"),
	fuzz.Text("bad-and-short", "AAAA!", "a bad character where the length is wrong too: the character is named"),
	fuzz.Text("groups-of-eight", strings.Repeat("0123456789-_abcd", 3)+"ef", "whole groups and two characters"),
}

func TestSeeds(t *testing.T) { fuzz.TrySeeds(t, Fuzz, seeds) }

func FuzzBase64URL(f *testing.F) { fuzz.Run(f, Fuzz, seeds) }
