package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// The lengths that tokens and secrets may have, in octets: what is shorter can be guessed.
const minSecret, maxSecret = 16, 4096

// readSecret returns the token or secret that a file holds, without the end of the line.
func readSecret(file, what string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+3))
	if err != nil {
		return "", err
	}
	word := strings.TrimRight(string(text), "\r\n")
	if err := checkSecret(word, what); err != nil {
		return "", fmt.Errorf("%s %w", file, err)
	}
	return word, nil
}

// checkSecret refuses what is no token or secret. Its error goes on from the name of where it was.
func checkSecret(word, what string) error {
	switch {
	case len(word) < minSecret || len(word) > maxSecret:
		return fmt.Errorf("holds no %s: want one line of %d to %d characters", what, minSecret, maxSecret)
	case strings.ContainsFunc(word, func(c rune) bool { return c <= ' ' || c > '~' }):
		return fmt.Errorf("holds no %s: want one line of ASCII without spaces", what)
	}
	return nil
}
