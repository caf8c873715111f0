package lsptest

import (
	"context"
	"encoding/json"
	"io"
)

// Host runs the server that scripts talk to: in this process over net.Pipe, or the real program over stdio.
type Host interface {
	// Start starts a server and returns its input and output. All servers of a script share one data folder, so that a
	// second one finds the sessions of the first.
	Start(ctx context.Context, world World) (io.ReadWriteCloser, error)
	// Model gives the scripted model its next steps, before Start or later.
	Model(steps string) error
	// Requests are the bodies of the requests that the model received, oldest first.
	Requests() []json.RawMessage
	// Settle returns when the server has nothing left to do: synctest.Wait in a bubble.
	Settle()
	// Stop waits for the end of a server that was told to exit or whose input ended, and returns what went wrong: that it
	// does not end, or ends with a failure after shutdown and exit.
	Stop() error
	// Kill ends the server at once, as a crash does. Without a server it does nothing.
	Kill() error
}

// Watcher is a Host that settles by what passes between editor and server: it gets each editor before the first message.
type Watcher interface {
	Attach(e *Editor)
}

// World is what a script lays out for the server.
type World struct {
	// Root is the workspace folder. Home is a folder beside it for the user's own files ("home/" in the script).
	Root, Home string
	// Files are the script's special files by name, for what a Host reads itself: "rules", say.
	Files map[string]string
}
