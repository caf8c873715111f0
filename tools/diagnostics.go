package tools

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

//go:embed diagnostics.md
var diagnosticsText string

// maxProblems is how many problems the tool lists.
const maxProblems = 200

// freshWithin is how long a result waits for language servers to look at a file.
const freshWithin = 2 * time.Second

type diagnosticsArgs struct {
	FilePath string `json:"filePath,omitempty" jsonschema:"The file; all files that something is known of unless told."`
}

// diagnostics prepares to list what other language servers said: of one file, or of all that the rules let the model read
// unasked.
func (k *kit) diagnostics(_ context.Context, a diagnosticsArgs) (Op, error) {
	access := permission.Access{Tool: "diagnostics", Subject: "all files", Items: []permission.Item{{Permission: "diagnostics", Values: []string{"*"}, Always: "*"}}}
	if a.FilePath == "" {
		return NewOp(access, func(context.Context, io.Writer) (Result, error) {
			reports := k.Workspace.Diagnostics().Reports("")
			return k.listProblems(slices.DeleteFunc(reports, func(r workspace.Report) bool { return k.MayRead != nil && !k.MayRead(r.Path) })), nil
		}), nil
	}
	t, err := k.resolve(a.FilePath)
	if err != nil {
		return nil, err
	}
	access.Subject = t.name
	access.Items = append(access.Items, k.items("read", t)...) // a message quotes the text
	return NewOp(access, func(ctx context.Context, _ io.Writer) (Result, error) {
		if err := k.again(t); err != nil {
			return Result{}, err
		}
		return k.fileProblems(ctx, t)
	}), nil
}

// fileProblems are those of one file, once its servers have had a moment to look at its present text.
func (k *kit) fileProblems(ctx context.Context, t target) (Result, error) {
	known := k.Workspace.Diagnostics()
	var since time.Time
	for _, r := range known.Reports(t.Abs) {
		if k.Workspace.Older(r) && r.Time.After(since) {
			since = r.Time
		}
	}
	watched := k.watched(t.Abs)
	if watched {
		waiting, cancel := context.WithTimeout(ctx, freshWithin)
		defer cancel()
		known.Fresh(waiting, t.Abs, since)
	}
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	reports := known.Reports(t.Abs)
	switch {
	case len(reports) == 0 && watched:
		return Result{Text: "Nothing has been said of " + t.name + " yet. Its language server may still be starting: try once more, or run the project's own commands.", Title: t.name}, nil
	case len(reports) == 0:
		return Result{Text: "Nothing is known of " + t.name + ". " + noFeed, Title: t.name}, nil
	}
	return k.listProblems(reports), nil
}

// watched reports whether somebody tells of problems in the file. Language servers of our own are told of it first.
func (k *kit) watched(path string) bool {
	ours := k.Examine != nil && k.Examine(path)
	return ours || k.Workspace.Diagnostics().Fed(path)
}

const noFeed = "No language server reports on it here: run the project's compiler, linter or tests with bash."

// listProblems says reports for the model.
func (k *kit) listProblems(reports []workspace.Report) Result {
	var b strings.Builder
	total, files := 0, map[string]bool{}
	for _, r := range reports {
		if len(r.List) == 0 {
			continue
		}
		for _, p := range r.List[:max(0, min(len(r.List), maxProblems-total))] {
			fmt.Fprintf(&b, "%s:%d:%d %s\n", k.nameOf(r.Path), p.Line, p.Column, problemText(p))
		}
		if total < maxProblems {
			fmt.Fprintf(&b, "(%s: reported %s ago%s)\n", k.nameOf(r.Path), age(time.Since(r.Time)), k.staleWords(r))
		}
		total += len(r.List)
		files[r.Path] = true
	}
	if total == 0 {
		return Result{Text: k.noProblems(reports), Title: "no problems"}
	}
	if left := total - maxProblems; left > 0 {
		fmt.Fprintf(&b, "(%d more; name a file, or mend these first)\n", left)
	}
	title := fmt.Sprintf("%s in %s", plural(total, "problem", "problems"), plural(len(files), "file", "files"))
	short, full := k.Cut(b.String())
	return Result{Text: short, Title: title, Full: full}
}

func (k *kit) noProblems(reports []workspace.Report) string {
	switch len(reports) {
	case 0:
		return "Nothing is known. " + noFeed
	case 1:
		r := reports[0]
		return fmt.Sprintf("No problems in %s (reported %s ago%s).", k.nameOf(r.Path), age(time.Since(r.Time)), k.staleWords(r))
	}
	return "No problems are reported."
}

func (k *kit) staleWords(r workspace.Report) string {
	if k.Workspace.Older(r) {
		return "; it changed since, so this may be older than the text"
	}
	return ""
}

// problemText is severity, source and message in one line.
func problemText(p workspace.Diagnostic) string {
	head := p.Severity.String()
	if p.Source != "" {
		head += " " + p.Source
	}
	return permission.Visible(head + ": " + strings.Join(strings.Fields(p.Message), " "))
}

// age is a duration as people say it.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return plural(int(d.Seconds()), "second", "seconds")
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute", "minutes")
	}
	return plural(int(d.Hours()), "hour", "hours")
}

// maxErrors is how many errors are said after an edit; OpenCode's figure.
const maxErrors = 20

// errorsOf are the errors known of a file, as OpenCode words them.
func (k *kit) errorsOf(path string) []problem {
	var out []problem
	for _, r := range k.Workspace.Diagnostics().Reports(path) {
		for _, p := range r.List {
			if p.Severity == workspace.Error {
				out = append(out, problem{p.Source + "\x00" + p.Message, fmt.Sprintf("ERROR [%d:%d] %s", p.Line, p.Column, permission.Visible(p.Message))})
			}
		}
	}
	return out
}

// problem is an error with what tells it from others, whatever line it moves to.
type problem struct{ key, text string }

// watch notes what is known of files that are about to change. The function that it returns is to be called when they have:
// it waits a moment for what is said of the new text and gives the errors that are new.
func (k *kit) watch(paths []string) func(ctx context.Context) string {
	since, before := time.Now(), map[string][]problem{}
	for _, path := range paths {
		before[path] = k.errorsOf(path)
	}
	return func(ctx context.Context) string {
		waiting, cancel := context.WithTimeout(ctx, freshWithin)
		defer cancel()
		var b strings.Builder
		watched := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !k.watched(path) })
		for _, path := range watched {
			if k.Workspace.Diagnostics().Fresh(waiting, path, since) {
				b.WriteString(newErrors(path, before[path], k.errorsOf(path)))
			}
		}
		return b.String()
	}
}

// newErrors words the errors of a file that were not there before, in OpenCode's form, and counts the others.
func newErrors(path string, before, now []problem) string {
	var fresh []string
	for _, p := range now {
		i := slices.IndexFunc(before, func(o problem) bool { return o.key == p.key })
		if i < 0 {
			fresh = append(fresh, p.text)
			continue
		}
		before = slices.Delete(slices.Clone(before), i, i+1)
	}
	if len(fresh) == 0 {
		return ""
	}
	old := len(now) - len(fresh)
	if more := len(fresh) - maxErrors; more > 0 {
		fresh = append(fresh[:maxErrors], fmt.Sprintf("... and %d more", more))
	}
	text := fmt.Sprintf("\n\nThis edit brought errors, please fix:\n<diagnostics file=%q>\n%s\n</diagnostics>", path, strings.Join(fresh, "\n"))
	if old > 0 {
		text += fmt.Sprintf("\n(%s from before remain)", plural(old, "error", "errors"))
	}
	return text
}
