package lsp

import (
	"encoding/json"
	"slices"

	"github.com/sourcegraph/jsonrpc2"
	protocol "github.com/tliron/glsp/protocol_3_16"
)

// glsp v0.2.2 has the types of LSP 3.16. What follows are shapes that it lacks (3.17, 3.18, our own) or that lose a
// number-or-string union when decoded.

type cancelParams struct {
	ID jsonrpc2.ID `json:"id"`
}

// progressCancelParams is WorkDoneProgressCancelParams with its token kept raw.
type progressCancelParams struct {
	Token json.RawMessage `json:"token"`
}

// initializeParams are the parts of InitializeParams that the server reads. glsp's own type is not used: it refuses a
// client whose fields are slightly off, and drops what is newer than 3.16.
type initializeParams struct {
	ProcessID  *int `json:"processId"`
	ClientInfo struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"clientInfo"`
	RootPath              string                     `json:"rootPath"`
	RootURI               string                     `json:"rootUri"`
	WorkspaceFolders      []protocol.WorkspaceFolder `json:"workspaceFolders"`
	InitializationOptions json.RawMessage            `json:"initializationOptions"`
	Capabilities          clientCapabilities         `json:"capabilities"`
}

// clientCapabilities are the capabilities that the server asks for.
type clientCapabilities struct {
	General struct {
		PositionEncodings []string `json:"positionEncodings"`
	} `json:"general"`
	Window struct {
		WorkDoneProgress bool             `json:"workDoneProgress"`
		ShowMessage      *json.RawMessage `json:"showMessage"`
		ShowDocument     struct {
			Support bool `json:"support"`
		} `json:"showDocument"`
	} `json:"window"`
	Workspace struct {
		ApplyEdit     bool `json:"applyEdit"`
		Configuration bool `json:"configuration"`
		WorkspaceEdit struct {
			ResourceOperations []string `json:"resourceOperations"`
		} `json:"workspaceEdit"`
	} `json:"workspace"`
	Experimental struct {
		OpenCode extensions `json:"opencode"`
	} `json:"experimental"`
}

// protocolRevision counts what our own plugins rely on in this server beyond LSP; a plugin says of a server with a lower one,
// or with none, that it is too old. 1: opencode/permission may be answered by "later".
const protocolRevision = 1

// extensions are what our own plugins announce under capabilities.experimental.opencode.
type extensions struct {
	Permission bool `json:"permission"`
	Save       bool `json:"save"`
	Events     bool `json:"events"`
	Deltas     bool `json:"deltas"` // with Events: also the pieces of replies
	Input      bool `json:"input"`
	// Diagnostics: it passes on other servers' problems (opencode/diagnostics) from its start.
	Diagnostics bool `json:"diagnostics"`
}

// serverCapabilities is written by hand: what glsp's CreateServerCapabilities makes has "commands": null where it cannot know
// them, which clients in Rust (Helix, Zed) refuse to decode.
type serverCapabilities struct {
	PositionEncoding       string            `json:"positionEncoding"`
	TextDocumentSync       syncOptions       `json:"textDocumentSync"`
	CodeActionProvider     codeActionOptions `json:"codeActionProvider"`
	ExecuteCommandProvider commandOptions    `json:"executeCommandProvider"`
	Workspace              workspaceFeatures `json:"workspace"`
	Experimental           map[string]any    `json:"experimental"`
}

type syncOptions struct {
	OpenClose bool           `json:"openClose"`
	Change    int            `json:"change"`
	Save      map[string]any `json:"save"`
}

type codeActionOptions struct {
	CodeActionKinds []string `json:"codeActionKinds"`
}

type commandOptions struct {
	Commands []string `json:"commands"`
}

type workspaceFeatures struct {
	WorkspaceFolders struct {
		Supported           bool `json:"supported"`
		ChangeNotifications bool `json:"changeNotifications"`
	} `json:"workspaceFolders"`
}

type initializeResult struct {
	Capabilities serverCapabilities `json:"capabilities"`
	ServerInfo   struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"serverInfo"`
}

