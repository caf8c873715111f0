package lsp

import (
	"slices"
	"time"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// disorder notes changes that came before one that they follow: Helix up to 25.01 sends each notification from a task of
// its own. A version that is left out is no proof of it, since Helix counts completions that it only shows, too; so what
// comes is applied at once, and once more in the right order where the missing one comes after all. It belongs to the
// connection's reading goroutine.
type disorder map[string]*gap

// gap is a document before the change that left a version out, and what has come since.
type gap struct {
	text    string
	version int32
	began   time.Time
	changes []didChangeParams
}

// note remembers a change that is about to be applied to a document, if versions are missing before it or were a moment ago.
func (d *disorder) note(ws *workspace.Workspace, path string, p didChangeParams) {
	if g := (*d)[path]; g != nil && time.Since(g.began) < earlyWithin && len(g.changes) < earlyMost {
		g.changes = append(g.changes, p)
		return
	}
	delete(*d, path)
	ws.View(path, func(b *workspace.Buffer, known int32) {
		if *p.TextDocument.Version <= known+1 {
			return
		}
		if *d == nil {
			*d = disorder{}
		}
		(*d)[path] = &gap{b.String(), known, time.Now(), []didChangeParams{p}}
	})
}

// late is the document's gap with a change that belongs into it, in the right order; nil where it belongs into none.
func (d disorder) late(path string, p didChangeParams) *gap {
	order := func(a, b didChangeParams) int { return int(*a.TextDocument.Version) - int(*b.TextDocument.Version) }
	g := d[path]
	if g == nil || *p.TextDocument.Version <= g.version || time.Since(g.began) >= earlyWithin {
		return nil
	}
	at, twice := slices.BinarySearchFunc(g.changes, p, order)
	if twice || at == len(g.changes) {
		return nil
	}
	g.changes = slices.Insert(g.changes, at, p)
	return g
}
