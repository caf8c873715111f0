package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/opencode-lsp/opencode-lsp/permission/shell"
)

// Piece is a part of a command's prompt: text, or a shell command whose output stands in its place.
type Piece struct {
	Text  string
	Shell bool
}

// Fill puts arguments, as they were typed behind the command's name, into its template by OpenCode's rules: $1 to $n are
// words, of which the highest takes the rest, $ARGUMENTS is all of them, and a template with neither gets them at its end.
// What a shell command takes is quoted, so that an argument can add nothing to it; shell commands in an argument are text.
//
// An error is for the user. A template with $1 needs an argument.
func (c Command) Fill(arguments string) ([]Piece, error) {
	arguments = strings.TrimSpace(arguments)
	f := filler{all: arguments, words: Arguments(arguments)}
	places := placeholder.FindAllStringSubmatch(c.Template, -1)
	for _, p := range places {
		n, _ := strconv.Atoi(p[1]) // $ARGUMENTS has no number
		f.highest = max(f.highest, n)
	}
	if f.highest > 0 && len(f.words) == 0 {
		return nil, fmt.Errorf("needs %s and got none; write them behind its name", plural(f.highest, "argument"))
	}
	var pieces []Piece
	rest := c.Template
	for _, at := range shellPart.FindAllStringIndex(c.Template, -1) {
		from := len(c.Template) - len(rest)
		command, err := shell.Fill(f.parts(c.Template[at[0]+2 : at[1]-1]))
		if err != nil {
			return nil, fmt.Errorf("cannot be used: in %s %w", quote(c.Template[at[0]:at[1]]), err)
		}
		pieces = append(pieces, Piece{Text: f.text(c.Template[from:at[0]])}, Piece{Text: command, Shell: true})
		rest = c.Template[at[1]:]
	}
	rest = f.text(rest)
	if len(places) == 0 && arguments != "" {
		rest += "\n\n" + arguments
	}
	return append(pieces, Piece{Text: rest}), nil
}

// Shown is the command as it may be told to who may not read the configuration: without what {env:} and {file:} have brought
// into its texts, and without a template that runs shell commands.
func (c Command) Shown() Command {
	for key, text := range map[string]*string{"template": &c.Template, "description": &c.Description, "agent": &c.Agent, "model": &c.Model, "variant": &c.Variant} {
		if slices.Contains(c.Resolved, key) || key == "template" && shellPart.MatchString(*text) {
			*text = ""
		}
	}
	return c
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

var (
	placeholder = regexp.MustCompile(`\$(?:([1-9]\d{0,2})|ARGUMENTS)`)
	argument    = regexp.MustCompile(`"[^"]*"|'[^']*'|[^\s"']+`)
)

// Arguments cuts what is typed behind a command at blanks outside of quotes, and takes the quotes off.
func Arguments(s string) []string {
	words := argument.FindAllString(s, -1)
	for i, w := range words {
		if len(w) > 1 && (w[0] == '"' || w[0] == '\'') {
			words[i] = w[1 : len(w)-1]
		}
	}
	return words
}

// filler knows what the places of a template stand for.
type filler struct {
	all     string
	words   []string
	highest int // the place that takes all further words
}

// parts cuts a text at its places.
func (f filler) parts(s string) []shell.Part {
	var parts []shell.Part
	end := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(s, -1) {
		parts = append(parts, shell.Part{Text: s[end:at[0]]}, shell.Part{Place: true, Text: s[at[0]:at[1]], Arguments: f.words})
		if at[2] >= 0 {
			n, _ := strconv.Atoi(s[at[2]:at[3]])
			parts[len(parts)-1].Arguments = f.at(n)
		}
		end = at[1]
	}
	return append(parts, shell.Part{Text: s[end:]})
}

// at are the words that $n stands for.
func (f filler) at(n int) []string {
	switch {
	case n > len(f.words):
		return nil
	case n == f.highest:
		return f.words[n-1:]
	}
	return f.words[n-1 : n]
}

// text fills a text that is no shell command.
func (f filler) text(s string) string {
	var b strings.Builder
	for _, p := range f.parts(s) {
		switch {
		case !p.Place:
			b.WriteString(p.Text)
		case p.Text == "$ARGUMENTS":
			b.WriteString(f.all)
		default:
			b.WriteString(strings.Join(p.Arguments, " "))
		}
	}
	return b.String()
}
