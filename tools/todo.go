package tools

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission"
)

//go:embed todowrite.md
var todoText string

// Todo is one entry of the model's list, in OpenCode's shape.
type Todo struct {
	Content  string `json:"content" jsonschema:"What is to be done, in a few words."`
	Status   string `json:"status" jsonschema:"pending, in_progress, completed or cancelled."`
	Priority string `json:"priority" jsonschema:"high, medium or low."`
}

type todoArgs struct {
	Todos []Todo `json:"todos" jsonschema:"The whole list; it replaces the one before."`
}

// todowrite prepares to replace the list. The session keeps it, from the result.
func (k *kit) todowrite(_ context.Context, a todoArgs) (Op, error) {
	for i, t := range a.Todos {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("todos[%d].%w", i, err)
		}
	}
	access := permission.Access{
		Tool:    "todowrite",
		Subject: plural(len(a.Todos), "task", "tasks"),
		Items:   []permission.Item{{Permission: "todowrite", Values: []string{"*"}, Always: "*"}},
	}
	return NewOp(access, func(context.Context, io.Writer) (Result, error) {
		return Result{Text: checklist(a.Todos), Title: openTodos(a.Todos), Todos: append([]Todo{}, a.Todos...)}, nil
	}), nil
}

func (t Todo) check() error {
	if strings.TrimSpace(t.Content) == "" {
		return fmt.Errorf("content is empty; say what is to be done")
	}
	if !slices.Contains([]string{"pending", "in_progress", "completed", "cancelled"}, t.Status) {
		return fmt.Errorf("status is %q; give pending, in_progress, completed or cancelled", t.Status)
	}
	if !slices.Contains([]string{"high", "medium", "low"}, t.Priority) {
		return fmt.Errorf("priority is %q; give high, medium or low", t.Priority)
	}
	return nil
}

// checklist shows the list as Markdown: [ ] pending, [>] in progress, [x] completed, [-] cancelled.
func checklist(todos []Todo) string {
	marks := map[string]string{"pending": " ", "in_progress": ">", "completed": "x", "cancelled": "-"}
	var b strings.Builder
	for _, t := range todos {
		fmt.Fprintf(&b, "- [%s] %s (%s)\n", marks[t.Status], t.Content, t.Priority)
	}
	if len(todos) == 0 {
		return "The list is empty."
	}
	return b.String()
}

func openTodos(todos []Todo) string {
	open := 0
	for _, t := range todos {
		if t.Status == "pending" || t.Status == "in_progress" {
			open++
		}
	}
	return fmt.Sprintf("%d of %s open", open, plural(len(todos), "task", "tasks"))
}
