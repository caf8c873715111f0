package config

// Type is the shape of a setting's value.
type Type string

// The shapes, in the words of warnings.
const (
	Text       Type = "a string"
	Texts      Type = "a list of strings"
	TextMap    Type = "an object of strings"
	Whole      Type = "a whole number"
	Number     Type = "a number"
	Bool       Type = "true or false"
	Millis     Type = "a whole number of milliseconds, or false"
	Rules      Type = "one of allow, ask, deny, or an object of rules"
	ToolSwitch Type = "an object of true and false"
	OrMore     Type = "true, false or an object"
	Anything   Type = "any value"
)

// Scope says what a workspace's own files may do with a setting.
type Scope uint8

const (
	// Trusted settings from a workspace count once the user trusts it.
	Trusted Scope = iota
	// Open settings may be set by any workspace.
	Open
	// Narrowing settings from a workspace only make permissions stricter, also when it is trusted.
	Narrowing
	// Checked settings depend on the value: see [Key.Doc].
	Checked
)

// Key is one setting.
type Key struct {
	// Path is dotted; "*" stands for any name.
	Path string
	Type Type
	// Values are the words that Text may be; nil: any.
	Values []string
	// Default is JSON; "": none.
	Default string
	Scope   Scope
	// Later marks a key of OpenCode that is accepted and has no effect in this release.
	Later bool
	Doc   string
}

// Keys returns all settings. A key that is not here is unknown.
func Keys() []Key {
	keys := []Key{
		{Path: "$schema", Type: Text, Scope: Open, Doc: "Address of the JSON schema, for editors."},
		{Path: "model", Type: Text, Scope: Open, Doc: "The model, as provider/model."},
		{Path: "small_model", Type: Text, Scope: Open, Doc: "The model for titles and the like, as provider/model."},
		{Path: "default_agent", Type: Text, Scope: Open, Doc: "The agent that takes a prompt which names none."},
		{Path: "instructions", Type: Texts, Scope: Checked, Doc: "Files or globs with rules for the model; from a workspace inside it, else once it is trusted."},
		{Path: "permission", Type: Rules, Scope: Narrowing, Doc: "What may happen without asking."},
		{Path: "skills.paths", Type: Texts, Scope: Checked, Doc: "Further folders with skills; from a workspace inside it, else once it is trusted."},
		{Path: "skills.urls", Type: Texts, Scope: Open, Doc: "Refused: skills are not taken from addresses."},
		{Path: "subagent_depth", Type: Whole, Default: "1", Scope: Open, Doc: "How deep agents may start agents."},
		{Path: "mode.*", Type: Anything, Doc: "Older form of agent, for primary ones; it is read as that."},
		{Path: "tools", Type: ToolSwitch, Scope: Narrowing, Doc: "Older form of permission: true allows a tool, false denies it."},

		{Path: "compaction.auto", Type: Bool, Default: "true", Scope: Open, Doc: "Shorten a conversation that outgrows its model."},
		{Path: "compaction.prune", Type: Bool, Default: "false", Scope: Open, Doc: "Drop old tool results first."},
		{Path: "compaction.tail_turns", Type: Whole, Scope: Open, Doc: "Turns that are kept word for word."},
		{Path: "compaction.preserve_recent_tokens", Type: Whole, Scope: Open, Doc: "Tokens that are kept word for word."},
		{Path: "compaction.reserved", Type: Whole, Scope: Open, Doc: "Tokens kept free for the reply."},
		{Path: "tool_output.max_lines", Type: Whole, Default: "2000", Scope: Open, Doc: "Lines of a result that the model reads."},
		{Path: "tool_output.max_bytes", Type: Whole, Default: "51200", Scope: Open, Doc: "Bytes of a result that the model reads."},

		{Path: "edits.unopened", Type: Text, Values: []string{"editor", "disk"}, Default: `"editor"`, Scope: Open, Doc: "Where files change that the editor has not open."},
		{Path: "edits.save", Type: Text, Values: []string{"ask", "write", "never"}, Default: `"ask"`, Scope: Open, Doc: "What to do with unsaved edits before something reads the disk."},
		{Path: "environment.pass", Type: Texts, Doc: "Variables that commands get although they hold a key; * and ? are known."},
		{Path: "environment.drop", Type: Texts, Scope: Open, Doc: "Further variables that commands do not get; * and ? are known."},
		{Path: "transcript.open", Type: Text, Values: []string{"auto", "never"}, Default: `"auto"`, Scope: Open, Doc: "Whether a transcript is shown when an answer is in it."},
		{Path: "permission_prompt.type", Type: Text, Values: []string{"error", "warning", "info"}, Default: `"warning"`, Doc: "The message type of questions."},
		{Path: "permission_prompt.first", Type: Text, Values: []string{"details", "reject"}, Default: `"details"`, Doc: "The harmless action that stands first in a question."},
	}
	return append(keys, append(append(providerKeys(), agentKeys()...), append(serverKeys(), laterKeys()...)...)...)
}

