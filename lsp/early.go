package lsp

import "time"

// Helix up to 25.01 sends each notification from a task of its own: the didChange of a file that it opened for an edit may
// come before the didOpen, which brings the text from before the change. Dropping it would leave the mirror behind for good.
const (
	earlyWithin = time.Second // a didOpen that comes later belongs to something else
	earlyMost   = 64          // changes kept of one document, and documents kept
)

// early keeps changes of documents that are not open yet. It belongs to the connection's reading goroutine.
type early map[string][]earlyChange

type earlyChange struct {
	params didChangeParams
	came   time.Time
}

// keep remembers a change with a version until its document is opened.
func (e *early) keep(path string, p didChangeParams) {
	kept := (*e)[path]
	if p.TextDocument.Version == nil || len(kept) >= earlyMost || len(*e) >= earlyMost && kept == nil {
		return
	}
	if *e == nil {
		*e = early{}
	}
	(*e)[path] = append(kept, earlyChange{p, time.Now()})
}

// take returns the changes that follow on version without a gap, in their order, and forgets all of the document.
func (e early) take(path string, version int32) []didChangeParams {
	kept := e[path]
	delete(e, path)
	var following []didChangeParams
	for range kept { // they, too, may have come in any order
		for _, c := range kept {
			if *c.params.TextDocument.Version == version+1 && time.Since(c.came) < earlyWithin {
				following = append(following, c.params)
				version++
				break
			}
		}
	}
	return following
}
