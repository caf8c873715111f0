package lsptest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
	"rsc.io/script"
)

// Script is one txtar file that tells what a user does and what must come of it. The commands are in the package comment.
type Script struct {
	// File is the script; errors and goldens go by it.
	File string
	// Dir is an empty folder that the script may fill.
	Dir  string
	Host Host
	// Update rewrites the goldens of cmp in File instead of failing.
	Update bool
	// Scrub makes what differs from run to run the same: ids, times. Nil leaves the text as it is. The script's folder is
	// $WORK and its workspace $ROOT in any case.
	Scrub func(string) string
	// Real says that the server runs in real time and no bubble: the condition [real].
	Real bool
	// Trace gets every message between editor and server as it passes.
	Trace io.Writer
}

// player is a script that is being played. Only the engine's goroutine uses it.
type player struct {
	Script
	ctx     context.Context
	archive *txtar.Archive
	root    string
	options Options
	editor  *Editor
	gone    bool // dropped: the next editor starts without buffers
	stopped bool // the server was stopped or killed

	at       selection
	problems map[string][]Problem
	question int // the number that asked found last, 0 for none
	noticed  int // complaints that were reported
	updated  bool
}

// selection is where the user's cursor is: bytes of a buffer.
type selection struct {
	path       string
	start, end int
}

// Play plays the script and writes what happens to log. The error begins with file and line. Server and editor have ended
// when it returns.
func (s Script) Play(ctx context.Context, log io.Writer) error {
	text, err := os.ReadFile(s.File)
	if err != nil {
		return fmt.Errorf("read script: %w", err)
	}
	p := &player{Script: s, ctx: ctx, archive: txtar.Parse(text), root: filepath.Join(s.Dir, "root"),
		problems: map[string][]Problem{}}
	if err := p.prepare(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(s.File), err)
	}
	if err := p.start(); err != nil {
		return errors.Join(fmt.Errorf("%s: start: %w", filepath.Base(s.File), err), p.kill())
	}
	if err := p.execute(log); err != nil {
		p.report(log)
		return errors.Join(err, p.kill())
	}
	return errors.Join(p.finish(), p.rewrite())
}

// special tells the files that are for the engine or its host from those of the workspace.
func special(name string) bool {
	return slices.Contains([]string{"model", "settings.json", "capabilities.json", "editor", "experimental.json", "behaviour.json", "rules"}, name)
}

// prepare writes the script's files and reads the special ones.
func (p *player) prepare() error {
	for _, f := range p.archive.Files {
		name := filepath.FromSlash(f.Name)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the file %s is outside the script's folder", f.Name)
		}
		folder := p.root
		if first, _, _ := strings.Cut(f.Name, "/"); special(f.Name) || slices.Contains([]string{"want", "later", "home"}, first) {
			folder = p.Dir
		}
		if err := write(filepath.Join(folder, name), string(f.Data)); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(p.root, 0o777); err != nil {
		return fmt.Errorf("make workspace: %w", err)
	}
	if steps, ok := p.file("model"); ok {
		if err := p.Host.Model(steps); err != nil {
			return fmt.Errorf("read model: %w", err)
		}
	}
	return p.configure()
}

// configure makes the editor's options of the special files.
func (p *player) configure() error {
	if name, ok := p.file("editor"); ok {
		preset, err := Preset(strings.TrimSpace(name))
		if err != nil {
			return err
		}
		p.options = preset
	}
	p.options.Root, p.options.Trace = p.root, p.Trace
	if settings, ok := p.file("settings.json"); ok {
		if !json.Valid([]byte(settings)) {
			return errors.New("settings.json is not JSON")
		}
		p.options.InitializationOptions, p.options.Settings = json.RawMessage(settings), under("opencode", settings)
	}
	for name, to := range map[string]any{"experimental.json": &p.options.Experimental, "behaviour.json": &p.options.Behaviour} {
		if text, ok := p.file(name); ok {
			if err := strictJSON(text, to); err != nil {
				return fmt.Errorf("read %s: %w", name, err)
			}
		}
	}
	return p.capabilities()
}

// capabilities lays capabilities.json over the editor's.
func (p *player) capabilities() error {
	text, ok := p.file("capabilities.json")
	if !ok {
		return nil
	}
	base := p.options.Capabilities
	if base == nil {
		base = json.RawMessage("{}")
	}
	patched, err := mergePatches(base, json.RawMessage(text))
	if err != nil {
		return fmt.Errorf("read capabilities.json: %w", err)
	}
	p.options.Capabilities = patched
	p.options.Behaviour.NoPrompts = p.options.Behaviour.NoPrompts || removed(text, "window", "showMessage")
	p.options.Behaviour.NoApplyEdit = p.options.Behaviour.NoApplyEdit || removed(text, "workspace", "applyEdit")
	return nil
}

// file is a file of the script.
func (p *player) file(name string) (string, bool) {
	i := slices.IndexFunc(p.archive.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		return "", false
	}
	return string(p.archive.Files[i].Data), true
}

// execute runs the commands.
func (p *player) execute(log io.Writer) error {
	state, err := script.NewState(p.ctx, p.Dir, os.Environ())
	if err != nil {
		return fmt.Errorf("start script: %w", err)
	}
	for name, value := range map[string]string{"WORK": p.Dir, "ROOT": p.root, "session": "", "turn": ""} {
		if err := state.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	conds := script.DefaultConds()
	conds["real"] = script.BoolCondition("the server runs in real time", p.Real)
	engine := &script.Engine{Cmds: p.commands(), Conds: conds}
	err = engine.Execute(state, filepath.Base(p.File), bufio.NewReader(bytes.NewReader(p.archive.Comment)), log)
	if left := state.CloseAndWait(log); err == nil {
		err = left // a command in the background that nobody waited for
	}
	return err
}

// rewrite puts changed goldens back into the script.
func (p *player) rewrite() error {
	if !p.updated {
		return nil
	}
	if err := os.WriteFile(p.File, txtar.Format(p.archive), 0o666); err != nil {
		return fmt.Errorf("update script: %w", err)
	}
	return nil
}
