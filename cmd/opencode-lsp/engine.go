package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tliron/commonlog"

	"github.com/opencode-lsp/opencode-lsp/agent"
	"github.com/opencode-lsp/opencode-lsp/agent/httpapi"
	"github.com/opencode-lsp/opencode-lsp/agent/llm"
	"github.com/opencode-lsp/opencode-lsp/agent/store"
	"github.com/opencode-lsp/opencode-lsp/lsp/servers"
	"github.com/opencode-lsp/opencode-lsp/permission"
	"github.com/opencode-lsp/opencode-lsp/tools"
	"github.com/opencode-lsp/opencode-lsp/tools/mcp"
	"github.com/opencode-lsp/opencode-lsp/workspace"
	"github.com/opencode-lsp/opencode-lsp/workspace/config"
)

// engine is the agent of one workspace, put together from its parts. Both fronts of this program, lsp and run, use it.
type engine struct {
	program *program
	ws      *workspace.Workspace
	store   *store.Store
	grants  *permission.Grants
	http    *http.Client
	notify  func(text string) // shows the user a sentence
	where   permission.Place  // but for the roots, which may change
	loaded  chan struct{}     // holds one where the configuration was loaded since it was last looked at
	files   *fileWatch
	// contents keeps what files held, for undo.
	contents *workspace.Contents
	tracker  *workspace.Tracker
	// languages are the language servers that we run; none are asked where the editor passes on what its own say.
	languages *servers.Servers
	fed       bool
	// terminal, if set, gives the editor's terminals to a session; changed is told what commands have changed.
	terminal func(*agent.Session) tools.Terminal
	changed  func([]tools.Applied)
	// readable remembers mayRead.
	readable verdicts
	fetched  fetched
	served   atomic.Pointer[httpapi.API] // nil: the sessions are not served over HTTP

	mu      sync.Mutex
	config  *config.Config
	servers *mcp.Servers       // see mcp
	loads   int                // counts configurations
	base    []permission.Layer // the rules for all agents
	team    team
	editor  json.RawMessage // the editor's settings
	flags   json.RawMessage // the command line's
	chosen  string          // by opencode.model.select
	// chosenAgent is the one picked by opencode.agent.select, "" for none.
	chosenAgent string
	models      map[string]agent.Model
	seats       map[string]*seat // by session
	found       []llm.Found      // local servers
	foundAt     time.Time
	serving     bool           // the MCP servers run
	knowledge   *llm.Catalogue // of models, read when it is needed
	warnings    []config.Warning
}

// maxSteps bounds a turn that does not come to an end by itself.
const maxSteps = 500

func newEngine(p *program, ws *workspace.Workspace, notify func(string)) (*engine, error) {
	s, err := store.Open(p.dirs.data)
	if err != nil {
		return nil, err
	}
	client := p.http
	if client == nil {
		client = llm.NewHTTPClient()
	}
	contents := workspace.NewContents(p.dirs.contents())
	e := &engine{
		program: p, ws: ws, files: newFileWatch(ws, !p.bubble), store: s, contents: contents, tracker: workspace.NewTracker(ws, contents),
		grants: permission.NewGrants(s), http: client, notify: notify,
		models: map[string]agent.Model{}, seats: map[string]*seat{}, loaded: make(chan struct{}, 1), where: tools.Place(ws, p.dirs.home, ws.Roots()[0]),
	}
	e.servers = mcp.New(e.serverOptions())
	e.languages = e.newLanguages()
	return e, nil
}

// engineHere is the engine of the working folder, for what runs without an editor.
func (p *program) engineHere(notify func(string)) (*engine, error) {
	dir, err := workingDir()
	if err != nil {
		return nil, err
	}
	return newEngine(p, workspace.New(dir), notify)
}

func logger() commonlog.Logger { return commonlog.GetLogger("opencode") }

// root is the folder under which sessions, grants and trust are kept.
func (e *engine) root() string { return e.ws.Roots()[0] }

// load reads the configuration anew and tells the user of what is newly wrong with it.
func (e *engine) load(ctx context.Context) {
	e.mu.Lock()
	sources := config.Sources{
		Roots: e.ws.Roots(), Env: e.program.getenv, UserDir: e.program.dirs.config, Editor: e.editor, Flags: e.flags,
		Trusted: func(hash string) bool { return e.trusted(ctx, hash) },
	}
	servers := e.servers // which belong to these settings; see serverShare
	e.mu.Unlock()
	cfg, warnings := config.Load(ctx, sources)
	warnings = append(warnings, e.take(cfg, servers)...)
	e.mu.Lock()
	fresh := slices.DeleteFunc(slices.Clone(warnings), func(w config.Warning) bool { return slices.Contains(e.warnings, w) })
	e.warnings = warnings
	e.mu.Unlock()
	select {
	case e.loaded <- struct{}{}:
	default: // whoever waits will look at the newest anyway
	}
	for _, w := range fresh {
		logger().Warningf("configuration: %s", w)
		e.notify("OpenCode configuration: " + w.String())
	}
}

