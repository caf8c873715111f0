package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// redirect judges one redirect as what it is: output edits the file, input reads it. /dev/null and the process's own
// streams are nothing.
func (w *walker) redirect(r *syntax.Redirect) {
	if r.N != nil && strings.HasPrefix(r.N.Value, "{") {
		w.unreadable(w.source(r), "a redirect sets a variable")
	}
	switch r.Op {
	case syntax.RdrOut, syntax.AppOut, syntax.RdrClob, syntax.RdrAll, syntax.AppAll, syntax.RdrInOut:
		w.target("edit", w.read(r.Word))
	case syntax.DplOut, syntax.DplIn:
		w.duplicate(r)
	case syntax.RdrIn:
		w.target("read", w.read(r.Word))
	case syntax.Hdoc, syntax.DashHdoc:
		w.heredoc(r)
	case syntax.WordHdoc:
		w.input(w.read(r.Word))
	default:
		w.unreadable(w.source(r), "it holds a redirect that cannot be read")
		w.inside(r.Word)
	}
}

// duplicate reads >&1, <&-, and >&file, which is a redirect of both outputs.
func (w *walker) duplicate(r *syntax.Redirect) {
	to := w.read(r.Word)
	if to.literal && (to.text == "-" || r.Op == syntax.DplOut && (to.text == "1" || to.text == "2")) {
		return
	}
	if to.literal && to.known() && strings.Trim(to.text, "0123456789") == "" {
		w.ambient.add(unnamed("it joins streams that may be files"))
		return
	}
	if r.Op == syntax.DplIn {
		w.unreadable(w.source(r), "it takes its input from a stream that is not known")
		return
	}
	w.target("edit", to)
}

// heredoc reads a text given in place. One that bash expands must hold nothing to expand.
func (w *walker) heredoc(r *syntax.Redirect) {
	if end := w.read(r.Word); end.dynamic != "" {
		w.unreadable(w.source(r.Word), "the end of a text given in place is not known")
	}
	if r.Hdoc == nil {
		return
	}
	for _, part := range r.Hdoc.Parts {
		if _, ok := part.(*syntax.Lit); !ok {
			w.inside(part)
			w.ambient.add(unnamed("a text given in place is filled in by the shell"))
		}
	}
}

// input notes a word that becomes a command's input.
func (w *walker) input(word word) {
	if word.dynamic != "" {
		w.ambient.add(unnamed("its input is not known before it runs"))
	}
}

// inert are the names that redirects may use without touching anything.
func inert(name string) bool {
	return name == "/dev/null" || name == "/dev/stdout" || name == "/dev/stderr" || name == "/dev/stdin"
}

func (w *walker) target(perm string, to word) {
	if to.known() && inert(to.text) && !(perm == "edit" && to.text == "/dev/stdin") { // which may be a file open for reading
		return
	}
	if !to.known() || to.text == "" {
		w.add(permission.Item{
			Permission: perm, Values: []string{to.raw}, Strictness: permission.AlwaysAsk, Fold: w.place.FoldCase,
			Why: "the file of a redirect is not known before it runs",
		})
		return
	}
	for _, it := range w.files(perm, to.text, w.cwds) {
		it.Always = "" // a command line is no place to remember edits from
		w.add(it)
	}
}

// files are the items of a file by every folder that its name may start from.
func (w *walker) files(perm, name string, cwds []string) []permission.Item {
	if rest, ok := strings.CutPrefix(name, "~/"); ok && w.place.Home != "" {
		name = w.place.Home + "/" + rest // bash expands it behind a "=" too
	}
	if permission.IsAbs(name) {
		return permission.FileItems(perm, w.place.Physical(name), w.place)
	}
	if len(cwds) == 0 {
		return []permission.Item{
			{Permission: perm, Values: []string{name}, Strictness: permission.AlwaysAsk, Fold: w.place.FoldCase,
				Why: "the folder that a name starts from is not known"},
		}
	}
	var out []permission.Item
	for _, dir := range cwds {
		p := w.place
		p.Cwd = dir
		if strings.Contains(name, "..") && permission.IsAbs(dir) {
			out = append(out, permission.FileItems(perm, w.place.Physical(strings.TrimSuffix(dir, "/")+"/"+name), p)...)
			continue
		}
		out = append(out, permission.FileItems(perm, name, p)...)
	}
	return out
}

// beside are the items of a file that a judged command names: a deny binds it, an ask for everything does not.
func (w *walker) beside(perm, name string, cwds []string) {
	w.besides(perm, name, cwds, false)
}

// besides is beside for a name that may be a pattern.
func (w *walker) besides(perm, name string, cwds []string, glob bool) {
	for _, it := range w.files(perm, name, cwds) {
		it.Glob = glob && it.Permission == perm
		if it.Permission == perm {
			it.Always = ""
			if it.Strictness == permission.ByRule {
				it.Strictness = permission.Beside
			}
		}
		w.add(it)
	}
}
