package tools

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

//go:embed read.md
var readText string

type readArgs struct {
	FilePath string `json:"filePath" jsonschema:"The file or folder to read, absolute or relative to the workspace root."`
	Offset   int    `json:"offset,omitempty" jsonschema:"The line to start at, from 1."`
	Limit    int    `json:"limit,omitempty" jsonschema:"How many lines to read; 2000 unless told."`
}

// read prepares to show a file as the user sees it, or the names in a folder.
func (k *kit) read(_ context.Context, a readArgs) (Op, error) {
	if a.FilePath == "" {
		return nil, errors.New("filePath is empty; name the file to read")
	}
	if a.Offset < 0 || a.Limit < 0 {
		return nil, errors.New("offset and limit count lines; give numbers from 1")
	}
	t, err := k.resolve(a.FilePath)
	if err != nil {
		return nil, err
	}
	access := permission.Access{Tool: "read", Subject: t.name, Items: k.items("read", t)}
	return NewOp(access, func(ctx context.Context, _ io.Writer) (Result, error) {
		if err := k.again(t); err != nil {
			return Result{}, err
		}
		return k.show(ctx, t, a)
	}), nil
}

func (k *kit) show(ctx context.Context, t target, a readArgs) (Result, error) {
	file, err := k.Workspace.Read(ctx, t.Abs)
	if _, ok := errors.AsType[*workspace.NotFileError](err); ok && isFolder(t.Abs) {
		return k.showFolder(t)
	}
	if err != nil {
		return Result{}, err
	}
	if !file.Exists {
		return Result{}, k.missing(ctx, t)
	}
	if a, ok, err := attachment(t, file.Text); ok || err != nil {
		return a, err
	}
	if why := unreadable(t.Abs, file.Text); why != "" {
		return Result{}, fmt.Errorf("%s is %s", t.name, why)
	}
	return k.showLines(ctx, t, file, a)
}

func (k *kit) showLines(ctx context.Context, t target, file workspace.File, a readArgs) (Result, error) {
	text := strings.TrimPrefix(file.Text, bom)
	ls := splitLines(text)
	first := max(a.Offset, 1)
	if first > 1 && first > len(ls.at) {
		return Result{}, fmt.Errorf("offset %d is past the end of %s, which has %s", first, t.name, plural(len(ls.at), "line", "lines"))
	}
	most := k.maxLines()
	if a.Limit > 0 {
		most = min(a.Limit, most)
	}
	k.Seen.note(file.Path, file.Text)
	shown, last := numbered(ls, first, most, k.maxBytes())
	out := strings.TrimPrefix(shown+k.readNote(t, len(ls.at), first, last), "\n")
	if k.Nearby != nil {
		out += k.Nearby(ctx, t.Abs)
	}
	return Result{Text: out, Title: readTitle(t, len(ls.at), first, last)}, nil
}

// numbered gives lines first to last as "N: text", as many as fit.
func numbered(ls lines, first, lines, most int) (text string, last int) {
	var b strings.Builder
	last = first - 1
	for i := first - 1; i < min(len(ls.at), first-1+lines); i++ {
		line := fmt.Sprintf("%d: %s\n", i+1, clipLine(ls.line(i)))
		if b.Len()+len(line) > most && b.Len() > 0 {
			break
		}
		b.WriteString(line)
		last = i + 1
	}
	return b.String(), last
}

// clipLine cuts a line to maxLine characters and says how many are left out.
func clipLine(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxLine || utf8.RuneCountInString(s) <= maxLine {
		return s
	}
	end := 0
	for range maxLine {
		_, n := utf8.DecodeRuneInString(s[end:])
		end += n
	}
	return fmt.Sprintf("%s… (%d more characters)", s[:end], utf8.RuneCountInString(s[end:]))
}

// readNote ends a read: where it stands, and how to get the rest.
func (k *kit) readNote(t target, all, first, last int) string {
	note := "end of the file, " + plural(all, "line", "lines")
	switch {
	case all == 0:
		note = t.name + " is empty"
	case last < all:
		note = fmt.Sprintf("lines %d to %d of %d; read on with offset %d", first, last, all, last+1)
	}
	if k.Workspace.Unsaved(t.Abs) {
		note += "; not saved yet, this is the text in the user's editor"
	}
	return "\n(" + note + ")"
}

func readTitle(t target, all, first, last int) string {
	if first == 1 && last == all {
		return t.name
	}
	return fmt.Sprintf("%s (lines %d–%d)", t.name, first, last)
}

// unreadable says why a file is no text that a model could read, "" where it is.
func unreadable(path, text string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".bmp", ".ico", ".tif", ".tiff":
		return "an image of a kind that models do not take; try bash with convert"
	}
	start := text[:min(len(text), 4096)]
	if strings.HasPrefix(start, "\xff\xfe") || strings.HasPrefix(start, "\xfe\xff") {
		return "UTF-16 text; try bash with iconv -f UTF-16 -t UTF-8"
	}
	if workspace.IsBinary(text) || 10*controls(start) > 3*len(start) {
		return "a binary file; try bash with file, strings or xxd"
	}
	return ""
}

// controls counts the control characters that text does not have.
func controls(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\v' && c != '\x1b' {
			n++
		}
	}
	return n
}
