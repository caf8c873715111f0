// Package tools holds what a model can do: [Tool] validates a model's call and gives an [Op], a call that has not
// happened yet. Only the agent's loop runs an Op, after the permission gate has passed its Access.
//
// [Define] makes a tool of a function over typed arguments, [Builtin] gives OpenCode's own tools, [Set] finds the tool of
// a call. Paths are resolved once, in Prepare, and compared again in Run; what was shown is what is done.
package tools

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"

	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// Call is one tool call of a model's reply. Arguments are the model's bytes as they came, valid JSON or not.
type Call struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// Result is what a call came to. Text is for the model; Title is one line for people.
type Result struct {
	Text  string `json:"text"`
	Title string `json:"title,omitempty"`
	Error bool   `json:"error,omitempty"`
	// Diff is the change that was applied, for the transcript; Files are the absolute paths that were changed.
	Diff  string   `json:"diff,omitempty"`
	Files []string `json:"files,omitempty"`
	// Attachments are images and PDFs for the model.
	Attachments []Attachment `json:"attachments,omitempty"`
	// Changes are what was applied, for undo.
	Changes []Applied `json:"changes,omitempty"`
	// Todos is the session's list of tasks where the call has set it; an empty one is not nil.
	Todos []Todo `json:"todos,omitzero"`
	// Full is the file that keeps the whole output where Text was cut.
	Full string `json:"full,omitempty"`
}

// Attachment is a file that goes to the model as it is, an image or a PDF.
type Attachment struct {
	Name string `json:"name"`
	MIME string `json:"mime"`
	Data []byte `json:"data"`
}

// Applied is one change to a file as undo needs it: the whole text before and after. A move is the deletion of one file and
// the creation of another.
type Applied struct {
	Path    string `json:"path"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Created bool   `json:"created,omitempty"` // the file did not exist before
	Deleted bool   `json:"deleted,omitempty"` // the file did not exist afterwards
	// Mode is what a deleted file had.
	Mode fs.FileMode `json:"mode,omitempty"`
	// Under is what the disk held of a file that was moved here with text not saved yet; "" for none.
	Under string `json:"under,omitempty"`
	// BeforeRef and AfterRef name texts that are kept in [workspace.Contents] and not here.
	BeforeRef string `json:"beforeRef,omitempty"`
	AfterRef  string `json:"afterRef,omitempty"`
	// Disk says that the disk was changed, by a command, whatever an editor shows.
	Disk bool `json:"disk,omitempty"`
	// Below says that an editor showed something else, which an undo left alone.
	Below bool `json:"below,omitempty"`
}

// Tool validates calls of one name.
type Tool interface {
	Name() string
	Description() string
	// Schema is the JSON schema of the arguments, the same bytes at every call.
	Schema() json.RawMessage
	// Prepare reads the arguments and checks everything that can be checked without a side effect. Its error is for the
	// model and says what to do next.
	Prepare(ctx context.Context, args json.RawMessage) (Op, error)
}

// Op is a validated call that has not happened yet.
type Op interface {
	// Access is what running it would touch.
	Access() permission.Access
	// Run does it. Output that people may watch meanwhile goes to w. An error is a result that failed, for the model;
	// ctx's error means that the user cancelled.
	Run(ctx context.Context, w io.Writer) (Result, error)
}

// MoreError is what Run returns where the call turns out to need more than what was allowed, and nothing of that has happened
// yet: a redirect, a name that leads elsewhere than it seems. Op is the rest of the call. It passes the gate as any other, and
// its result is the call's. Calls that run side by side have none.
type MoreError struct{ Op Op }

func (e *MoreError) Error() string { return "needs a further permission: " + e.Op.Access().Subject }

// Env is what the built-in tools of one session work on.
type Env struct {
	Workspace *workspace.Workspace
	Applier   workspace.Applier
	// Barrier brings the agent's unsaved edits to disk, or asks, before anything reads the disk. Nil: nothing to do.
	Barrier func(ctx context.Context) error
	// Spill is the folder that keeps whole outputs where results are cut; created when needed.
	Spill string
	// MaxLines and MaxBytes bound a result; zero means 2,000 lines and 50 KiB (config tool_output).
	MaxLines, MaxBytes int
	// Environ is the environment of child processes, without the agent's own keys.
	Environ []string
	// Terminal runs the commands of the bash tool where the user watches them. Nil: they are children of ours.
	Terminal Terminal
	// Web reaches the network for webfetch. Nil: nothing is fetched.
	Web *Web
	// Ask puts a question of the model to the user and returns the answer in words, "" where nobody can answer. Nil: nobody.
	Ask func(ctx context.Context, q Question) (string, error)
	// Examine tells the language servers that we run of a file as it is now and reports whether one of them serves it; what they
	// say comes into Workspace.Diagnostics. Nil: there are none.
	Examine func(path string) bool
	// MayRead reports whether the rules for "read" let the model read a file, by its canonical path, without asking. grep
	// leaves other files out, and edit does not tell about their text unasked. Nil: all files.
	MayRead func(abs string) bool
	// Tracker finds out what commands change, for undo; nil: they are not observed.
	Tracker *workspace.Tracker
	// Changed is told, before anything else runs, what a command has changed, as far as Tracker has found out. Nil: nobody is.
	Changed func(changes []Applied)
	// Nearby gives further text for the model with a file that it reads, by its canonical path: the instructions that lie
	// near it. Nil: none.
	Nearby func(ctx context.Context, abs string) string
	// Formatters gives the programs that format a file, by its canonical path, after an edit. Nil: none.
	Formatters func(ctx context.Context, abs string) []Formatter
	// Skills lists what the skill tool may load. Nil: there is no such tool.
	Skills func() []Skill
	// Seen is what the session's model has seen of each file; nil starts empty.
	Seen *Seen
}
