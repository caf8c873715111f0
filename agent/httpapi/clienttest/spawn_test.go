//go:build realclients

package clienttest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestSpawn lets the SDK start the server under OpenCode's name, with its flags and a configuration of its own.
func TestSpawn(t *testing.T) {
	p := newPlace(t)
	bin := t.TempDir()
	if err := os.Symlink(chosen().command().Path, filepath.Join(bin, "opencode")); err != nil {
		t.Fatal(err)
	}
	s := &server{place: p, kind: chosen()}
	var got struct {
		Address  bool
		Stranger int
		Model    string
	}
	s.playWith(t, "spawn.mjs", map[string]string{"PATH": bin + ":" + os.Getenv("PATH"), "OPENCODE_SERVER_PASSWORD": password},
		map[string]json.RawMessage{"config": json.RawMessage(p.config(asking()))}, &got)
	if !got.Address || got.Stranger != 401 || got.Model != "scripted/scripted" {
		t.Errorf("%+v", got)
	}
}
