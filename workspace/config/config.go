// Package config reads the settings: OpenCode's files and variables, the editor's settings, the command line. It says what
// is set, what is wrong and where, which files to watch, and what a workspace's files would do once they were trusted.
//
// Nothing that a workspace's own files say is run, fetched or read outside that workspace before the user trusts it, and
// what they say of permissions can only ever narrow them. [Keys] is the list of all settings; checks, defaults and what a
// workspace may set all come from it.
package config

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

// Sources says where settings come from, weakest first where they disagree: the user's files, the workspace's, the
// OPENCODE_* contents, the editor's, the command line's. The zero value gives the defaults.
type Sources struct {
	// Roots are the absolute workspace folders; where their files disagree the first wins.
	Roots []string
	// Env looks up a variable, as [os.Getenv] does; nil: there are none.
	Env func(string) string
	// UserDir is the user's folder, $XDG_CONFIG_HOME/opencode; "": none.
	UserDir string
	// Editor is one JSON object: initializationOptions with workspace/configuration laid over it.
	Editor json.RawMessage
	// Flags is one JSON object: what the command line sets.
	Flags json.RawMessage
	// Trusted says whether the user trusts what hashes to hash in this workspace. Nil: no.
	Trusted func(hash string) bool
}

// Config is what is set.
type Config struct {
	// Model and SmallModel are "provider/model"; "" where nothing is set.
	Model        string `json:"model"`
	SmallModel   string `json:"small_model"`
	DefaultAgent string `json:"default_agent"`
	// DefaultAgentAt is where that is set, a warning without its message: what agents there are is not known here.
	DefaultAgentAt Warning `json:"-"`
	// Providers are the settings of providers by their id, not the list of those that work.
	Providers map[string]Provider `json:"provider"`
	Agent     map[string]Agent    `json:"-"`
	// Permission holds one layer for each source that sets any, the NarrowOnly ones last.
	Permission []permission.Layer `json:"-"`
	// MCP holds the servers by name, as JSON of OpenCode's shape.
	MCP          map[string]json.RawMessage `json:"mcp"`
	Instructions []Instruction              `json:"-"`
	Formatters   Formatters                 `json:"-"`
	// LanguageServers are those that the agent runs itself (the setting "lsp").
	LanguageServers Programs[LanguageServer] `json:"-"`
	Command         map[string]Command       `json:"command"`
	Skills          []Skill                  `json:"-"`
	// SubagentDepth is how deep agents may start agents.
	SubagentDepth    int              `json:"subagent_depth"`
	Compaction       Compaction       `json:"compaction"`
	ToolOutput       ToolOutput       `json:"tool_output"`
	Edits            Edits            `json:"edits"`
	Environment      Environment      `json:"environment"`
	Transcript       Transcript       `json:"transcript"`
	PermissionPrompt PermissionPrompt `json:"permission_prompt"`

	// Files are all files that were read or looked for: what to watch.
	Files []string `json:"-"`
	// Untrusted says in words what was left out because the workspace is not trusted.
	Untrusted []string `json:"-"`
	// Hash stands for exactly what needs trust in this workspace, trusted or not; "" where nothing does.
	Hash string `json:"-"`
}

// Instruction names rules for the model.
type Instruction struct {
	// At is an absolute path or glob, or an http address. A glob may meet a symbolic link that leads out of the workspace:
	// whoever reads it checks that.
	At string
	// Repository says that the workspace's own files name it.
	Repository bool
}

// Secret is a text that no log, transcript or JSON shows.
type Secret string

// String hides the text.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString hides the text.
func (s Secret) GoString() string { return s.String() }

// MarshalJSON hides the text.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// Provider is what is set for one provider.
type Provider struct {
	Name    string           `json:"name"`
	Options ProviderOptions  `json:"options"`
	Models  map[string]Model `json:"models"`
}

// ProviderOptions say how a provider is reached.
type ProviderOptions struct {
	BaseURL string            `json:"baseURL"`
	APIKey  Secret            `json:"apiKey"`
	Headers map[string]Secret `json:"headers"`
	Timeout Timeout           `json:"timeout"`
	// API is "chat", "responses" or "".
	API string `json:"api"`
}

