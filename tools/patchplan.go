package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// patchPlan is what a patch makes of the files that it names, section by section, before any of them is touched.
type patchPlan struct {
	kit    *kit
	drafts []*draft
}

// draft is one file: as it is, and as the patch would leave it.
type draft struct {
	at   target
	file workspace.File
	// text and exists are what the sections so far make of it; from is the file that was moved here.
	text   string
	exists bool
	from   *draft
	moved  bool
	notes  []string
}

// hiddenError is a reason that tells what a file holds which the model may not read unasked.
type hiddenError struct {
	at target
	error
}

func (e *hiddenError) Unwrap() error { return e.error }

// planPatch reads the files and works out the changes.
func (k *kit) planPatch(ctx context.Context, sections []section) ([]change, error) {
	p := &patchPlan{kit: k}
	for _, s := range sections {
		if err := p.do(ctx, s); err != nil {
			return nil, err
		}
	}
	changes := p.changes()
	if len(changes) == 0 {
		return nil, errors.New("the files already have this text; nothing would change")
	}
	return changes, nil
}

// draft is the state of a file in the plan.
func (p *patchPlan) draft(ctx context.Context, name string) (*draft, error) {
	t, file, err := p.kit.editable(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, d := range p.drafts {
		if d.at.Abs == t.Abs {
			return d, nil
		}
	}
	d := &draft{at: t, file: file, text: file.Text, exists: file.Exists}
	p.drafts = append(p.drafts, d)
	return d, nil
}

func (p *patchPlan) do(ctx context.Context, s section) error {
	d, err := p.draft(ctx, s.path)
	switch {
	case err != nil:
		return err
	case s.kind == patchAdd:
		return p.add(d, s)
	case !d.exists:
		return fmt.Errorf("line %d of the patch: %s does not exist; list the folder, or use %s to make it", s.line, d.at.name, patchAdd)
	case p.kit.Seen.stale(d.file) && s.kind == patchDelete:
		return changedError(d.at)
	case s.kind == patchDelete:
		d.text, d.exists = "", false
		return nil
	}
	return p.update(ctx, d, s)
}

func (p *patchPlan) add(d *draft, s section) error {
	if d.exists {
		return fmt.Errorf("line %d of the patch: %s exists already; use %s to change it", s.line, d.at.name, patchUpdate)
	}
	d.text, d.exists = inFormOf(d.file, s.text), true
	return nil
}

// update edits a file and moves it where the section says so.
func (p *patchPlan) update(ctx context.Context, d *draft, s section) error {
	if err := p.edit(d, s.hunks); err != nil {
		return err
	}
	if s.moveTo == "" {
		return nil
	}
	to, err := p.draft(ctx, s.moveTo)
	switch {
	case err != nil || to == d:
		return err
	case to.exists:
		return fmt.Errorf("line %d of the patch: %s exists already; delete it first or choose another name", s.line, to.at.name)
	}
	to.text, to.exists, to.notes = d.text, true, d.notes
	to.from, d.notes = d, nil
	if d.from != nil {
		to.from, d.from = d.from, nil
	}
	d.text, d.exists = "", false
	return nil
}

// edit puts hunks into a file's text, its BOM set aside.
func (p *patchPlan) edit(d *draft, hunks []hunk) error {
	body := strings.TrimPrefix(d.text, bom)
	text, pass, err := patchText(body, d.at.name, hunks)
	stale := p.kit.Seen.stale(d.file)
	if err == nil && stale && pass != passExact {
		err = changedError(d.at)
	}
	if err != nil {
		return &hiddenError{d.at, err}
	}
	if stale {
		d.notes = append(d.notes, seenNote(d.at.name))
	}
	if pass != passExact {
		d.notes = append(d.notes, fmt.Sprintf("%s was matched ignoring %s; check what changed.", d.at.name, forgiven(pass)))
	}
	d.text = d.text[:len(d.text)-len(body)] + text
	return nil
}

// changes are what leads from the files as they are to the plan.
func (p *patchPlan) changes() []change {
	for _, d := range p.drafts {
		if f := d.from; f != nil && (d.file.Exists || !d.exists || !f.file.Exists || f.exists || f.moved) {
			d.from = nil // more happened than a move: a new file and a removal
		} else if f != nil {
			f.moved = true
		}
	}
	var changes []change
	for _, d := range p.drafts {
		c := change{at: d.at, stale: p.kit.Seen.stale(d.file), note: strings.Join(d.notes, " ")}
		switch {
		case d.from != nil:
			c.at, c.to = d.from.at, d.at
			c.Change = workspace.NewMove(d.from.file, d.at.Abs, d.text)
		case d.moved:
			continue
		case d.exists:
			c.Change = workspace.NewChange(d.file, d.text)
		case d.file.Exists:
			c.Change = workspace.NewRemoval(d.file)
		default:
			continue
		}
		if !c.Empty() {
			changes = append(changes, c)
		}
	}
	return changes
}
