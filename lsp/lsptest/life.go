package lsptest

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// start starts a server and an editor on it. The buffers of an editor that lost its server come back.
func (p *player) start() error {
	world := World{Root: p.root, Home: p.Dir + "/home", Files: map[string]string{}}
	for _, f := range p.archive.Files {
		if special(f.Name) {
			world.Files[f.Name] = string(f.Data)
		}
	}
	rwc, err := p.Host.Start(p.ctx, world)
	if err != nil {
		return fmt.Errorf("start server: %w", err)
	}
	old := p.editor
	p.editor, p.stopped, p.question, p.noticed = Dial(p.ctx, rwc, p.options), false, 0, 0
	if w, ok := p.Host.(Watcher); ok {
		w.Attach(p.editor)
	}
	if err := p.editor.Initialize(p.ctx); err != nil {
		return err
	}
	if old != nil && !p.gone {
		p.editor.Adopt(old)
	}
	p.gone = false
	p.Host.Settle()
	return p.complaints()
}

// restart stops the server in good order unless it is gone, and starts a new one.
func (p *player) restart() error {
	if err := p.finish(); err != nil {
		return err
	}
	return p.start()
}

// finish says goodbye and waits for the server's end.
func (p *player) finish() error {
	if p.stopped {
		return nil
	}
	p.stopped = true
	if err := p.editor.Shutdown(p.ctx); err != nil {
		return errors.Join(err, p.kill())
	}
	p.editor.Exit()
	err := p.Host.Stop()
	p.editor.Close()
	return errors.Join(err, p.complaints())
}

// drop ends the editor without a word; the server notices that its input ends.
func (p *player) drop() error {
	p.editor.Close()
	p.gone, p.stopped = true, true
	_ = p.Host.Stop() // without shutdown a failure is the right end
	return nil
}

// kill ends the server at once; the editor keeps its buffers.
func (p *player) kill() error {
	var err error
	if !p.stopped {
		err = p.Host.Kill()
	}
	p.stopped = true
	if p.editor != nil {
		p.editor.Close()
	}
	return err
}

// complaints are what the editor noticed since the last time it was asked.
func (p *player) complaints() error {
	all := p.editor.Complaints()
	fresh := all[p.noticed:]
	p.noticed = len(all)
	if len(fresh) == 0 {
		return nil
	}
	return fmt.Errorf("the editor complains: %s", strings.Join(fresh, "; "))
}

// report writes what helps to understand a failure: the end of the wire log and what is open.
func (p *player) report(log io.Writer) {
	wire := p.editor.Wire()
	const tail = 20
	fmt.Fprintf(log, "\n[the last of %d messages]\n", len(wire))
	for _, line := range wire[max(0, len(wire)-tail):] {
		fmt.Fprintln(log, shorten(p.scrub(line)))
	}
	for _, q := range p.editor.OpenQuestions() {
		fmt.Fprintf(log, "[open question %d]\n%s", q.Number, p.scrub(q.String()))
	}
}

// shorten keeps a message readable where it holds a whole file.
func shorten(line string) string {
	const most = 500
	if len(line) <= most {
		return line
	}
	return line[:most] + "…"
}

// scrub makes a text the same in every run.
func (p *player) scrub(text string) string {
	text = strings.NewReplacer(p.root, "$ROOT", p.Dir, "$WORK").Replace(text)
	if p.Scrub == nil {
		return text
	}
	return p.Scrub(text)
}
