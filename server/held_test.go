package server

import (
	"fmt"
	"testing"
)

// A diary keeps what is newest, and a claim that was taken back is open again.
func TestDiary(t *testing.T) {
	var none *Diary
	none.add("/a", "")
	none.release("/a")
	if none.Has("/a", "") || !none.claim("/a", "") {
		t.Error("a nil diary is not empty")
	}
	var d Diary
	for i := range 300 {
		d.add(fmt.Sprint(i), `"1"`)
	}
	if d.Has("43", "") || !d.Has("44", "") || !d.Has("299", `"1"`) || d.Has("299", `"2"`) || len(d.at) != 256 {
		t.Errorf("of 300 the newest 256 are kept: %d", len(d.at))
	}
	if d.claim("299", `"1"`) || !d.claim("299", `"2"`) || !d.claim("new", "") || d.claim("new", "") {
		t.Error("claims")
	}
	d.release("new")
	if d.Has("new", "") || !d.claim("new", "") {
		t.Error("a claim that was taken back")
	}
}
