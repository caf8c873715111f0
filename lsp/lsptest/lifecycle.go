package lsptest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	protocol "github.com/tliron/glsp/protocol_3_16"
)

// server is what the server said of itself in the answer to initialize.
type server struct {
	ready     bool
	encoding  Encoding
	openClose bool
	change    int // 0 none, 1 full, 2 incremental
	save      bool
	saveText  bool
	commands  []string
	fullItems bool // the editor returns whole action items, not their titles alone
}

// Initialize does the handshake: initialize, then initialized.
func (e *Editor) Initialize(ctx context.Context) error {
	params, err := e.initializeParams()
	if err != nil {
		return err
	}
	var result struct {
		Capabilities json.RawMessage `json:"capabilities"`
	}
	if err := e.Start(protocol.MethodInitialize, params).Wait(ctx, &result); err != nil {
		return err
	}
	s, err := readServer(result.Capabilities)
	if err != nil {
		return err
	}
	s.fullItems = fullItems(params["capabilities"].(json.RawMessage))
	if offered := e.encodings(params["capabilities"].(json.RawMessage)); !slices.Contains(offered, s.encoding) {
		return fmt.Errorf("the server chose position encoding %s, the editor knows %v only", s.encoding, offered)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.server = s
	e.Notify(protocol.MethodInitialized, struct{}{})
	for _, path := range slices.Sorted(maps.Keys(e.docs)) {
		e.announce(e.docs[path])
	}
	e.notice()
	return nil
}

func (e *Editor) initializeParams() (map[string]any, error) {
	caps, err := e.capabilities()
	if err != nil {
		return nil, err
	}
	root := e.URI(e.opt.Root)
	params := map[string]any{
		"processId":        os.Getpid(),
		"rootUri":          root,
		"rootPath":         e.opt.Root,
		"capabilities":     caps,
		"workspaceFolders": []map[string]string{{"uri": root, "name": filepath.Base(e.opt.Root)}},
	}
	if e.opt.Name != "" {
		params["clientInfo"] = map[string]string{"name": e.opt.Name, "version": e.opt.Version}
	}
	if e.opt.InitializationOptions != nil {
		params["initializationOptions"] = e.opt.InitializationOptions
	}
	return params, nil
}

// capabilities are the default ones, then the options', then those that follow from flags.
func (e *Editor) capabilities() (json.RawMessage, error) {
	patch := map[string]any{}
	if e.opt.Behaviour.NoApplyEdit {
		patch["workspace"] = map[string]any{"applyEdit": nil}
	}
	if len(e.opt.Encodings) > 0 {
		patch["general"] = map[string]any{"positionEncodings": e.opt.Encodings}
	}
	if e.opt.Experimental != (Experimental{}) {
		patch["experimental"] = map[string]any{"opencode": e.opt.Experimental}
	}
	flags, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("write capabilities: %w", err)
	}
	all := presetCapabilities("default")
	if e.opt.Capabilities != nil {
		if all, err = mergeJSON(all, e.opt.Capabilities); err != nil {
			return nil, fmt.Errorf("merge Options.Capabilities: %w", err)
		}
	}
	return mergeJSON(all, flags)
}

// encodings are the position encodings that capabilities announce; none means utf-16 (LSP 3.17).
func (e *Editor) encodings(caps json.RawMessage) []Encoding {
	var c struct {
		General struct {
			PositionEncodings []Encoding `json:"positionEncodings"`
		} `json:"general"`
	}
	if json.Unmarshal(caps, &c) != nil || len(c.General.PositionEncodings) == 0 {
		return []Encoding{UTF16}
	}
	return c.General.PositionEncodings
}

func fullItems(caps json.RawMessage) bool {
	var c struct {
		Window struct {
			ShowMessage struct {
				MessageActionItem struct {
					AdditionalPropertiesSupport bool `json:"additionalPropertiesSupport"`
				} `json:"messageActionItem"`
			} `json:"showMessage"`
		} `json:"window"`
	}
	return json.Unmarshal(caps, &c) == nil && c.Window.ShowMessage.MessageActionItem.AdditionalPropertiesSupport
}

// readServer reads the server's capabilities; textDocumentSync is a number or an object, its save a bool or an object.
func readServer(caps json.RawMessage) (server, error) {
	var c struct {
		PositionEncoding       Encoding        `json:"positionEncoding"`
		TextDocumentSync       json.RawMessage `json:"textDocumentSync"`
		ExecuteCommandProvider struct {
			Commands []string `json:"commands"`
		} `json:"executeCommandProvider"`
	}
	if err := json.Unmarshal(caps, &c); err != nil {
		return server{}, fmt.Errorf("read the server's capabilities: %w", err)
	}
	s := server{ready: true, encoding: cmp.Or(c.PositionEncoding, UTF16), commands: c.ExecuteCommandProvider.Commands}
	if json.Unmarshal(c.TextDocumentSync, &s.change) == nil {
		s.openClose = s.change > 0
		return s, nil
	}
	var options struct {
		OpenClose bool            `json:"openClose"`
		Change    int             `json:"change"`
		Save      json.RawMessage `json:"save"`
	}
	if err := json.Unmarshal(c.TextDocumentSync, &options); err != nil {
		return server{}, fmt.Errorf("read the server's textDocumentSync: %w", err)
	}
	s.openClose, s.change = options.OpenClose, options.Change
	s.save, s.saveText = readSave(options.Save)
	return s, nil
}

func readSave(raw json.RawMessage) (save, text bool) {
	var options struct {
		IncludeText bool `json:"includeText"`
	}
	if json.Unmarshal(raw, &save) == nil {
		return save, false
	}
	return json.Unmarshal(raw, &options) == nil, options.IncludeText
}

// Shutdown sends shutdown and waits for the answer. It complains of progress that never ended.
func (e *Editor) Shutdown(ctx context.Context) error {
	_, err := e.Request(ctx, protocol.MethodShutdown, nil)
	if err == nil {
		e.checkProgressEnded()
	}
	return err
}

// Exit sends exit and waits until it is on its way.
func (e *Editor) Exit() {
	e.Notify(protocol.MethodExit, nil)
	sent := make(chan struct{})
	e.out.put(func() { close(sent) })
	select {
	case <-sent:
	case <-e.done:
	}
}

// Adopt opens the buffers that another editor holds, unsaved text included: an editor whose server died and was started
// again.
func (e *Editor) Adopt(old *Editor) {
	old.mu.Lock()
	docs := make([]document, 0, len(old.docs))
	for _, d := range old.docs {
		docs = append(docs, *d)
	}
	old.mu.Unlock()
	slices.SortFunc(docs, func(a, b document) int { return cmp.Compare(a.path, b.path) })
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range docs {
		d.version, d.synced, d.pending, d.history = e.opt.Behaviour.FirstVersion, false, nil, nil
		e.docs[d.path] = &d
		e.announce(&d)
	}
	e.notice()
}
