package tools

import (
	"context"
	"errors"
	"io"
)

// Terminal runs a shell command where the user watches it, in a terminal of the editor, and writes what it printed to w. When
// ctx ends it ends the command; what was printed until then is written, too. [ErrNoTerminal] says that nothing was run.
type Terminal func(ctx context.Context, c TerminalCommand, w io.Writer) (TerminalEnd, error)

// TerminalCommand is what a terminal runs.
type TerminalCommand struct {
	// Argv is the shell with its arguments, the last being the command.
	Argv []string
	Dir  string
	// Environ is what the command may see of the environment of this process.
	Environ []string
}

// TerminalEnd is how the command ended. Signal names what killed it, "" where it ended by itself.
type TerminalEnd struct {
	Code   int
	Signal string
}

// ErrNoTerminal says that a command cannot run in a terminal, so that it has to run as a child of ours.
var ErrNoTerminal = errors.New("no terminal")

// start runs the command in the editor's terminal where there is one, else as a child.
func (k *kit) start(ctx context.Context, c command, w io.Writer) (ending, error) {
	if k.Terminal == nil {
		return c.run(ctx, w)
	}
	timed, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	end, err := k.Terminal(timed, TerminalCommand{Argv: c.argv, Dir: c.dir.Abs, Environ: c.environ}, w)
	switch {
	case errors.Is(err, ErrNoTerminal):
		return c.run(ctx, w)
	case ctx.Err() != nil:
		return ending{stopped: "cancelled"}, ctx.Err()
	case timed.Err() != nil:
		return ending{stopped: "timeout"}, nil
	}
	return ending{code: end.Code, signal: end.Signal}, err
}
