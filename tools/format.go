package tools

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Bounds of a formatter: its time, what is kept of its output, and how many lines of what it changed the model is shown.
const (
	formatTimeout = 10 * time.Second
	formatOutput  = 4 << 10
	formatShown   = 60
)

// Formatter is a program that puts a file into shape after an edit.
type Formatter struct {
	Name string
	// Command is the program with its arguments, in which $FILE stands for the file.
	Command []string
	// Environ are further variables, "name=value".
	Environ []string
	// Timeout bounds it; 0 means 10 seconds.
	Timeout time.Duration
}

// formatNotes tell the user, who is asked, which programs will go over the files.
func (k *kit) formatNotes(ctx context.Context, changes []change) []string {
	var names []string
	for _, c := range changes {
		for _, f := range k.formatters(ctx, c) {
			if !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	if names == nil {
		return nil
	}
	return []string{"Formatted by " + strings.Join(names, ", ") + " afterwards."}
}

// formatters are those for the file that a change leaves.
func (k *kit) formatters(ctx context.Context, c change) []Formatter {
	if k.Formatters == nil || c.Remove {
		return nil
	}
	return k.Formatters(ctx, c.Result().Path)
}

// format runs the formatters over the files that were changed. What they make of a file becomes part of its change; where the
// user has typed meanwhile, a change after it. An edit whose formatter fails stays as it is.
func (k *kit) format(ctx context.Context, done []change) []change {
	var more []change
	for i := range done {
		c := &done[i]
		text, by := c.After(), []string(nil)
		for _, f := range k.formatters(ctx, *c) {
			out, err := k.runFormatter(ctx, f, *c, text)
			switch {
			case ctx.Err() != nil:
				return append(done, more...)
			case err != nil:
				c.note = joinNotes(c.note, fmt.Sprintf("%s did not format %s: %s.", f.Name, c.name(), err))
			case out != text:
				text, by = out, append(by, f.Name)
			}
		}
		if by != nil {
			more = append(more, k.take(ctx, c, text, strings.Join(by, ", "))...)
		}
	}
	return append(done, more...)
}

// take makes the formatted text a part of the change, or, where that is not the text any more, a change of its own.
func (k *kit) take(ctx context.Context, c *change, text, by string) []change {
	second, err := workspace.Land(ctx, k.Workspace, k.applier(), workspace.NewChange(c.Result(), text))
	if err != nil {
		c.note = joinNotes(c.note, fmt.Sprintf("%s was not formatted by %s, since it changed meanwhile.", c.name(), by))
		return nil
	}
	k.tell(c, second, by)
	if second.File.Text != c.After() {
		return []change{{at: c.end(), Change: second, stale: c.stale, known: c.known}}
	}
	whole := workspace.NewChange(c.File, text)
	whole.MoveTo = c.MoveTo
	c.Change = whole
	return nil
}

// tell notes for the model what was formatted; what it is shown it knows.
func (k *kit) tell(c *change, second workspace.Change, by string) {
	diff := second.Diff(c.name())
	if !k.readable(c.end()) || strings.Count(diff, "\n") > formatShown {
		c.note = joinNotes(c.note, fmt.Sprintf("%s was formatted by %s; read it again before the next edit.", c.name(), by))
		return
	}
	c.note = joinNotes(c.note, fmt.Sprintf("%s was formatted by %s:\n%s", c.name(), by, diff))
	if c.known == second.File.Text {
		c.known = second.After()
	}
}

// end is where the file of a change is afterwards.
func (c change) end() target {
	if c.MoveTo != "" {
		return c.to
	}
	return c.at
}

// name is how results call that.
func (c change) name() string { return c.end().name }

func joinNotes(a, b string) string { return strings.TrimSpace(a + " " + b) }

// runFormatter formats a text in a copy beside its file, since the file may be open with text that is not saved.
func (k *kit) runFormatter(ctx context.Context, f Formatter, c change, text string) (string, error) {
	if err := k.again(c.end()); err != nil {
		return "", err
	}
	path := c.Result().Path
	dir, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	defer dir.Close()
	copied := ".opencode-" + rand.Text() + "-" + filepath.Base(path)
	defer dir.Remove(copied)
	if err := writeCopy(dir, copied, text, c.File); err != nil {
		return "", err
	}
	root, err := k.resolve("")
	if err != nil {
		return "", err
	}
	run := command{dir: root, environ: append(slices.Clip(k.Environ), f.Environ...), timeout: cmp.Or(f.Timeout, formatTimeout)}
	for _, arg := range f.Command {
		run.argv = append(run.argv, strings.ReplaceAll(arg, "$FILE", filepath.Join(dir.Name(), copied)))
	}
	said := &beginning{most: formatOutput}
	end, err := run.run(ctx, said)
	if err != nil {
		return "", err
	}
	if note := end.note(run); note != "" {
		return "", errors.New(strings.ReplaceAll(joinNotes(said.line(), "("+note+")"), copied, filepath.Base(path)))
	}
	return formatted(dir, copied, text)
}

// writeCopy writes the copy with the file's mode.
func writeCopy(dir *os.Root, name, text string, file workspace.File) error {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if mode := file.Mode.Perm(); err == nil && mode != 0 {
		err = f.Chmod(mode | 0o600)
	}
	return errors.Join(err, f.Close())
}

// formatted reads what became of the copy, with the text's byte order mark and line ends.
func formatted(dir *os.Root, name, text string) (string, error) {
	f, err := dir.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, workspace.MaxFile+1))
	if err != nil {
		return "", err
	}
	out := strings.TrimPrefix(string(data), bom)
	switch {
	case len(data) > workspace.MaxFile, (workspace.File{Text: out}).Editable() != nil, out == "" && strings.TrimSpace(text) != "":
		return "", errors.New("it left something that is no text")
	case strings.HasPrefix(text, bom):
		out = bom + out
	}
	return toLineEnd(out, lineEnd(text)), nil
}

// beginning keeps the first bytes that are written to it.
type beginning struct {
	text strings.Builder
	most int
}

func (h *beginning) Write(p []byte) (int, error) {
	h.text.Write(p[:min(len(p), h.most-h.text.Len())])
	return len(p), nil
}

// line is the first line with text.
func (h *beginning) line() string {
	first, _, _ := strings.Cut(strings.TrimSpace(h.text.String()), "\n")
	return oneLine(first, 200)
}
