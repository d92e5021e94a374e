package base64url

import (
	"strings"
	"testing"

	"github.com/cache-aware/casper/fuzz/internal/oracle"
)

var seeds = []oracle.Seed{
	oracle.Text("empty", "", "no characters are no octets"),
	oracle.Text("cookie", "qF0", "a real cookie: two octets in three characters"),
	oracle.Text("one-octet", "_w", "the shortest text"),
	oracle.Text("half-an-octet", "A", "a length that nothing encodes to"),
	oracle.Text("five", "AAAAA", "the same after a whole group"),
	oracle.Text("spare-bits-2", "qF1", "two unused bits that are not zero"),
	oracle.Text("spare-bits-4", "_x", "four unused bits, the lowest one set"),
	oracle.Text("standard-alphabet", "+/+/", "what H2O accepts and nothing strict does"),
	oracle.Text("mixed-alphabets", "-/+_", "both alphabets in one value"),
	oracle.Text("padded", "qF0=", "padding is refused in both modes"),
	oracle.Text("newline", "qF\n0", "the standard library skips line breaks; one value must not have several spellings"),
	oracle.Text("carriage-return", "qF0\r", "the same at the end of a header line"),
	oracle.Text("bad-in-fast-group", "AAAA!AAAAAAA", "a bad character among eight that are decoded at once"),
	oracle.Text("bad-last-of-fast-group", "AAAAAAA\x00", "the last of the eight"),
	oracle.Text("high-bit", "AAAA\x80\xffAA", "octets above 127"),
	oracle.Text("bad-and-short", "AAAA!", "a bad character where the length is wrong too: the character is named"),
	oracle.Text("groups-of-eight", strings.Repeat("0123456789-_abcd", 3)+"ef", "whole groups and two characters"),
}

func TestSeeds(t *testing.T) { oracle.TrySeeds(t, Fuzz, seeds) }

func FuzzBase64URL(f *testing.F) { oracle.Run(f, Fuzz, seeds) }
