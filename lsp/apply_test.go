package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// edit is a change of an open file by the server's applier.
func (p *peer) edit(ctx context.Context, path, text string) error {
	p.Helper()
	file, err := p.build.Workspace.Read(ctx, path)
	if err != nil {
		p.Fatal(err)
	}
	return p.build.Applier.Apply(ctx, workspace.NewChange(file, text))
}

// changes answers workspace/applyEdit by a didChange to text first.
func (p *peer) changes(path, text string, answer any) {
	p.answers["workspace/applyEdit"] = func(json.RawMessage) any {
		p.notify("textDocument/didChange", json.RawMessage(`{"textDocument":{"uri":"`+uriOf(path)+`","version":2},"contentChanges":[{"text":`+quoted(text)+`}]}`))
		return answer
	}
}

func TestApply(t *testing.T) {
	applied := map[string]bool{"applied": true}
	tests := map[string]struct {
		shows  string // by didChange, "" for none
		answer any
		ok     bool
		want   error
	}{
		"landed":                      {"new\ntail\n", applied, true, nil},
		"landed, answered no":         {"new\ntail\n", map[string]any{"applied": false, "failureReason": "version"}, true, nil},
		"landed, never answered":      {"new\ntail\n", errSilent, true, nil},
		"landed, user typed below":    {"new\ntail typed\n", applied, true, nil},
		"user typed, edit not landed": {"old\ntail typed\n", applied, false, workspace.ErrStale},
		"refused":                     {"", map[string]any{"applied": false}, false, errRefused},
		"lied":                        {"", applied, false, errUnconfirmed},
		"never answered":              {"", errSilent, false, nil},
		"null":                        {"", nil, false, errRefused},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				path := p.write("f.txt", "old\ntail\n")
				p.start(plain, Options{})
				p.open(path, "old\ntail\n")
				if test.shows != "" {
					p.changes(path, test.shows, test.answer)
				} else {
					p.answers["workspace/applyEdit"] = func(json.RawMessage) any { return test.answer }
				}
				err := p.edit(t.Context(), path, "new\ntail\n")
				if (err == nil) != test.ok || test.want != nil && !errors.Is(err, test.want) {
					t.Errorf("err = %v", err)
				}
				p.leave()
			})
		})
	}
}

// An edit that is in the buffer when the turn is cancelled counts: undo must know of it.
func TestApplyCancelled(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		path := p.write("f.txt", "old\n")
		p.start(plain, Options{})
		p.open(path, "old\n")
		ctx, cancel := context.WithCancel(t.Context())
		p.answers["workspace/applyEdit"] = func(json.RawMessage) any {
			cancel()
			return map[string]bool{"applied": true}
		}
		if err := p.edit(ctx, path, "new\n"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled without an edit: %v", err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if err := p.edit(ctx, path, "new\n"); err == nil {
			t.Error("an edit was made after the cancel")
		}
		p.leave()
	})
}

// A new file whose edit is cancelled or refused leaves no empty file behind.
func TestCreateTakenBack(t *testing.T) {
	for name, answer := range map[string]any{"refused": map[string]bool{"applied": false}, "cancelled": errSilent} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				p.start(plain, Options{})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				p.answers["workspace/applyEdit"] = func(json.RawMessage) any { return answer }
				path := filepath.Join(p.root, "new.txt")
				if err := p.edit(ctx, path, "text\n"); err == nil {
					t.Error("no error")
				}
				if _, err := os.Stat(path); !os.IsNotExist(err) {
					t.Errorf("the file is there: %v", err)
				}
				p.leave()
			})
		})
	}
}

// The editor knows its buffer by the name under which it opened it.
func TestEditThroughSymlink(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		p.write("real.txt", "old\n")
		link := filepath.Join(p.root, "link.txt")
		if err := os.Symlink("real.txt", link); err != nil {
			t.Fatal(err)
		}
		p.start(plain, Options{})
		p.open(link, "old\n")
		p.changes(link, "new\n", map[string]bool{"applied": true})
		if err := p.edit(t.Context(), link, "new\n"); err != nil {
			t.Error(err)
		}
		if got := p.sent("workspace/applyEdit"); len(got) != 1 || !strings.Contains(got[0], uriOf(link)) {
			t.Errorf("applyEdit %v does not name %s", got, uriOf(link))
		}
		p.leave()
	})
}

// Writing the buffers: only over what the agent's edit was made on, a byte order mark is kept, and what was saved
// meanwhile is no conflict.
func TestWriteBuffers(t *testing.T) {
	tests := map[string]struct {
		disk, buffer string // before the edit
		meanwhile    string // what the disk holds then, "" for unchanged
		want         string
		ok           bool
	}{
		"plain":             {"old\n", "old\n", "", "new\n", true},
		"byte order mark":   {bom + "old\n", "old\n", "", bom + "new\n", true},
		"line ends":         {"old\r\n", "old\r\n", "", "new\n", true},
		"saved meanwhile":   {"old\n", "old\n", "new\n", "new\n", true},
		"written meanwhile": {"old\n", "old\n", "theirs\n", "theirs\n", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, p *peer) {
				path := p.write("f.txt", test.disk)
				p.start(plain, Options{})
				p.open(path, test.buffer)
				p.changes(path, "new\n", map[string]bool{"applied": true})
				if err := p.edit(t.Context(), path, "new\n"); err != nil {
					t.Fatal(err)
				}
				if test.meanwhile != "" {
					p.write("f.txt", test.meanwhile)
				}
				p.save = "write"
				err := p.build.Barrier(t.Context(), nil)
				if got := p.read(path); got != test.want || (err == nil) != test.ok {
					t.Errorf("the disk holds %q, err %v", got, err)
				}
				p.leave()
			})
		})
	}
}

// A refused edit does not make the user's own unsaved text ours to save.
func TestRefusedEditIsNotOurs(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		path := p.write("f.txt", "disk\n")
		p.start(plain, Options{})
		p.open(path, "the user's\n")
		p.answers["workspace/applyEdit"] = func(json.RawMessage) any { return map[string]bool{"applied": false} }
		if err := p.edit(t.Context(), path, "new\n"); !errors.Is(err, errRefused) {
			t.Errorf("err = %v", err)
		}
		p.save = "write"
		if err := p.build.Barrier(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := p.read(path); got != "disk\n" {
			t.Errorf("the disk holds %q", got)
		}
		p.leave()
	})
}

// A plugin that says it has saved is not believed; the disk says.
func TestLyingPlugin(t *testing.T) {
	bubble(t, func(t *testing.T, p *peer) {
		path := p.write("f.txt", "old\n")
		p.start(`{"workspace":{"applyEdit":true},"experimental":{"opencode":{"save":true}}}`, Options{})
		p.answers["opencode/saveDocuments"] = func(json.RawMessage) any { return map[string]any{"saved": []string{uriOf(path)}} }
		p.open(path, "old\n")
		p.changes(path, "new\n", map[string]bool{"applied": true})
		if err := p.edit(t.Context(), path, "new\n"); err != nil {
			t.Fatal(err)
		}
		p.save = "write"
		if err := p.build.Barrier(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if got := p.read(path); got != "new\n" || len(p.sent("opencode/saveDocuments")) != 1 {
			t.Errorf("the disk holds %q", got)
		}
		p.leave()
	})
}