func providerKeys() []Key {
	return []Key{
		{Path: "provider.*.name", Type: Text, Scope: Open, Doc: "The provider's name for people."},
		{Path: "provider.*.options.baseURL", Type: Text, Doc: "Where requests go."},
		{Path: "provider.*.options.apiKey", Type: Text, Doc: "The key; better as {env:NAME}."},
		{Path: "provider.*.options.headers", Type: TextMap, Doc: "Further headers of each request."},
		{Path: "provider.*.options.timeout", Type: Millis, Scope: Open, Doc: "Bound of a request in milliseconds, false for none."},
		{Path: "provider.*.options.api", Type: Text, Values: []string{"chat", "responses"}, Doc: "The OpenAI protocol that is spoken."},
		{Path: "provider.*.options.*", Type: Anything, Later: true, Doc: "Further options of OpenCode's providers."},
		{Path: "provider.*.models.*.name", Type: Text, Scope: Open, Doc: "The model's name for people."},
		{Path: "provider.*.models.*.limit.context", Type: Whole, Scope: Open, Doc: "Tokens that the model reads at most."},
		{Path: "provider.*.models.*.limit.output", Type: Whole, Scope: Open, Doc: "Tokens that the model writes at most."},
		{Path: "provider.*.models.*.limit.*", Type: Anything, Later: true, Doc: "Further limits of OpenCode's models."},
		{Path: "provider.*.models.*.cost.input", Type: Number, Scope: Open, Doc: "US dollars a million tokens read."},
		{Path: "provider.*.models.*.cost.output", Type: Number, Scope: Open, Doc: "US dollars a million tokens written."},
		{Path: "provider.*.models.*.cost.cache_read", Type: Number, Scope: Open, Doc: "US dollars a million tokens read from the cache."},
		{Path: "provider.*.models.*.cost.cache_write", Type: Number, Scope: Open, Doc: "US dollars a million tokens written to the cache."},
		{Path: "provider.*.models.*.cost.*", Type: Anything, Later: true, Doc: "Further prices of OpenCode's models."},
		{Path: "provider.*.models.*.options", Type: Anything, Doc: "Fields of each request, as reasoningEffort."},
		{Path: "provider.*.models.*.modalities.input", Type: Texts, Scope: Open, Doc: "What the model takes: text, image, pdf."},
		{Path: "provider.*.models.*.modalities.*", Type: Anything, Later: true, Doc: "Further kinds of OpenCode's models."},
		{Path: "provider.*.models.*.reasoning", Type: Bool, Scope: Open, Doc: "Whether the model thinks before it answers."},
		{Path: "provider.*.models.*.*", Type: Anything, Later: true, Doc: "Further settings of OpenCode's models."},
		{Path: "provider.*.*", Type: Anything, Later: true, Doc: "Further settings of OpenCode's providers."},
	}
}