// position is a Position whose numbers may be negative or huge: a client's mistake that must not be a decode error.
type position struct {
	Line      int64 `json:"line"`
	Character int64 `json:"character"`
}

type span struct {
	Start position `json:"start"`
	End   position `json:"end"`
}

type textDocumentID struct {
	URI     string `json:"uri"`
	Version *int32 `json:"version,omitempty"`
}

type didOpenParams struct {
	TextDocument struct {
		URI     string `json:"uri"`
		Version int32  `json:"version"`
		Text    string `json:"text"`
	} `json:"textDocument"`
}

type didChangeParams struct {
	TextDocument   textDocumentID  `json:"textDocument"`
	ContentChanges []contentChange `json:"contentChanges"`
}

// contentChange is incremental with a Range, the whole text without.
type contentChange struct {
	Range *span  `json:"range"`
	Text  string `json:"text"`
}

type documentParams struct {
	TextDocument textDocumentID `json:"textDocument"`
}

// diagnostic is a client's diagnostic: it goes back as it came, whatever else it holds (tags, data, codes of any type).
type diagnostic struct {
	Range    span
	Severity float64 // whatever number it is
	Source   string
	Message  string
	raw      json.RawMessage
}

// UnmarshalJSON reads what a prompt says of it and keeps the whole.
func (d *diagnostic) UnmarshalJSON(data []byte) error {
	var known struct {
		Range    span    `json:"range"`
		Severity float64 `json:"severity"`
		Source   string  `json:"source"`
		Message  string  `json:"message"`
	}
	if err := json.Unmarshal(data, &known); err != nil {
		return err
	}
	*d = diagnostic{known.Range, known.Severity, known.Source, known.Message, slices.Clone(data)}
	return nil
}

// MarshalJSON gives it back unchanged.
func (d diagnostic) MarshalJSON() ([]byte, error) { return d.raw, nil }

type codeActionParams struct {
	TextDocument textDocumentID `json:"textDocument"`
	Range        span           `json:"range"`
	Context      struct {
		Diagnostics []diagnostic `json:"diagnostics"`
		Only        []string     `json:"only"`
	} `json:"context"`
}

type codeAction struct {
	Title       string           `json:"title"`
	Kind        string           `json:"kind"`
	Diagnostics []diagnostic     `json:"diagnostics,omitempty"`
	Command     protocol.Command `json:"command"`
}

type executeCommandParams struct {
	Command   string            `json:"command"`
	Arguments []json.RawMessage `json:"arguments"`
}

// applyEditParams is ApplyWorkspaceEditParams with version: null kept, which Neovim needs: 0.12 breaks off with an error of Lua without it.
type applyEditParams struct {
	Label string        `json:"label,omitempty"`
	Edit  workspaceEdit `json:"edit"`
}

// workspaceEdit holds one textDocumentEdit or one fileOperation.
type workspaceEdit struct {
	DocumentChanges []any `json:"documentChanges"`
}

// fileOperation is a DeleteFile or a RenameFile.
type fileOperation struct {
	Kind   string `json:"kind"` // "delete" or "rename"
	URI    string `json:"uri,omitempty"`
	OldURI string `json:"oldUri,omitempty"`
	NewURI string `json:"newUri,omitempty"`
}

type textDocumentEdit struct {
	TextDocument struct {
		URI     string `json:"uri"`
		Version *int32 `json:"version"`
	} `json:"textDocument"`
	Edits []textEdit `json:"edits"`
}

type textEdit struct {
	Range   span   `json:"range"`
	NewText string `json:"newText"`
}

type applyEditResult struct {
	Applied       bool   `json:"applied"`
	FailureReason string `json:"failureReason"`
}

// progressParams is ProgressParams with a string token.
type progressParams struct {
	Token string        `json:"token"`
	Value progressValue `json:"value"`
}

type progressValue struct {
	Kind        string `json:"kind"`
	Title       string `json:"title,omitempty"`
	Message     string `json:"message,omitempty"`
	Cancellable *bool  `json:"cancellable,omitempty"`
}