// take makes a configuration the one in force, for these MCP servers too, and returns what its agents and language servers ask
// for in vain.
func (e *engine) take(cfg *config.Config, servers *mcp.Servers) []config.Warning {
	base := append([]permission.Layer{permission.Defaults(), e.skillRules(cfg)}, cfg.Permission...)
	team := newTeam(cfg, base, e.where.Home)
	e.mu.Lock()
	e.config, e.base, e.team = cfg, base, team
	e.loads++
	e.models = map[string]agent.Model{}
	serving := e.serving
	e.mu.Unlock()
	if serving {
		servers.Configure(cfg.MCP)
		e.configureLanguages(cfg)
	}
	return append(team.warnings(cfg), languageWarnings(cfg.LanguageServers)...)
}

// now is the configuration in force. It must not be changed.
func (e *engine) now() *config.Config {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.config
}

// trusted reports whether the user trusts exactly this in the workspace.
func (e *engine) trusted(ctx context.Context, hash string) bool {
	known, ok, err := e.store.Trusted(ctx, e.root())
	if err != nil {
		logger().Warningf("trust: %s", err)
	}
	return ok && known == hash
}

// askTrust puts what the workspace's files would do to the user, once, and again when that has changed, until ctx ends.
func (e *engine) askTrust(ctx context.Context, ask func(context.Context, []string) bool) {
	asked := ""
	for ctx.Err() == nil {
		if cfg := e.now(); len(cfg.Untrusted) > 0 && cfg.Hash != asked {
			asked = cfg.Hash
			e.trust(ctx, cfg, ask)
			continue
		}
		select {
		case <-ctx.Done():
		case <-e.loaded:
		}
	}
}

// trust takes over what cfg holds back on a yes. What was shown is what is trusted, whatever the files say by then.
func (e *engine) trust(ctx context.Context, cfg *config.Config, ask func(context.Context, []string) bool) {
	if !ask(ctx, cfg.Untrusted) {
		return
	}
	if err := e.store.Trust(ctx, e.root(), cfg.Hash); err != nil {
		e.notify("OpenCode cannot remember the trust: " + err.Error())
		return
	}
	e.load(ctx)
}

// watchAll watches what the program depends on until ctx ends.
func (e *engine) watchAll(ctx context.Context) {
	if e.program.bubble {
		return
	}
	var work sync.WaitGroup
	work.Go(func() { e.files.run(ctx) })
	e.watch(ctx)
	work.Wait()
}

// watch loads the configuration again when one of its files changes, until ctx ends. What files there are depends on what
// they say, so the watch begins anew with each list.
func (e *engine) watch(ctx context.Context) {
	for ctx.Err() == nil {
		files := e.now().Files
		round, next := context.WithCancel(ctx)
		err := e.ws.Watch(round, files, func(string) {
			e.load(ctx)
			if !slices.Equal(files, e.now().Files) {
				next()
			}
		})
		again := round.Err() != nil
		next()
		if err != nil && !again {
			logger().Warningf("configuration changes are not noticed: %s", err)
			return
		}
	}
}

// sessions puts the sessions together. opt brings what the front adds: Opened, Settle; barrier may be nil.
func (e *engine) sessions(opt agent.Options, applier workspace.Applier, barrier func(context.Context, *agent.Session) error) *agent.Sessions {
	opt.Directory = e.root()
	opt.Store = e.store
	opt.Model = e.model
	opt.SmallModel = e.smallModel
	opt.Profile = e.profile
	opt.Expand = e.expand
	opt.Compaction = func() agent.Compaction { return agent.Compaction(e.now().Compaction) }
	opt.MaxSteps = maxSteps
	opt.Reverter = &tools.Reverter{Workspace: e.ws, Applier: applier, Contents: e.contents}
	opt.Note = e.files.note
	opt.Opened, opt.Closed = e.opened(opt.Opened), e.leave
	e.startServers()
	var all *agent.Sessions
	opt.Equip = func(ctx context.Context, s *agent.Session, p agent.Profile, model agent.ModelInfo) (agent.Equipment, error) {
		d, f := e.seat(s, applier, barrier), lineage{all, s}
		d.sit(e.remembered(func() permission.Policy { return e.within(f, p.Name) }))
		set := slices.Concat(tools.ForModel(d.tools, model.Name), f.task(e.callees(d.rules()), e.now().SubagentDepth))
		set = append(set, e.serverTools(ctx, s, d.env, set)...)
		return agent.Equipment{Tools: tools.NewSet(e.offered(set, d.rules())...), Gate: e.gate(f, d.rules), System: d.system(ctx, e, p)}, nil
	}
	all = agent.NewSessions(opt)
	return all
}

