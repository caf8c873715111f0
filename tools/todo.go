package tools

// Todo is one entry of the model's list, in OpenCode's shape.
type Todo struct {
	Content  string `json:"content"`
	Status   string `json:"status"`
	Priority string `json:"priority"`
}

// Todos is a session's list; safe for concurrent use.
type Todos struct {
	// TODO(tools)
}
