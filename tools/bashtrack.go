package tools

import (
	"context"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Bounds of what a result says of the files that a command changed.
const (
	maxNamed   = 20    // names for the model, of each kind
	maxDiffed  = 100   // files in the transcript's diff
	maxChanges = 5_000 // files that undo puts back
)

// tracking is one command under observation.
type tracking struct {
	kit *kit
	rec *workspace.Recording
	off string // why it is not observed
}

// track begins to look at what a command changes, where that is possible.
func (k *kit) track(ctx context.Context) tracking {
	t := tracking{kit: k}
	if k.Tracker == nil {
		return t
	}
	var err error
	if t.rec, err = k.Tracker.Begin(ctx); err != nil {
		t.off = err.Error()
	}
	return t
}

// into adds to the command's result what it changed: for undo, for the transcript, and in short for the model.
func (t tracking) into(ctx context.Context, r *Result) {
	if t.rec == nil {
		if t.off != "" {
			r.note("what it changed, if anything, cannot be undone: " + t.off)
		}
		return
	}
	list, err := t.rec.End(context.WithoutCancel(ctx)) // a command that was cancelled has changed something, too
	if err != nil {
		r.note("what it changed, if anything, cannot be undone: " + err.Error())
		return
	}
	for i, d := range list {
		r.Files = append(r.Files, d.Path)
		if d.Lost == "" && len(r.Changes) == maxChanges {
			list[i].Lost = "too many files"
		} else if d.Lost == "" {
			r.Changes = append(r.Changes, Applied{
				Path: d.Path, BeforeRef: d.Before, AfterRef: d.After, Created: d.Created, Deleted: d.Deleted, Mode: d.Mode, Disk: true,
			})
		}
	}
	t.say(r, list)
	r.Diff = t.diff(r.Changes)
}

// note adds a remark of ours to the text.
func (r *Result) note(text string) { r.Text = strings.TrimRight(r.Text, "\n") + "\n\n(" + text + ")" }

// say names the files, and tells the session's memory that the model knows of them.
func (t tracking) say(r *Result, list []workspace.Difference) {
	var kinds [3]names
	lost := names{}
	for _, d := range list {
		name := t.kit.nameOf(d.Path)
		switch {
		case d.Created:
			kinds[1].add(name)
		case d.Deleted:
			kinds[2].add(name)
		default:
			kinds[0].add(name)
		}
		if d.Lost != "" {
			lost.add(name + ": " + d.Lost)
		}
		if now, err := t.kit.Workspace.OnDisk(d.Path); err == nil {
			t.kit.Seen.tell(now)
		}
	}
	var parts []string
	for i, kind := range [...]string{"changed", "new", "deleted"} {
		if kinds[i].count > 0 {
			parts = append(parts, kind+": "+kinds[i].String())
		}
	}
	if lost.count > 0 {
		parts = append(parts, "undo cannot put back "+lost.String())
	}
	if len(parts) > 0 {
		r.note(strings.Join(parts, "; "))
	}
}

// names is a list for one line, the first few in full.
type names struct {
	first []string
	count int
}

func (n *names) add(name string) {
	if n.count++; n.count <= maxNamed {
		n.first = append(n.first, oneLine(name, 200))
	}
}

// String is the list.
func (n *names) String() string {
	text := strings.Join(n.first, ", ")
	if more := n.count - len(n.first); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// diff is what the command did to texts, as much of it as a result may hold.
func (t tracking) diff(changes []Applied) string {
	reverter := Reverter{Contents: t.kit.Tracker.Contents()}
	var b strings.Builder
	for n, c := range changes {
		if n == maxDiffed || b.Len() > t.kit.maxBytes() {
			fmt.Fprintf(&b, "… and %s\n", plural(len(changes)-n, "file", "files"))
			break
		}
		loaded, err := reverter.load([][]Applied{{c}})
		if err != nil {
			continue
		}
		c = loaded[0][0]
		if !mergeable(c.Before, c.After) {
			fmt.Fprintf(&b, "Binary file %s differs\n", oneLine(t.kit.nameOf(c.Path), 200))
			continue
		}
		change := workspace.NewChange(workspace.File{Text: c.Before, Exists: !c.Created}, c.After)
		change.Remove = c.Deleted
		b.WriteString(clip(change.Diff(t.kit.nameOf(c.Path)), t.kit.maxBytes()))
	}
	return b.String()
}
