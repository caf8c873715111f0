//go:build unix

package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/agenttest"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// undoWorld is a workspace with an editor, a user and an agent, who all do at random what they do; beside it runs the model.
type undoWorld struct {
	rand     *rand.Rand
	dir      string
	ws       *workspace.Workspace
	sessions *agent.Sessions
	session  *agent.Session
	files    []*file
	words    int
	hidden   bool // files that are not open are edited through the editor
	saves    bool // before a command the agent's edits are saved

	turns []*turnRecord
	undos []undoRecord
	plan  []tools.Call // what the agent does before it thinks anew
	after func() error // looks at what came of the last call
	left  int          // how often the agent thinks in this turn
	bad   error        // the first thing that went wrong
	typed func()       // what the user types just before an edit arrives
	log   []string
	tally *tally
}

// turnRecord is what one turn did.
type turnRecord struct {
	id     string
	ops    map[*file][]*op
	undone bool
}

// undoRecord is what one undo took back: in which files which ops, what of that it did below a buffer, and how many edits there
// were by then.
type undoRecord struct {
	turns []*turnRecord
	ops   map[*file]map[*op]bool
	below map[*file]map[*op]bool
	edits map[*file]int
}

// newUndoWorld makes a world of a few files in dir.
func newUndoWorld(dir string, seed uint64) (*undoWorld, error) {
	w := &undoWorld{rand: rand.New(rand.NewPCG(seed, 0)), dir: filepath.Join(dir, "ws")}
	w.hidden, w.saves = w.rand.IntN(2) == 0, w.rand.IntN(2) == 0
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		return nil, err
	}
	w.ws = workspace.New(w.dir)
	contents := workspace.NewContents(filepath.Join(dir, "contents"))
	env := &tools.Env{
		Workspace: w.ws, Applier: w, Environ: []string{"PATH=" + os.Getenv("PATH")}, Tracker: workspace.NewTracker(w.ws, contents),
		Barrier: func(context.Context) error { return w.barrier() },
	}
	set := tools.NewSet(tools.Builtin(env)...)
	all := []permission.Rule{{Permission: "*", Pattern: "*", Action: permission.Allow}}
	w.sessions = agent.NewSessions(agent.Options{
		Directory: w.dir, Store: &agenttest.MemoryStore{},
		Model:      func(string) (agent.Model, agent.ModelInfo, error) { return w, agent.ModelInfo{Name: "dice"}, nil },
		SmallModel: func() (agent.Model, agent.ModelInfo) { return nil, agent.ModelInfo{} },
		Reverter:   &tools.Reverter{Workspace: w.ws, Applier: w, Contents: contents},
		Equip: func(_ context.Context, s *agent.Session, _ agent.Profile, _ agent.ModelInfo) (agent.Equipment, error) {
			return agent.Equipment{Tools: set, Gate: &permission.Gate{
				Policy: func() permission.Policy { return permission.Policy{Layers: []permission.Layer{{Rules: all}}} },
				Asker:  s, Workspace: w.dir, Session: s.ID(),
			}}, nil
		},
	})
	for i := range 2 + w.rand.IntN(2) {
		f := w.file(fmt.Sprintf("f%d.txt", i))
		if err := w.write(f, nil, w.fresh(3+w.rand.IntN(10))); err != nil {
			return nil, err
		}
		f.edits = nil
	}
	var err error
	w.session, err = w.sessions.New(context.Background(), agent.Start{Title: "undo"})
	return w, err
}

func (w *undoWorld) say(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf(format, args...))
}

func (w *undoWorld) path(f *file) string { return filepath.Join(w.dir, f.name) }

// file is the file of that name in the model.
func (w *undoWorld) file(name string) *file {
	for _, f := range w.files {
		if f.name == name {
			return f
		}
	}
	f := &file{name: name, disk: newView(), before: map[string]map[string]bool{}}
	w.files = append(w.files, f)
	return f
}

// fresh is n lines that never were.
func (w *undoWorld) fresh(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		w.words++
		lines[i] = fmt.Sprintf("w%d", w.words)
	}
	return lines
}

// mutated is lines with one run of them replaced, removed, or put in.
func (w *undoWorld) mutated(lines []string) []string {
	i := w.rand.IntN(len(lines) + 1)
	j := min(len(lines), i+w.rand.IntN(3))
	n := w.rand.IntN(3)
	if i == j && n == 0 {
		n = 1
	}
	return slices.Concat(lines[:i], w.fresh(n), lines[j:])
}

// write makes the disk hold lines, by whom it may be.
func (w *undoWorld) write(f *file, by *op, lines []string) error {
	f.change(f.disk, by, lines)
	return os.WriteFile(w.path(f), []byte(joinLines(lines)), 0o644)
}

