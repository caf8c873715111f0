package acp

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// protocolVersion is the one that we speak; a client that wants another is told this one and decides.
const protocolVersion = 1

// The shapes below are those of ACP v1 (schema 2.4.0 of the TypeScript SDK), without what nobody here reads or sends.

type initializeParams struct {
	ProtocolVersion *int `json:"protocolVersion"`
	// Capabilities are read by themselves: what is odd about one must not hide the others.
	Capabilities json.RawMessage `json:"clientCapabilities"`
}

type clientCapabilities struct {
	FS struct {
		Read  bool `json:"readTextFile"`
		Write bool `json:"writeTextFile"`
	} `json:"fs"`
	Terminal bool `json:"terminal"`
	Session  struct {
		Notices *struct{} `json:"notices"`
	} `json:"session"`
	Elicitation struct {
		Form *struct{} `json:"form"`
	} `json:"elicitation"`
}

// sessionParams name a session; all methods below session/ have them but for new and list.
type sessionParams struct {
	SessionID string `json:"sessionId"`
}

func (p sessionParams) check() error { return need("sessionId", p.SessionID) }

// setup is where a session works and with what.
type setup struct {
	Cwd        string      `json:"cwd"`
	Additional []string    `json:"additionalDirectories"`
	MCPServers []mcpServer `json:"mcpServers"`
}

// folders are the workspace's, the working folder first.
func (p setup) folders() []string { return append([]string{p.Cwd}, p.Additional...) }

func (p setup) check() error {
	for _, dir := range p.folders() {
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("%q is not an absolute path", dir)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return fmt.Errorf("%s is not a folder", dir)
		}
	}
	names := map[string]bool{}
	for i, m := range p.MCPServers {
		err := m.check()
		if err == nil && names[m.Name] {
			err = fmt.Errorf("there are two servers of the name %s", quoted(m.Name))
		}
		if err != nil {
			return fmt.Errorf("mcpServers[%d]: %w", i, err)
		}
		names[m.Name] = true
	}
	return nil
}

// resumeParams are those of load, resume and fork.
type resumeParams struct {
	sessionParams
	setup
}

func (p resumeParams) check() error { return errors.Join(p.sessionParams.check(), p.setup.check()) }

type listParams struct {
	Cwd    string `json:"cwd"`
	Cursor string `json:"cursor"`
}

func (p listParams) check() error {
	if p.Cwd != "" && !filepath.IsAbs(p.Cwd) {
		return fmt.Errorf("cwd %q is not an absolute path", p.Cwd)
	}
	return nil
}

type modeParams struct {
	sessionParams
	ModeID string `json:"modeId"`
}

func (p modeParams) check() error {
	return errors.Join(p.sessionParams.check(), need("modeId", p.ModeID))
}

type modelParams struct {
	sessionParams
	ModelID string `json:"modelId"`
}

func (p modelParams) check() error {
	return errors.Join(p.sessionParams.check(), need("modelId", p.ModelID))
}

type optionParams struct {
	sessionParams
	ConfigID string `json:"configId"`
	Value    string `json:"value"`
}

func (p optionParams) check() error {
	return errors.Join(p.sessionParams.check(), need("configId", p.ConfigID), need("value", p.Value))
}

type promptParams struct {
	sessionParams
	Prompt []block `json:"prompt"`
}

func (p promptParams) check() error {
	if len(p.Prompt) == 0 {
		return errors.Join(p.sessionParams.check(), errors.New("prompt is empty"))
	}
	return p.sessionParams.check()
}

// block is a content block of any kind.
type block struct {
	Type     string    `json:"type"`
	Text     string    `json:"text,omitempty"`
	Data     string    `json:"data,omitempty"`
	MIME     string    `json:"mimeType,omitempty"`
	URI      string    `json:"uri,omitempty"`
	Name     string    `json:"name,omitempty"`
	Resource *resource `json:"resource,omitempty"`
}

// resource is the contents of an embedded resource: text, or a blob in base64.
type resource struct {
	URI  string  `json:"uri"`
	MIME string  `json:"mimeType,omitempty"`
	Text *string `json:"text,omitempty"`
	Blob *string `json:"blob,omitempty"`
}

func textBlock(text string) block { return block{Type: "text", Text: text} }

// MarshalJSON keeps an empty text: the schema requires it.
func (b block) MarshalJSON() ([]byte, error) {
	if b.Type == "text" {
		return json.Marshal(map[string]string{"type": "text", "text": b.Text})
	}
	type plain block
	return json.Marshal(plain(b))
}

// toolContent is what a tool call shows: a content block, a diff or a terminal.
type toolContent struct {
	Type     string  `json:"type"`
	Content  *block  `json:"content,omitempty"`
	Path     string  `json:"path,omitempty"`
	OldText  *string `json:"oldText,omitempty"`
	NewText  *string `json:"newText,omitempty"`
	Terminal string  `json:"terminalId,omitempty"`
}

type location struct {
	Path string `json:"path"`
	Line int    `json:"line,omitempty"`
}

// toolCall is a tool call, or with a part of the fields an update of one.
type toolCall struct {
	Update    string          `json:"sessionUpdate,omitempty"`
	ID        string          `json:"toolCallId"`
	Title     string          `json:"title,omitempty"`
	Name      string          `json:"name,omitempty"`
	Kind      string          `json:"kind,omitempty"`
	Status    string          `json:"status,omitempty"`
	Content   []toolContent   `json:"content,omitempty"`
	Locations []location      `json:"locations,omitempty"`
	RawInput  json.RawMessage `json:"rawInput,omitempty"`
}

// chunk is a piece of a message.
type chunk struct {
	Update  string `json:"sessionUpdate"`
	Content block  `json:"content"`
}

type permissionOption struct {
	ID   string `json:"optionId"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

type permissionOutcome struct {
	Outcome struct {
		Outcome  string `json:"outcome"`
		OptionID string `json:"optionId"`
	} `json:"outcome"`
}

// need says that a field is missing where it is empty.
func need(name, value string) error {
	if value == "" {
		return errors.New(name + " is missing")
	}
	return nil
}

// decode reads a method's params and checks them. Its error is for the client.
func decode[T interface{ check() error }](raw json.RawMessage) (p T, err error) {
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	if err = json.Unmarshal(raw, &p); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			what := "params"
			if wrong.Field != "" {
				what += "." + shared.Replace(wrong.Field)
			}
			return p, invalid("%s is %s and not of the right type", what, article(wrong.Value))
		}
		return p, invalid("params cannot be read: %s", err)
	}
	if err = p.check(); err != nil {
		if both, ok := err.(interface{ Unwrap() []error }); ok {
			err = both.Unwrap()[0] // one sentence
		}
		return p, invalid("%s", err)
	}
	return p, nil
}

// shared leaves the names of our own types out of a field's path.
var shared = strings.NewReplacer("sessionParams.", "", "setup.", "")

func article(kind string) string {
	if kind == "array" || kind == "object" {
		return "an " + kind
	}
	return "a " + kind
}

func invalid(format string, args ...any) *Error {
	return &Error{Code: codeInvalidParams, Message: fmt.Sprintf(format, args...)}
}