// Timeout bounds a request; 0: not set, below 0: no bound.
type Timeout time.Duration

// UnmarshalJSON reads milliseconds, or false for no bound.
func (t *Timeout) UnmarshalJSON(data []byte) error {
	if string(data) == "false" {
		*t = -1
		return nil
	}
	var ms int64
	if err := json.Unmarshal(data, &ms); err != nil {
		return err
	}
	*t = Timeout(min(ms, int64(24*time.Hour/time.Millisecond))) * Timeout(time.Millisecond)
	return nil
}

// Model is what is set for one model of a provider.
type Model struct {
	Name  string `json:"name"`
	Limit Limit  `json:"limit"`
	Cost  Cost   `json:"cost"`
	// Options are fields of every request, in OpenCode's names or the provider's.
	Options    map[string]json.RawMessage `json:"options"`
	Modalities Modalities                 `json:"modalities"`
	Reasoning  bool                       `json:"reasoning"`
}

// Modalities are the kinds of files that a model takes: "text", "image", "pdf".
type Modalities struct {
	Input []string `json:"input"`
}

// Limit bounds a model in tokens; 0: not known.
type Limit struct {
	Context int64 `json:"context"`
	Output  int64 `json:"output"`
}

// Cost is a model's price in US dollars a million tokens.
type Cost struct {
	Input      float64 `json:"input"`
	Output     float64 `json:"output"`
	CacheRead  float64 `json:"cache_read"`
	CacheWrite float64 `json:"cache_write"`
}

// Agent is what is set for one agent, a built-in one or one of the user's own; what is left out is zero.
type Agent struct {
	Model       string `json:"model"`
	Variant     string `json:"variant"`
	Prompt      string `json:"-"`
	Description string `json:"description"`
	// Mode is "primary", "subagent", "all" or "".
	Mode        string   `json:"mode"`
	Temperature *float64 `json:"temperature"`
	TopP        *float64 `json:"top_p"`
	// Steps bounds the replies of a turn; 0: not set.
	Steps   int   `json:"steps"`
	Hidden  *bool `json:"hidden"`
	Disable bool  `json:"disable"`
	// Options are further fields of requests to the provider: "options" and every key that is unknown.
	Options map[string]json.RawMessage `json:"-"`
	// RepositoryPrompt is the prompt that the workspace's own files give, beside the user's own Prompt: it speaks for whoever
	// wrote it. RepositoryFile is where it stands.
	RepositoryPrompt, RepositoryFile string `json:"-"`
	// Theirs says that Description is the workspace's, too.
	Theirs bool `json:"-"`
	// Permission holds a layer for each source, the NarrowOnly ones last.
	Permission []permission.Layer `json:"-"`
}

// Command is a prompt of the user's own. Its template may hold $1, $ARGUMENTS, @file and !`shell`; one with !`shell` from
// a workspace that is not trusted is left out.
type Command struct {
	Template    string `json:"template"`
	Description string `json:"description"`
	Agent       string `json:"agent"`
	Model       string `json:"model"`
	Variant     string `json:"variant"`
	Subtask     bool   `json:"subtask"`
	CodeAction  bool   `json:"codeAction"`
	// Resolved are the keys whose values {env:} or {file:} has brought something into.
	Resolved []string `json:"-"`
}

// Programs says which programs of one kind run beside the agent, T being what is set for one of them.
type Programs[T any] struct {
	// On turns on the known ones; Repository says that the workspace's own files, which are trusted, do.
	On, Repository bool
	// Named are those that the settings name, whose fields that are not empty take the place of a known one's.
	Named map[string]T
}

// Formatters are the programs that format files after an edit.
type Formatters = Programs[Formatter]

// LanguageServer is what is set for one language server.
type LanguageServer struct {
	Disabled   bool              `json:"disabled"`
	Command    []string          `json:"command"`
	Env        map[string]string `json:"env"`
	Extensions []string          `json:"extensions"`
	// Initialization are its initializationOptions.
	Initialization json.RawMessage `json:"initialization"`
}