func agentKeys() []Key {
	return []Key{
		{Path: "agent.*.model", Type: Text, Scope: Open, Doc: "The agent's model, as provider/model."},
		{Path: "agent.*.variant", Type: Text, Scope: Open, Doc: "The model's variant."},
		{Path: "agent.*.prompt", Type: Text, Scope: Open, Doc: "The system prompt."},
		{Path: "agent.*.description", Type: Text, Scope: Open, Doc: "What the agent is for."},
		{Path: "agent.*.mode", Type: Text, Values: []string{"subagent", "primary", "all"}, Scope: Open, Doc: "Whether people or other agents call it."},
		{Path: "agent.*.color", Type: Text, Scope: Open, Doc: "The agent's colour, for fronts that have one."},
		{Path: "agent.*.temperature", Type: Number, Scope: Open, Doc: "Sampling temperature."},
		{Path: "agent.*.top_p", Type: Number, Scope: Open, Doc: "Nucleus sampling."},
		{Path: "agent.*.steps", Type: Whole, Scope: Open, Doc: "Replies in a turn at most."},
		{Path: "agent.*.maxSteps", Type: Whole, Scope: Open, Doc: "Older name of steps."},
		{Path: "agent.*.hidden", Type: Bool, Scope: Open, Doc: "Leave the agent out of lists."},
		{Path: "agent.*.disable", Type: Bool, Scope: Open, Doc: "Take the agent away."},
		{Path: "agent.*.permission", Type: Rules, Scope: Narrowing, Doc: "What this agent may do without asking."},
		{Path: "agent.*.tools", Type: ToolSwitch, Scope: Narrowing, Doc: "Older form of the agent's permission."},
		{Path: "agent.*.options", Type: Anything, Doc: "Fields of the request to the provider."},
		{Path: "agent.*.*", Type: Anything, Doc: "Further fields of the request to the provider."},
		{Path: "command.*.template", Type: Text, Scope: Checked, Doc: "The prompt; from a workspace one with !`shell` once it is trusted."},
		{Path: "command.*.description", Type: Text, Scope: Open, Doc: "What the command does."},
		{Path: "command.*.agent", Type: Text, Scope: Open, Doc: "The agent that takes it."},
		{Path: "command.*.model", Type: Text, Scope: Open, Doc: "The model that takes it."},
		{Path: "command.*.variant", Type: Text, Scope: Open, Doc: "The model's variant."},
		{Path: "command.*.subtask", Type: Bool, Scope: Open, Doc: "Run it in a session of its own."},
		{Path: "command.*.codeAction", Type: Bool, Scope: Open, Doc: "Offer it among the code actions."},
	}
}

func serverKeys() []Key {
	return []Key{
		{Path: "mcp.*.enabled", Type: Bool, Scope: Checked, Doc: "Whether the server is used; a workspace may always say false."},
		{Path: "mcp.*.type", Type: Text, Values: []string{"local", "remote"}, Doc: "A program here, or an address."},
		{Path: "mcp.*.command", Type: Texts, Doc: "The program with its arguments."},
		{Path: "mcp.*.cwd", Type: Text, Doc: "The folder that it runs in."},
		{Path: "mcp.*.environment", Type: TextMap, Doc: "Variables that it gets besides."},
		{Path: "mcp.*.url", Type: Text, Doc: "The address."},
		{Path: "mcp.*.headers", Type: TextMap, Doc: "Further headers of each request."},
		{Path: "mcp.*.oauth", Type: Anything, Doc: "How to sign in, false for not at all."},
		{Path: "mcp.*.timeout", Type: Whole, Doc: "Bound of a call in milliseconds."},

		{Path: "formatter", Type: OrMore, Scope: Checked, Doc: "Format files after an edit: true by the known programs, an object by those and its own; a workspace may always say false."},
		{Path: "formatter.*.disabled", Type: Bool, Doc: "Leave this formatter out."},
		{Path: "formatter.*.command", Type: Texts, Doc: "The program with its arguments; $FILE stands for the file."},
		{Path: "formatter.*.environment", Type: TextMap, Doc: "Variables that it gets besides."},
		{Path: "formatter.*.extensions", Type: Texts, Doc: "The endings of its files, such as .go."},
	}
}

// laterKeys are OpenCode's keys that are accepted without effect.
func laterKeys() []Key {
	var keys []Key
	for _, name := range []string{
		"shell", "logLevel", "server", "references", "watcher", "snapshot", "plugin", "share", "autoupdate",
		"disabled_providers", "enabled_providers", "username", "lsp", "layout",
		"attachment", "enterprise", "experimental", "trace",
	} {
		keys = append(keys, Key{Path: name, Type: Anything, Later: true, Doc: "Accepted, without effect in this release."})
	}
	return keys
}
