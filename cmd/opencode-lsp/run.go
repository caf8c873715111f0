package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/workspace"
)

// runOptions are the flags of `run`.
type runOptions struct {
	model, agent, session, format string
	resume, yes                   bool
}

func (p *program) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run TEXT…", Short: "Run one turn without an editor; files are edited on disk",
		RunE: func(cmd *cobra.Command, args []string) error {
			text := strings.Join(args, " ")
			if piped := p.piped(); piped != "" {
				text = strings.TrimSpace(text + "\n\n" + piped)
			}
			switch {
			case text == "":
				return usageError("nothing to do: give the prompt as arguments or on standard input")
			case o.format != "text" && o.format != "json":
				return usageError("--format %q is not one of text, json", o.format)
			case o.resume && o.session != "":
				return usageError("-c and -s exclude each other")
			}
			return failed(p.run(cmd.Context(), o, text))
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.model, "model", "m", "", "the model, provider/model")
	f.StringVar(&o.agent, "agent", "", "the agent that takes the prompt")
	f.BoolVarP(&o.resume, "continue", "c", false, "go on with the last session of this folder")
	f.StringVarP(&o.session, "session", "s", "", "go on with this session")
	f.StringVar(&o.format, "format", "text", "text, or json: one event a line")
	f.BoolVar(&o.yes, "yes", false, "answer every question with once; what a rule denies stays denied")
	return cmd
}

// piped is what stands on standard input where it is not a terminal.
func (p *program) piped() string {
	if p.terminal() {
		return ""
	}
	data, err := io.ReadAll(p.stdin)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// terminal reports whether a person sits at standard input.
func (p *program) terminal() bool {
	f, ok := p.stdin.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// run is one turn, from the prompt to its end.
func (p *program) run(ctx context.Context, o runOptions, text string) error {
	e, err := p.engineHere(func(s string) { fmt.Fprintln(p.stderr, s) })
	if err != nil {
		return err
	}
	defer e.close()
	e.load(ctx)
	if o.model != "" {
		if err := e.usable(o.model); err != nil {
			return err
		}
	}
	if o.agent != "" {
		if err := e.answering(o.agent); err != nil {
			return err
		}
	}
	watching, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { e.watchAll(watching) })
	defer work.Wait()
	defer stop()
	sessions := e.sessions(agent.Options{}, workspace.Disk{Workspace: e.ws}, nil)
	defer sessions.Close()
	s, err := pickSession(ctx, sessions, o)
	if err != nil {
		return err
	}
	turn, err := s.Prompt(agent.Prompt{Text: text, Agent: o.agent, Model: o.model})
	if err != nil {
		return err
	}
	show := &runView{program: p, options: o, sessions: sessions, session: s, turn: turn, in: bufio.NewReader(p.stdin)}
	return show.follow(ctx)
}

func pickSession(ctx context.Context, sessions *agent.Sessions, o runOptions) (*agent.Session, error) {
	switch {
	case o.session != "":
		return sessions.Open(ctx, o.session)
	case o.resume:
		return sessions.Current(ctx)
	}
	return sessions.New(ctx, agent.Start{Model: o.model})
}

// runView shows a turn on the terminal and puts its questions there.
type runView struct {
	*program
	options  runOptions
	sessions *agent.Sessions
	session  *agent.Session
	turn     string
	in       *bufio.Reader
	printed  string // of the message that is being written
}

// follow shows the events of the turn and returns how it ended.
func (v *runView) follow(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { v.session.Cancel() })()
	json := json.NewEncoder(v.stdout)
	for e := range v.session.Events(context.WithoutCancel(ctx), v.session.Replayed()) {
		if v.options.format == "json" {
			if err := json.Encode(e); err != nil {
				return err
			}
		} else {
			v.show(e)
		}
		if e.Type == agent.Asked {
			v.answer(*e.Question)
		}
		if e.Type == agent.TurnEnded && e.Turn == v.turn {
			return outcome(*e.End)
		}
	}
	return errors.New("the session ended")
}

// outcome makes an end that is not done an error.
func outcome(end agent.TurnEnd) error {
	switch end.Status {
	case agent.Done:
		return nil
	case agent.Failed:
		return errors.New(end.Error)
	}
	return errors.New("the turn was " + string(end.Status))
}

// show prints an event for people.
func (v *runView) show(e agent.Event) {
	switch e.Type {
	case agent.TextDelta:
		fmt.Fprint(v.stdout, e.Text)
		v.printed += e.Text
	case agent.MessageDone: // holds the text whole, whatever was shown of it while it came
		if e.Message.Text != "" {
			fmt.Fprintln(v.stdout, strings.TrimPrefix(e.Message.Text, v.printed))
		}
		v.printed = ""
	case agent.CallDone:
		mark := "✓"
		if e.Result.Error {
			mark = "✗"
		}
		fmt.Fprintln(v.stderr, strings.TrimSpace(mark+" "+e.Result.Name+" "+permission.Visible(e.Result.Title)))
	case agent.Retrying:
		if v.printed != "" {
			fmt.Fprintln(v.stdout)
		}
		v.printed = ""
		fmt.Fprintln(v.stderr, e.Text)
	}
}