// Formatter is what is set for one formatter.
type Formatter struct {
	Disabled    bool              `json:"disabled"`
	Command     []string          `json:"command"` // $FILE stands for the file
	Environment map[string]string `json:"environment"`
	Extensions  []string          `json:"extensions"`
}

// Compaction says how a conversation that outgrows its model is shortened; numbers are tokens, 0: the agent decides.
type Compaction struct {
	Auto           bool  `json:"auto"`
	Prune          bool  `json:"prune"`
	TailTurns      int64 `json:"tail_turns"`
	PreserveRecent int64 `json:"preserve_recent_tokens"`
	Reserved       int64 `json:"reserved"`
}

// ToolOutput bounds what the model reads of one result.
type ToolOutput struct {
	MaxLines int `json:"max_lines"`
	MaxBytes int `json:"max_bytes"`
}

// Edits says how files are changed: Unopened is "editor" or "disk", Save is "ask", "write" or "never".
type Edits struct {
	Unopened string `json:"unopened"`
	Save     string `json:"save"`
}

// Environment says which variables commands get: all but those that hold the agent's own keys, without Drop, with Pass.
// Both are names that may hold * and ?.
type Environment struct {
	Pass []string `json:"pass"`
	Drop []string `json:"drop"`
}

// Transcript says when a transcript is shown: Open is "auto" or "never".
type Transcript struct {
	Open string `json:"open"`
}

// PermissionPrompt says how questions look: Type is the message type "error", "warning" or "info", First the harmless
// action that stands first, "details" or "reject".
type PermissionPrompt struct {
	Type  string `json:"type"`
	First string `json:"first"`
}

// Warning is something wrong in a source; what it names was left out, the rest holds.
type Warning struct {
	// File is the file, or the name of a variable, "editor settings" or "command line".
	File string
	// Line counts from 1; 0: none. Column is set where the file as a whole cannot be read.
	Line, Column int
	// Key is the dotted path of the setting; "": the whole file.
	Key     string
	Message string
}

// String is the warning in one line.
func (w Warning) String() string {
	place := w.File
	if w.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, w.Line)
	}
	if w.Column > 0 {
		place = fmt.Sprintf("%s:%d", place, w.Column)
	}
	if w.Key != "" {
		place += ": " + w.Key
	}
	return place + ": " + w.Message
}

// Load reads the settings. Whatever is wrong is a Warning, and the rest still holds; only ctx ends it early.
func Load(ctx context.Context, from Sources) (*Config, []Warning) {
	l := &loader{Sources: from, schema: newSchema()}
	l.find(ctx)
	for _, d := range l.docs {
		legacyModes(d.tree)
		if !d.project {
			l.substitute(d, d.tree)
		}
		l.check(d, d.tree, l.schema, nil)
	}
	l.trust()
	cfg := l.merge(ctx)
	return cfg, l.warnings
}

// loader is one reading of the settings.
type loader struct {
	Sources
	schema   *schema
	docs     []*doc // weakest first
	files    []string
	seen     map[string]bool
	warnings []Warning
	reads    int // of {file:} references

	hash      string
	untrusted []string
}

// doc is what one source says.
type doc struct {
	// name stands in warnings, layer before it in explanations of permissions.
	name, layer string
	// dir is where the paths of {file:} start, base where those of instructions do.
	dir, base string
	// project marks a workspace's own source; top is the folder that it may read then.
	project bool
	top     string
	// literal marks a text in which {env:} and {file:} mean nothing.
	literal bool
	tree    *node
}

func (l *loader) warn(w Warning) { l.warnings = append(l.warnings, w) }

func (l *loader) warnAt(d *doc, line int, path []string, format string, args ...any) {
	l.warn(Warning{File: d.name, Line: line, Key: dotted(path), Message: fmt.Sprintf(format, args...)})
}

func (l *loader) env(name string) string {
	if l.Env == nil {
		return ""
	}
	return l.Env(name)
}
