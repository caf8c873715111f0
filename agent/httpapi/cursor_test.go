package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestCursor(t *testing.T) {
	c := &cursor{since: 1000}
	for i := range maxMarks + 3 {
		c.advance(fmt.Sprintf("ses_%d", i), int64(i+1), time.UnixMilli(int64(200_000+i)))
	}
	c.advance("ses_10", 99, time.UnixMilli(300_000))
	if len(c.marks) != maxMarks || c.since != 200_002-slack.Milliseconds() {
		t.Errorf("%d marks since %d", len(c.marks), c.since)
	}
	back, err := parseCursor(c.String())
	if err != nil {
		t.Fatal(err)
	}
	if back.String() != c.String() {
		t.Errorf("%s came back as %s", c, back)
	}
	if seq, ok := back.find("ses_10"); seq != 99 || !ok {
		t.Errorf("ses_10 is at %d", seq)
	}
	if _, ok := back.find("ses_1"); ok {
		t.Error("a mark that was dropped is there")
	}
	if n := len(c.String()); n > 2048 {
		t.Errorf("an id has %d bytes", n)
	}
}

func TestParseCursorRefuses(t *testing.T) {
	for _, text := range []string{
		"", "x y", "-1", "1,", "1,ses_a", "1,ses_a.1", "1,ses_a.1.1.1", "1,ses_a.-1.1", "1,ses_.1.1", "1,msg_a.1.1", "1,ses_a/b.1.1", "1,ses_a.1.1,", "zzzzzzzzzzzzzzzz",
		"1" + strings.Repeat(",ses_a.1.1", maxMarks+1),
	} {
		if c, err := parseCursor(text); err == nil {
			t.Errorf("%q is %+v", text, c)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("mgeq,ses_a.1.mgeq,ses_b.2.mgeq")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err != nil {
			return
		}
		again, err := parseCursor(c.String())
		if err != nil || again.String() != c.String() {
			t.Errorf("%q is %s and then %v, %v", text, c, again, err)
		}
	})
}