// offered are the tools that the rules do not forbid altogether, and that have something to work on.
func (e *engine) offered(all []tools.Tool, p permission.Policy) []tools.Tool {
	return slices.DeleteFunc(slices.Clone(all), func(t tools.Tool) bool {
		return p.Forbids(permission.KeyOf(t.Name())) || t.Name() == "skill" && len(e.skillsFor(p)) == 0
	})
}

// seat is what a session keeps from turn to turn.
type seat struct {
	env   *tools.Env
	tools []tools.Tool // the built-in ones, which share what the session has seen
	// prompts are the system prompts by agent: fixed once used, for the provider's cache. The session's goroutine owns them.
	prompts map[string]string

	mu     sync.Mutex
	policy func() permission.Policy
	told   map[string]bool // instructions near files that were read
}

// sit takes the rules of the agent whose turn it is.
func (d *seat) sit(policy func() permission.Policy) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.policy = policy
}

// rules are those of the agent whose turn it is.
func (d *seat) rules() permission.Policy {
	d.mu.Lock()
	policy := d.policy
	d.mu.Unlock()
	return policy()
}

func (e *engine) seat(s *agent.Session, applier workspace.Applier, barrier func(context.Context, *agent.Session) error) *seat {
	e.mu.Lock()
	d := e.seats[s.ID()]
	e.mu.Unlock()
	if d != nil {
		return d
	}
	d = &seat{prompts: map[string]string{}} // not raced: one turn of a session at a time
	d.env = e.env(s, d, applier, barrier)
	d.tools = tools.Builtin(d.env)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seats[s.ID()] = d
	return d
}

// leave forgets what is kept of a session that has ended.
func (e *engine) leave(s *agent.Session) {
	e.files.forget(s.ID())
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.seats, s.ID())
}

// system is the agent's system prompt in this session.
func (d *seat) system(ctx context.Context, e *engine, p agent.Profile) string {
	text, ok := d.prompts[p.Name]
	if !ok {
		text = e.system(ctx, p)
		d.prompts[p.Name] = text
	}
	return text
}

func (e *engine) gate(f lineage, policy func() permission.Policy) *permission.Gate {
	return &permission.Gate{
		Policy: policy, Grants: e.grants, Workspace: e.root(), Session: f.root(), Asker: f.session,
		Warn: func(err error) { e.notify("OpenCode: " + err.Error()) },
	}
}

// env is what the tools of a session work on.
func (e *engine) env(s *agent.Session, d *seat, applier workspace.Applier, barrier func(context.Context, *agent.Session) error) *tools.Env {
	cfg := e.now()
	env := &tools.Env{
		Workspace: e.ws, Applier: applier, Spill: e.program.dirs.outputs(), Environ: e.program.environ(cfg),
		MaxLines: cfg.ToolOutput.MaxLines, MaxBytes: cfg.ToolOutput.MaxBytes,
		MayRead: func(abs string) bool { return e.mayRead(d.rules(), abs) }, Formatters: e.formatters,
		Skills: e.skills, Nearby: func(ctx context.Context, abs string) string { return e.nearby(ctx, d, abs) },
		Seen: e.files.seenBy(s.ID()), Web: e.program.web, Ask: s.AskUser, Tracker: e.tracker, Changed: e.changed, Examine: e.examine,
	}
	if e.terminal != nil {
		env.Terminal = e.terminal(s)
	}
	if barrier != nil {
		env.Barrier = func(ctx context.Context) error { return barrier(ctx, s) }
	}
	return env
}

// mayRead reports whether the rules let a model read a file, by its canonical name, unasked: a search passes over the
// others, as it would otherwise be a way around the question.
func (e *engine) mayRead(p permission.Policy, abs string) bool {
	place := e.place()
	place.Resolve = nil // a search has many files
	return e.readable.ask(p, place.Roots, abs, func(p permission.Policy) bool {
		strictest, _ := p.JudgeAll(permission.FileItems("read", abs, place))
		return strictest.Action == permission.Allow
	})
}

// place is where names are judged from.
func (e *engine) place() permission.Place {
	p := e.where
	p.Roots = e.ws.Roots()
	p.Cwd = p.Roots[0]
	return p
}

// system is the system prompt of an agent in a new session.
func (e *engine) system(ctx context.Context, p agent.Profile) string {
	roots, policy := e.ws.Roots(), e.policyOf(p.Name)
	_, err := os.Stat(filepath.Join(roots[0], ".git"))
	return agent.SystemPrompt(p, roots, err == nil, time.Now(), e.rules(ctx, policy), e.skillsFor(policy)) + serverWords(e.mcp().Instructions())
}

func (e *engine) close() {
	e.mcp().Close()
	e.languages.Close()
	if err := e.store.Close(); err != nil {
		logger().Warningf("store: %s", err)
	}
	e.http.CloseIdleConnections()
}
