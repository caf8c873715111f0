package httpapi

// Health is the answer of /global/health.
type Health struct {
	Healthy bool   `json:"healthy"`
	Version string `json:"version"`
}

// PathInfo is where the program and the workspace are.
type PathInfo struct {
	Home      string `json:"home"`
	State     string `json:"state"`
	Config    string `json:"config"`
	Worktree  string `json:"worktree"`
	Directory string `json:"directory"`
}

// Project is the workspace.
type Project struct {
	ID        string      `json:"id"`
	Worktree  string      `json:"worktree"`
	VCS       string      `json:"vcs,omitempty"`
	Time      ProjectTime `json:"time"`
	Sandboxes []string    `json:"sandboxes"`
}

// ProjectTime says when a project was made and changed.
type ProjectTime struct {
	Created int64 `json:"created"`
	Updated int64 `json:"updated"`
}

// ProjectDirectory is a folder of a project.
type ProjectDirectory struct {
	Directory string `json:"directory"`
}

// Agent is an agent of the configuration.
type Agent struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Mode        string         `json:"mode"`
	Native      bool           `json:"native,omitempty"`
	Hidden      bool           `json:"hidden,omitempty"`
	Temperature *float64       `json:"temperature,omitempty"`
	TopP        *float64       `json:"topP,omitempty"`
	Model       *ModelName     `json:"model,omitempty"`
	Steps       int            `json:"steps,omitempty"`
	Permission  []Rule         `json:"permission"`
	Options     map[string]any `json:"options"`
}

// Rule is one permission rule.
type Rule struct {
	Permission string `json:"permission"`
	Pattern    string `json:"pattern"`
	Action     string `json:"action"`
}

// Command is what "/name" stands for. Its source is "command", "mcp" or "skill".
type Command struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Agent       string   `json:"agent,omitempty"`
	Model       string   `json:"model,omitempty"`
	Source      string   `json:"source"`
	Template    string   `json:"template"`
	Subtask     bool     `json:"subtask,omitempty"`
	Hints       []string `json:"hints"`
}

// Skill is a skill that the model may load.
type Skill struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Location    string `json:"location"`
	Content     string `json:"content"`
}

// Provider is a provider with the models that are known of it. Source is "env" or "config"; keys are never shown.
type Provider struct {
	ID      string           `json:"id"`
	Name    string           `json:"name"`
	Source  string           `json:"source"`
	Env     []string         `json:"env"`
	Options map[string]any   `json:"options"`
	Models  map[string]Model `json:"models"`
	// Usable says that a key or a local server is there.
	Usable bool `json:"-"`
}

// Model is what is known of a model. Prices are US dollars a million tokens, limits tokens.
type Model struct {
	ID           string            `json:"id"`
	ProviderID   string            `json:"providerID"`
	API          ModelAPI          `json:"api"`
	Name         string            `json:"name"`
	Capabilities Capabilities      `json:"capabilities"`
	Cost         ModelCost         `json:"cost"`
	Limit        ModelLimit        `json:"limit"`
	Status       string            `json:"status"`
	Options      map[string]any    `json:"options"`
	Headers      map[string]string `json:"headers"`
	ReleaseDate  string            `json:"release_date"`
}

// ModelAPI is how a model is called; the address is not shown.
type ModelAPI struct {
	ID  string `json:"id"`
	URL string `json:"url"`
	NPM string `json:"npm"`
}

// Capabilities are what a model takes and can do.
type Capabilities struct {
	Temperature bool       `json:"temperature"`
	Reasoning   bool       `json:"reasoning"`
	Attachment  bool       `json:"attachment"`
	Toolcall    bool       `json:"toolcall"`
	Input       Modalities `json:"input"`
	Output      Modalities `json:"output"`
	Interleaved bool       `json:"interleaved"`
}

// Modalities are kinds of content.
type Modalities struct {
	Text  bool `json:"text"`
	Audio bool `json:"audio"`
	Image bool `json:"image"`
	Video bool `json:"video"`
	PDF   bool `json:"pdf"`
}

// ModelCost is a model's price.
type ModelCost struct {
	Input  float64   `json:"input"`
	Output float64   `json:"output"`
	Cache  CacheCost `json:"cache"`
}

// CacheCost is the price of cached tokens.
type CacheCost struct {
	Read  float64 `json:"read"`
	Write float64 `json:"write"`
}

// ModelLimit bounds a model.
type ModelLimit struct {
	Context int64 `json:"context"`
	Output  int64 `json:"output"`
}

// ProviderList is the answer of /provider.
type ProviderList struct {
	All       []Provider        `json:"all"`
	Default   map[string]string `json:"default"`
	Connected []string          `json:"connected"`
}

// ConfigProviders is the answer of /config/providers.
type ConfigProviders struct {
	Providers []Provider        `json:"providers"`
	Default   map[string]string `json:"default"`
}

// MCPStatus is "connected", "disabled", "needs_auth" or "failed", with the reason.
type MCPStatus struct {
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
}

// LSPStatus is a language server that runs: "connected" or "error".
type LSPStatus struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Root   string `json:"root"`
	Status string `json:"status"`
}

// FormatterStatus is a program that formats files.
type FormatterStatus struct {
	Name       string   `json:"name"`
	Extensions []string `json:"extensions"`
	Enabled    bool     `json:"enabled"`
}