// open opens a file in the editor.
func (w *undoWorld) open(f *file) {
	w.say("open %s", f.name)
	f.buf = f.replace(nil, f.disk)
	w.ws.Open(w.path(f), 1, joinLines(f.disk.order))
}

// update makes a buffer hold lines.
func (w *undoWorld) update(f *file, lines []string) error {
	now, err := w.ws.Read(context.Background(), w.path(f))
	if err != nil {
		return err
	}
	return w.ws.Update(w.path(f), now.Version+1, func(b *workspace.Buffer) error { return b.Replace(0, len(now.Text), joinLines(lines)) })
}

// save writes a buffer to disk.
func (w *undoWorld) save(f *file) error {
	w.say("save %s", f.name)
	if err := os.WriteFile(w.path(f), []byte(joinLines(f.buf.order)), 0o644); err != nil {
		return err
	}
	f.disk = f.replace(f.disk, f.buf)
	w.ws.Saved(w.path(f))
	return nil
}

// barrier saves what is not saved, where the user has it so. What both places hold has one history from then on.
func (w *undoWorld) barrier() error {
	for _, f := range w.files {
		switch {
		case f.buf == nil:
		case slices.Equal(f.buf.order, f.disk.order) && f.disk.exists:
			f.disk = f.buf.clone()
		case w.saves:
			if err := w.save(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// Apply implements [workspace.Applier] as an editor does that synchronises back.
func (w *undoWorld) Apply(ctx context.Context, c workspace.Change) error {
	if w.typed != nil {
		typed := w.typed
		w.typed = nil
		typed()
	}
	now, err := w.ws.Read(ctx, c.File.Path)
	if err != nil {
		return err
	}
	disk := workspace.Disk{Workspace: w.ws}
	switch {
	case !now.Same(c.File):
		return workspace.ErrStale
	case c.Remove && now.Open:
		if err := disk.Apply(ctx, c); err != nil {
			return err
		}
		f := w.file(filepath.Base(now.Path))
		f.disk, f.buf = f.buf, nil
		w.ws.Close(now.Path)
		return nil
	case c.Remove || !now.Open && !w.hidden:
		return disk.Apply(ctx, c)
	case !now.Exists:
		if err := disk.Apply(ctx, workspace.NewChange(now, "")); err != nil {
			return err
		}
		f := w.file(filepath.Base(now.Path))
		f.disk.exists = true
		fallthrough
	case !now.Open:
		w.open(w.file(filepath.Base(now.Path)))
	}
	version := now.Version + 1
	return w.ws.Update(c.File.Path, version, func(b *workspace.Buffer) error {
		for _, e := range slices.Backward(c.Edits) {
			if err := b.Replace(e.Start, e.End, e.New); err != nil {
				return err
			}
		}
		return nil
	})
}

// Stream implements [agent.Model]: one call a reply, made when the one before is done.
func (w *undoWorld) Stream(context.Context, agent.Request) iter.Seq2[agent.Delta, error] {
	return func(yield func(agent.Delta, error) bool) {
		call, ok := w.nextCall()
		if !ok {
			yield(agent.Delta{Text: "done"}, nil)
			return
		}
		yield(agent.Delta{Call: &agent.CallDelta{Name: call.Name, Arguments: call.Arguments}}, nil)
	}
}

func call(name string, args map[string]any) tools.Call {
	data, err := json.Marshal(args)
	if err != nil {
		panic(err)
	}
	return tools.Call{Name: name, Arguments: string(data)}
}

// text is the lines that a place really holds; exists is false where there is no file.
func (w *undoWorld) text(f *file, disk bool) (lines []string, exists bool, err error) {
	if !disk {
		now, err := w.ws.Read(context.Background(), w.path(f))
		return split(now.Text), now.Exists, err
	}
	data, err := os.ReadFile(w.path(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return split(string(data)), err == nil, err
}

// verify compares every place of every file with the model, and takes over the order of the lines.
func (w *undoWorld) verify() error {
	for _, f := range w.files {
		for _, v := range []*view{f.buf, f.disk} {
			if v == nil {
				continue
			}
			lines, exists, err := w.text(f, v == f.disk)
			if err == nil && exists != v.exists && len(lines)+len(v.expected()) > 0 {
				err = fmt.Errorf("exists: %v, want %v", exists, v.exists)
			}
			if err == nil {
				err = f.check(v, lines)
			}
			if err != nil {
				place := "buffer"
				if v == f.disk {
					place = "disk"
				}
				return fmt.Errorf("%s of %s: %w\nholds %s\nlast held %s", place, f.name, err, strings.Join(lines, " "), strings.Join(v.order, " "))
			}
			v.exists = exists
			f.see(v, lines)
		}
	}
	return nil
}
