package lsptest

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"time"
)

// Options describe an editor. The zero value with a Root is a well-behaved one that announces everything.
type Options struct {
	// Root is the workspace folder, absolute; relative paths start there.
	Root string
	// Name and Version are the clientInfo; an empty Name sends none.
	Name, Version string
	// Capabilities are merged into the default ones as RFC 7386 says: null removes a member.
	Capabilities json.RawMessage
	// Encodings replace the announced position encodings; empty leaves those of the capabilities.
	Encodings []Encoding
	// InitializationOptions go into initialize as they are; Settings answer workspace/configuration by section.
	InitializationOptions, Settings json.RawMessage
	// Experimental is announced as capabilities.experimental.opencode.
	Experimental Experimental
	Behaviour    Behaviour
	// Trace gets every message, one a line; with Pretty the JSON is indented below it.
	Trace  io.Writer
	Pretty bool
	// Timeout bounds the wait for one answer of the server; zero means a minute.
	Timeout time.Duration
}

// Experimental says what an editor's opencode plugin can do.
type Experimental struct {
	Permission bool `json:"permission,omitempty"` // shows questions itself: opencode/permission
	Save       bool `json:"save,omitempty"`       // saves buffers when asked: opencode/saveDocuments
	Events     bool `json:"events,omitempty"`     // wants opencode/event
	Deltas     bool `json:"deltas,omitempty"`     // with Events: the pieces of replies too
	Input      bool `json:"input,omitempty"`      // asks the user for text
}

// Behaviour is what an editor does other than the protocol hopes. The fields name what was observed of real ones.
type Behaviour struct {
	// LieApplied answers every edit with applied: true and does nothing.
	LieApplied bool
	// RefuseEdits declines every edit, as a user does who is asked by the editor.
	RefuseEdits bool
	// SilentApply never answers an edit and does not apply it.
	SilentApply bool
	// NoApplyEdit announces no workspace.applyEdit and does not know the request.
	NoApplyEdit bool
	// AlwaysApplied answers applied: true whatever came of the edit (Zed, Emacs, Kakoune).
	AlwaysApplied bool
	// NoReason leaves failureReason out (VS Code, Zed, Emacs, Kate).
	NoReason bool
	// Stale is what becomes of an edit to an older version.
	Stale Stale
	// CheckFirst looks at the versions of all documents before it applies anything (VS Code).
	CheckFirst bool
	// DebounceChange holds didChange back, until the next request at the latest (Neovim: 150 ms).
	DebounceChange time.Duration
	// NoDidOpenForHidden keeps buffers that an edit opened from the server: its language is not attached.
	NoDidOpenForHidden bool
	// MissingFails refuses to edit a file that does not exist (VS Code).
	MissingFails bool
	// NoResourceOps knows no CreateFile, RenameFile, DeleteFile (Emacs, Kate).
	NoResourceOps bool
	// LazyCreate makes only a buffer for CreateFile with ignoreIfExists (Neovim).
	LazyCreate bool
	// EmptyLine shows an empty file as an empty line with its end (Neovim).
	EmptyLine bool
	// Dedup drops all but one of several equal edits (Zed).
	Dedup bool
	// NormalizeEOL turns the line ends of inserted text into the document's (VS Code, Neovim).
	NormalizeEOL bool
	// Ascending reports the parts of one change from the top down, each in the text that the former left (Helix).
	Ascending bool
	// FirstVersion is the version in didOpen; VersionStep is added at each change, 0 means 1.
	FirstVersion, VersionStep int32
	// NoPrompts answers window/showMessageRequest with -32601 (Helix before 2026).
	NoPrompts bool
	// ModalPrompts handles nothing else while a question is open (Neovim 0.7, Kate).
	ModalPrompts bool
	// HonourCancel closes a question that the server cancels; others keep it on the screen (only Zed does).
	HonourCancel bool
	// NoShowDocument answers window/showDocument with -32601.
	NoShowDocument bool
	// RefuseSave saves nothing on opencode/saveDocuments.
	RefuseSave bool
	// EscapeURIs escapes every character that encodeURIComponent does (VS Code).
	EscapeURIs bool
}

// Stale says what an editor does with an edit to a version that is no longer the buffer's.
type Stale string

// The ways that were observed of editors.
const (
	StaleRefuse Stale = ""       // applied: false (VS Code, Helix, Sublime)
	StaleLie    Stale = "lie"    // skipped, applied: true; only the first document is looked at (Neovim)
	StaleRebase Stale = "rebase" // carried over to the newer text (Zed)
	StaleError  Stale = "error"  // a JSON-RPC error (Emacs)
	StaleIgnore Stale = "ignore" // applied to whatever stands there (Kate, Kakoune)
)

// Presets are the behaviours of real editors by name, to be used as a start: set Root and what else differs.
func Presets() map[string]Options {
	neovim := Behaviour{Stale: StaleLie, DebounceChange: 150 * time.Millisecond, LazyCreate: true, EmptyLine: true, NormalizeEOL: true, VersionStep: 3}
	neovim07 := neovim
	neovim07.ModalPrompts, neovim07.NoShowDocument = true, true
	helix := Behaviour{Ascending: true}
	helix25 := helix
	helix25.NoPrompts = true
	presets := map[string]Options{
		"vscode": {Name: "Visual Studio Code", Version: "1.139.0", Behaviour: Behaviour{CheckFirst: true, NoReason: true,
			MissingFails: true, NormalizeEOL: true, FirstVersion: 1, EscapeURIs: true}},
		"neovim":      {Name: "Neovim", Version: "0.12.4", Behaviour: neovim},
		"neovim-0.7":  {Name: "Neovim", Version: "0.7.2", Behaviour: neovim07},
		"helix":       {Name: "helix", Version: "25.07.1", Behaviour: helix},
		"helix-25.07": {Name: "helix", Version: "25.07.1", Behaviour: helix25},
		"zed": {Name: "Zed", Version: "1.6.0", Behaviour: Behaviour{AlwaysApplied: true, NoReason: true, Stale: StaleRebase,
			Dedup: true, HonourCancel: true, NoShowDocument: true}},
		"eglot": {Name: "Eglot", Version: "1.17.30", Behaviour: Behaviour{AlwaysApplied: true, NoReason: true, Stale: StaleError,
			NoResourceOps: true}},
		"kate": {Version: "25.04.3", Behaviour: Behaviour{NoReason: true, Stale: StaleIgnore, NoResourceOps: true,
			ModalPrompts: true, NoApplyEdit: true, NoShowDocument: true}},
	}
	for name, o := range presets {
		o.Capabilities = presetCapabilities(name)
		presets[name] = o
	}
	return presets
}

// Preset is the named one of Presets.
func Preset(name string) (Options, error) {
	presets := Presets()
	if o, ok := presets[name]; ok {
		return o, nil
	}
	return Options{}, fmt.Errorf("no editor %q: there are %s", name, list(maps.Keys(presets)))
}

//go:embed capabilities/*.json
var capabilityFiles embed.FS

// presetCapabilities is what the named editor announces. The files are part of the program, so a missing one is a bug.
func presetCapabilities(name string) json.RawMessage {
	text, err := capabilityFiles.ReadFile("capabilities/" + name + ".json")
	if err != nil {
		panic(err)
	}
	return text
}
