package main

import (
	"fmt"
	"strconv"

	"github.com/cache-aware/casper/gcs/formats"
)

// numberValue is the flag of a number that may be absent.
type numberValue struct {
	at     func(*formats.Params) **int64
	params *formats.Params
}

func (v *numberValue) Set(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no decimal number", s)
	}
	*v.at(v.params) = &n
	return nil
}

func (v *numberValue) String() string {
	if v.params == nil || *v.at(v.params) == nil {
		return ""
	}
	return strconv.FormatInt(**v.at(v.params), 10)
}

// Type is the word for the value in the help.
func (v *numberValue) Type() string { return "N" }

// wordValue is the flag of a word that may be absent.
type wordValue struct{ word *string }

func (v *wordValue) Set(s string) error {
	if s == "" {
		return fmt.Errorf("the value is empty")
	}
	*v.word = s
	return nil
}

func (v *wordValue) String() string {
	if v.word == nil {
		return ""
	}
	return *v.word
}

// Type is the word for the value in the help.
func (v *wordValue) Type() string { return "WORD" }
