package workspace

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"
)

// lines finds the lines of data that match.
func (g *grep) lines(seek *seeker, path string, data []byte) (found []Match) {
	seek.reset()
	line, counted := 1, 0
	for pos := 0; pos < len(data); {
		at := seek.next(data, pos)
		if at == len(data) {
			break
		}
		start := pos + bytes.LastIndexByte(data[pos:at], '\n') + 1
		end := len(data)
		if n := bytes.IndexByte(data[at:], '\n'); n >= 0 {
			end = at + n
		}
		pos = end + 1
		text := bytes.TrimSuffix(data[start:end], []byte("\r"))
		if g.re != nil && !g.re.Match(text) {
			continue
		}
		line += bytes.Count(data[counted:start], []byte("\n"))
		counted = start
		found = append(found, Match{Path: path, Line: line, Text: clip(text)})
		if g.found.max > 0 && len(found) > g.found.max {
			break // one more than wanted, so that the cut is seen
		}
	}
	return found
}

// clip makes a line a string of at most maxMatchText bytes, cut between characters.
func clip(line []byte) string {
	if len(line) > maxMatchText {
		line = line[:maxMatchText]
		for n := 0; n < utf8.UTFMax && !utf8.Valid(line[len(line)-min(len(line), utf8.UTFMax):]); n++ {
			line = line[:len(line)-1]
		}
	}
	return string(line)
}

// hits are the matches in one file.
type hits struct {
	file    dated
	matches []Match
}

// collector gathers what the workers find. With a limit it keeps little more than the newest that are wanted.
type collector struct {
	max   int
	mu    sync.Mutex
	files []hits
	total int
	more  bool
}

// add takes the matches in one file.
func (c *collector) add(h hits) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files = append(c.files, h)
	c.total += len(h.matches)
	if c.max > 0 && c.total > 8*c.max+1024 {
		c.prune()
	}
}

// prune sorts the files and drops those that the limit cuts off for certain.
func (c *collector) prune() {
	slices.SortFunc(c.files, func(a, b hits) int { return newest(a.file, b.file) })
	c.total = 0
	for i, h := range c.files {
		if c.max > 0 && c.total >= c.max {
			c.files, c.more = slices.Delete(c.files, i, len(c.files)), true
			return
		}
		c.total += len(h.matches)
	}
}

// cut returns the matches in order and whether there were more.
func (c *collector) cut() (matches []Match, more bool) {
	c.prune()
	for _, h := range c.files {
		matches = append(matches, h.matches...)
	}
	if c.max > 0 && len(matches) > c.max {
		return matches[:c.max], true
	}
	return matches, c.more
}
