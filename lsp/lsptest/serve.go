package lsptest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sourcegraph/jsonrpc2"
)

// handle answers one message of the server.
func (e *Editor) handle(req *jsonrpc2.Request) {
	var params json.RawMessage
	if req.Params != nil {
		params = *req.Params
	}
	if req.Notif {
		e.notified(req.Method, params)
		return
	}
	if !e.ready() {
		e.complain("%s is sent before initialized", req.Method)
	}
	result, err := e.requested(req, params)
	switch {
	case errors.Is(err, errHeld):
	case err != nil:
		e.replyError(req.ID, code(err), message(err))
	default:
		e.reply(req.ID, result)
	}
}

// requested does a request of the server; errHeld leaves the answer for later.
func (e *Editor) requested(req *jsonrpc2.Request, params json.RawMessage) (any, error) {
	switch req.Method {
	case "workspace/applyEdit":
		return e.applyEdit(params)
	case "window/showMessageRequest":
		return e.showMessageRequest(req.ID, params)
	case "opencode/permission":
		return e.permission(req.ID, params)
	case "opencode/saveDocuments":
		return e.saveDocuments(params)
	case "window/showDocument":
		return e.showDocument(params)
	case "window/workDoneProgress/create":
		return nil, e.createProgress(params)
	case "workspace/configuration":
		return e.configuration(params)
	case "workspace/workspaceFolders":
		return []map[string]string{{"uri": e.URI(e.opt.Root), "name": filepath.Base(e.opt.Root)}}, nil
	case "client/registerCapability":
		return nil, e.registerCapability(params)
	case "client/unregisterCapability", "workspace/codeLens/refresh":
		return nil, nil
	}
	return nil, methodNotFound(req.Method)
}

// notified takes a notification of the server.
func (e *Editor) notified(method string, params json.RawMessage) {
	switch method {
	case "window/showMessage", "window/logMessage":
		e.showMessage(method, params)
	case "$/progress":
		e.reportProgress(params)
	case "$/cancelRequest":
		e.cancelQuestion(params)
	case "textDocument/publishDiagnostics":
		e.publish(params)
	case "opencode/event":
		e.mu.Lock()
		defer e.mu.Unlock()
		e.events = append(e.events, params)
		e.notice()
	case "$/logTrace", "telemetry/event":
	default:
		e.complain("the notification %s is unknown", method)
	}
}

func (e *Editor) ready() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.server.ready
}

func (e *Editor) showMessage(method string, raw json.RawMessage) {
	var m struct {
		Type    int    `json:"type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(raw, &m); err != nil || m.Type < 1 || m.Type > 5 {
		e.complain("%s has no proper type or message: %s", method, raw)
		return
	}
	log := method == "window/logMessage"
	if !log && strings.ContainsAny(m.Message, "\r\n") {
		e.complain("showMessage has several lines, which Neovim stops at and Helix runs together: %q", m.Message)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.messages = append(e.messages, Message{m.Type, m.Message, log})
	e.notice()
}

func (e *Editor) showDocument(raw json.RawMessage) (any, error) {
	var p struct {
		URI       string `json:"uri"`
		TakeFocus bool   `json:"takeFocus"`
		External  bool   `json:"external"`
	}
	if e.opt.Behaviour.NoShowDocument {
		return nil, methodNotFound("window/showDocument")
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, invalidParams(err)
	}
	path, err := filePath(p.URI)
	e.mu.Lock()
	e.shown = append(e.shown, Shown{p.URI, path, p.TakeFocus, p.External})
	e.notice()
	e.mu.Unlock()
	if p.External {
		return map[string]bool{"success": true}, nil
	}
	if err == nil {
		_, err = os.Stat(path)
	}
	if err == nil {
		err = e.Open(path)
	}
	return map[string]bool{"success": err == nil}, nil
}

// configuration answers by section: a dotted name leads into Options.Settings.
func (e *Editor) configuration(raw json.RawMessage) (any, error) {
	var p struct {
		Items []struct {
			Section string `json:"section"`
		} `json:"items"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, invalidParams(err)
	}
	answers := make([]any, 0, len(p.Items))
	for _, item := range p.Items {
		answers = append(answers, section(e.settings(), item.Section))
	}
	return answers, nil
}

func (e *Editor) settings() any {
	e.mu.Lock()
	defer e.mu.Unlock()
	var settings any
	if e.opt.Settings == nil || json.Unmarshal(e.opt.Settings, &settings) != nil {
		return nil
	}
	return settings
}

func section(settings any, name string) any {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" {
			continue
		}
		object, ok := settings.(map[string]any)
		if !ok {
			return nil
		}
		settings = object[part]
	}
	return settings
}

// Configure replaces the settings and tells the server (workspace/didChangeConfiguration).
func (e *Editor) Configure(settings json.RawMessage) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opt.Settings = settings
	e.Notify("workspace/didChangeConfiguration", map[string]any{"settings": settings})
}

func (e *Editor) registerCapability(raw json.RawMessage) error {
	var p struct {
		Registrations []struct {
			Method string `json:"method"`
		} `json:"registrations"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return invalidParams(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range p.Registrations {
		e.watched = e.watched || r.Method == "workspace/didChangeWatchedFiles"
	}
	return nil
}

// publish judges the diagnostics of a server. opencode-lsp publishes none of its own.
func (e *Editor) publish(raw json.RawMessage) {
	var p struct {
		URI         string          `json:"uri"`
		Diagnostics json.RawMessage `json:"diagnostics"`
	}
	err := json.Unmarshal(raw, &p)
	_, pathErr := filePath(p.URI)
	if err != nil || pathErr != nil || len(p.Diagnostics) == 0 || p.Diagnostics[0] != '[' {
		e.complain("publishDiagnostics needs a file URI and an array: %s", raw)
	}
}

func methodNotFound(method string) error {
	return &jsonrpc2.Error{Code: jsonrpc2.CodeMethodNotFound, Message: "method not found: " + method}
}

func invalidParams(err error) error {
	return &jsonrpc2.Error{Code: jsonrpc2.CodeInvalidParams, Message: fmt.Sprintf("invalid params: %v", err)}
}

func code(err error) int64 {
	if rpc, ok := errors.AsType[*jsonrpc2.Error](err); ok {
		return rpc.Code
	}
	return jsonrpc2.CodeInternalError
}

func message(err error) string {
	if rpc, ok := errors.AsType[*jsonrpc2.Error](err); ok {
		return rpc.Message
	}
	return err.Error()
}
