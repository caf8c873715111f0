package httpapi

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cursor is how far a stream has come: what a client gives back as Last-Event-ID. It counts stored events by session, so it
// says the same to every server over the same store. A session that it does not name has been read up to since.
type cursor struct {
	since int64 // ms
	marks []mark
}

// mark is the last stored event that was sent of a session, and its time. The mark that moved last stands last.
type mark struct {
	session string
	seq, at int64
}

const (
	// maxMarks bounds a cursor, and so each event's id.
	maxMarks = 32
	// slack is how much later than its time an event may come to the stream where its session has no mark any more: what
	// lies in it is sent again.
	slack = time.Minute
)

// advance notes that a stored event was sent. The mark that is too much becomes part of since.
func (c *cursor) advance(session string, seq int64, at time.Time) {
	c.marks = slices.DeleteFunc(c.marks, func(m mark) bool { return m.session == session })
	c.marks = append(c.marks, mark{session, seq, millis(at)})
	if len(c.marks) > maxMarks {
		c.since = max(c.since, c.marks[0].at-slack.Milliseconds())
		c.marks = slices.Delete(c.marks, 0, 1)
	}
}

// find is the last event that was sent of a session.
func (c *cursor) find(session string) (seq int64, ok bool) {
	i := slices.IndexFunc(c.marks, func(m mark) bool { return m.session == session })
	if i < 0 {
		return 0, false
	}
	return c.marks[i].seq, true
}

// String is the cursor as an event's id.
func (c *cursor) String() string {
	var b strings.Builder
	b.WriteString(strconv.FormatInt(c.since, 36))
	for _, m := range c.marks {
		fmt.Fprintf(&b, ",%s.%s.%s", m.session, strconv.FormatInt(m.seq, 36), strconv.FormatInt(m.at, 36))
	}
	return b.String()
}

var errCursor = errors.New("Last-Event-ID is not one that this server gave; connect without it and read the sessions anew")

// parseCursor reads an event's id.
func parseCursor(text string) (*cursor, error) {
	since, rest, more := strings.Cut(text, ",")
	c := &cursor{}
	var err error
	if c.since, err = number36(since); err != nil {
		return nil, errCursor
	}
	for more {
		var one string
		one, rest, more = strings.Cut(rest, ",")
		f := strings.Split(one, ".")
		if len(f) != 3 || !sessionID(f[0]) || len(c.marks) == maxMarks {
			return nil, errCursor
		}
		seq, err1 := number36(f[1])
		at, err2 := number36(f[2])
		if err1 != nil || err2 != nil {
			return nil, errCursor
		}
		c.marks = append(c.marks, mark{f[0], seq, at})
	}
	return c, nil
}

func number36(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 36, 64)
	if err == nil && n < 0 {
		err = errCursor
	}
	return n, err
}

// sessionID reports whether a text has the form of a session's id.
func sessionID(id string) bool {
	rest, ok := strings.CutPrefix(id, "ses_")
	return ok && rest != "" && len(rest) <= 64 && !strings.ContainsFunc(rest, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
}
