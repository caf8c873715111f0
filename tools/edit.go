package tools

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

//go:embed edit.md
var editText string

type editArgs struct {
	FilePath   string `json:"filePath" jsonschema:"The file to change, absolute or relative to the workspace root."`
	OldString  string `json:"oldString" jsonschema:"The text to replace. Empty only to create a new file."`
	NewString  string `json:"newString" jsonschema:"The text to put in its place."`
	ReplaceAll bool   `json:"replaceAll,omitempty" jsonschema:"Replace every place where oldString occurs."`
}

// edit prepares the replacement of one text by another, or a new file where oldString is empty.
func (k *kit) edit(ctx context.Context, a editArgs) (Op, error) {
	t, file, err := k.editable(ctx, a.FilePath)
	if err != nil {
		return nil, err
	}
	c, err := k.editChange(t, file, a)
	if err != nil && !k.readable(t) {
		return k.afterReading("edit", t, err), nil
	}
	if err != nil {
		return nil, err
	}
	return k.changeOp(ctx, "edit", []change{c}), nil
}

// editable reads the file that a call wants to change.
func (k *kit) editable(ctx context.Context, name string) (target, workspace.File, error) {
	if name == "" {
		return target{}, workspace.File{}, errors.New("filePath is empty; name the file to change")
	}
	t, err := k.resolve(name)
	if err != nil {
		return t, workspace.File{}, err
	}
	file, err := k.Workspace.Read(ctx, t.Abs)
	if err != nil {
		return t, file, err
	}
	return t, file, file.Editable()
}

// afterReading is an Op that tells why a call cannot work once the user has let the model read the file: otherwise the
// errors of edit would tell, without consent, what the file holds.
func (k *kit) afterReading(tool string, t target, reason error) Op {
	return NewOp(permission.Access{Tool: tool, Subject: t.name, Items: k.items("read", t)},
		func(context.Context, io.Writer) (Result, error) { return Result{}, reason })
}

func (k *kit) editChange(t target, file workspace.File, a editArgs) (change, error) {
	c := change{at: t, stale: k.Seen.stale(file)}
	if file.Exists && file.Text == "" && strings.TrimSpace(a.OldString) == "" {
		a.OldString = "" // what an empty file holds, as models put it
	}
	if a.OldString == "" {
		if file.Text != "" {
			return c, fmt.Errorf("oldString is empty and %s exists; give the text to replace, or use write for the whole file", t.name)
		}
		c.Change = workspace.NewChange(file, a.NewString)
		return c, nothing(c)
	}
	if !file.Exists {
		return c, fmt.Errorf("%s does not exist; leave oldString empty to create it", t.name)
	}
	if a.OldString == a.NewString {
		return c, errors.New("oldString and newString are the same; nothing would change")
	}
	return k.replaceIn(c, file, a)
}

// replaceIn finds the place in the file's text, its BOM set aside.
func (k *kit) replaceIn(c change, file workspace.File, a editArgs) (change, error) {
	body := strings.TrimPrefix(file.Text, bom)
	r, err := replace(body, strings.TrimPrefix(a.OldString, bom), strings.TrimPrefix(a.NewString, bom), a.ReplaceAll)
	if err != nil {
		return c, explain(err, c.at.name, body, a.OldString)
	}
	if c.stale && r.how != byExact {
		return c, changedError(c.at)
	}
	c.Change = workspace.NewChange(file, file.Text[:len(file.Text)-len(body)]+r.text)
	c.note = k.editNote(c, r)
	return c, nothing(c)
}

// editNote says what the model would not expect: an inexact match, with what became of it, or a file that moved on.
func (k *kit) editNote(c change, r replacement) string {
	var notes []string
	if r.count > 1 {
		notes = append(notes, fmt.Sprintf("%d places were replaced.", r.count))
	}
	if c.stale {
		notes = append(notes, seenNote(c.at.name))
	}
	if r.how != byExact {
		notes = append(notes, fmt.Sprintf("oldString did not occur exactly and was matched ignoring %s; check what changed:", r.how))
		if k.readable(c.at) {
			notes = append(notes, "\n"+c.Diff(c.at.name))
		}
	}
	return strings.Join(notes, " ")
}

func seenNote(name string) string {
	return name + " had changed since it was read; read it again before the next edit."
}

// explain turns a reason of replace into what the model should do.
func explain(err error, name, text, old string) error {
	var many *ambiguousError
	switch {
	case errors.As(err, &many):
		return fmt.Errorf("oldString %w in %s; add lines around it until it is unique, or set replaceAll where the text is the same everywhere", many, name)
	case errors.Is(err, errTooLarge):
		return fmt.Errorf("what oldString resembles in %s is much longer than oldString; read the file again and give the exact text", name)
	case errors.Is(err, errLeftOut):
		return fmt.Errorf("oldString resembles a place in %s but leaves out or alters lines there that the change touches; read the file again and give the exact text", name)
	case errors.Is(err, errEscapes):
		return fmt.Errorf("oldString fits %s only when escape sequences such as \\n and \\\" are read, and then it is not clear what those of newString stand for; read the file again and write both as the file has them", name)
	default:
		return fmt.Errorf("oldString does not occur in %s%s; read the file again and copy the text exactly, white space included", name, hint(text, old))
	}
}

// hint says where the first line of an oldString of several lines stands, so that the model knows where to read.
func hint(text, old string) string {
	first, rest, _ := strings.Cut(strings.TrimSpace(old), "\n")
	if strings.TrimSpace(rest) == "" {
		return ""
	}
	ls := splitLines(text)
	found := lineNumbers(ls, lineTrimmed(ls, first))
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf(" (its first line is there, on line %s, but what follows differs)", joinInts(found, 3))
}

// nothing refuses a change that does nothing: nobody should be asked about it.
func nothing(c change) error {
	if c.Empty() && c.File.Exists {
		return fmt.Errorf("%s already has this text; nothing would change", c.at.name)
	}
	return nil
}
