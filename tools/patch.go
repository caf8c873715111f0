package tools

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The lines that give a patch its form (OpenCode's apply_patch, which is codex's).
const (
	patchBegin  = "*** Begin Patch"
	patchEnd    = "*** End Patch"
	patchAdd    = "*** Add File:"
	patchDelete = "*** Delete File:"
	patchUpdate = "*** Update File:"
	patchMove   = "*** Move to:"
	patchEOF    = "*** End of File"
)

// ranges matches a hunk header of diff -u. It is read only.
var ranges = regexp.MustCompile(`^@@+ -\d+(,\d+)? \+\d+(,\d+)? @@`)

// section is what a patch does to one file.
type section struct {
	line int    // of the patch, from 1
	kind string // patchAdd, patchDelete or patchUpdate
	path string
	// moveTo is where an updated file goes, "" where it stays.
	moveTo string
	text   string // of an added file
	hunks  []hunk
}

// hunk is one change within a file.
type hunk struct {
	line int
	// context are the lines named behind @@, of which each comes after the one before and all before the hunk.
	context []string
	lines   []patchLine
	// end says that the hunk ends where the file ends.
	end bool
}

// patchLine is a line of a hunk: ' ' unchanged, '-' removed, '+' added.
type patchLine struct {
	mark byte
	text string
}

// patchParser reads a patch line by line.
type patchParser struct {
	lines    []string
	first    int // the number of lines[0] in the patch, from 1
	at       int
	sections []section
}

// parsePatch reads a patch. It forgives a wrapper around it, blanks around markers and a mark that is missing before an
// empty line; whatever could mean several things is an error that names the line and says what to write.
func parsePatch(text string) ([]section, error) {
	p, err := unwrapPatch(text)
	if err != nil {
		return nil, err
	}
	for p.at < len(p.lines) {
		if err := p.section(); err != nil {
			return nil, err
		}
	}
	if len(p.sections) == 0 {
		return nil, errors.New("the patch is empty; between its first and last line give a section for each file, such as *** Update File: path")
	}
	return p.sections, nil
}

// unwrapPatch finds the lines between the patch's first and its last.
func unwrapPatch(text string) (*patchParser, error) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	begin := slices.IndexFunc(lines, func(l string) bool { return strings.TrimSpace(l) == patchBegin })
	if begin < 0 {
		return nil, fmt.Errorf("the patch does not begin with the line %q; wrap the sections in that and %q", patchBegin, patchEnd)
	}
	// What a shell or Markdown wraps around a patch, and words, say nothing; a section would be lost.
	if i := slices.IndexFunc(lines[:begin], func(l string) bool { return header(l) != "" }); i >= 0 {
		return nil, fmt.Errorf("line %d comes before %q; put it between that and %q", i+1, patchBegin, patchEnd)
	}
	end := len(lines) - 1
	for end > begin && strings.TrimSpace(lines[end]) != patchEnd {
		end--
	}
	if end == begin {
		return nil, fmt.Errorf("the patch does not end with the line %q; it may have been cut off: send the whole of it", patchEnd)
	}
	return &patchParser{lines: lines[begin+1 : end], first: begin + 2}, nil
}

// number is the number of the present line in the patch.
func (p *patchParser) number() int { return p.first + p.at }

// errorf is an error about the present line.
func (p *patchParser) errorf(format string, args ...any) error {
	return fmt.Errorf("line %d of the patch: %s", p.number(), fmt.Sprintf(format, args...))
}

// header is the kind of section that a line begins, "" for other lines.
func header(line string) string {
	for _, kind := range []string{patchAdd, patchDelete, patchUpdate} {
		if len(line) >= len(kind) && strings.EqualFold(line[:len(kind)], kind) {
			return kind
		}
	}
	return ""
}

// section reads the next section, or skips a line that says nothing.
func (p *patchParser) section() error {
	line := strings.TrimSpace(p.lines[p.at])
	kind := header(line)
	switch {
	case line == "", line == patchBegin, line == patchEnd, line == patchEOF:
		p.at++
		return nil
	case kind == "":
		return p.errorf("%q begins no section; a section begins with %s, %s or %s and the file's name, and a line of a new file with +",
			clip(line, 60), patchAdd, patchUpdate, patchDelete)
	}
	s := section{line: p.number(), kind: kind, path: strings.TrimSpace(line[len(kind):])}
	if s.path == "" {
		return p.errorf("the file's name is missing behind %s", kind)
	}
	p.at++
	var err error
	switch kind {
	case patchAdd:
		s.text = p.added()
	case patchUpdate:
		err = p.updated(&s)
	}
	p.sections = append(p.sections, s)
	return err
}

// added reads the text of a new file. An empty line between its lines lacks its mark.
func (p *patchParser) added() string {
	var text strings.Builder
	blank := 0
	for at := p.at; at < len(p.lines); at++ {
		line, ok := strings.CutPrefix(p.lines[at], "+")
		if !ok && strings.TrimSpace(p.lines[at]) == "" {
			blank++
			continue
		}
		if !ok {
			break
		}
		text.WriteString(strings.Repeat("\n", blank) + line + "\n")
		blank = 0
		p.at = at + 1
	}
	return text.String()
}

// updated reads where a file goes and its hunks.
func (p *patchParser) updated(s *section) error {
	if p.at < len(p.lines) {
		if to, ok := strings.CutPrefix(strings.TrimSpace(p.lines[p.at]), patchMove); ok {
			if s.moveTo = strings.TrimSpace(to); s.moveTo == "" {
				return p.errorf("the file's new name is missing behind %s", patchMove)
			}
			p.at++
		}
	}
	for p.at < len(p.lines) && !p.atHeader() {
		if strings.TrimSpace(p.lines[p.at]) == "" {
			p.at++
			continue
		}
		h, err := p.hunk()
		if err != nil {
			return err
		}
		s.hunks = append(s.hunks, h)
	}
	if len(s.hunks) == 0 && s.moveTo == "" {
		return fmt.Errorf("line %d of the patch: the section of %s has no hunks; give the lines to change", s.line, s.path)
	}
	return nil
}

// atHeader reports whether the present line ends a section's hunks.
func (p *patchParser) atHeader() bool {
	line := p.lines[p.at]
	return header(line) != "" || line == patchBegin || line == patchEnd
}

// hunk reads one hunk, of which @@ lines may come first.
func (p *patchParser) hunk() (hunk, error) {
	h := hunk{line: p.number()}
	for p.at < len(p.lines) && strings.HasPrefix(p.lines[p.at], "@@") {
		if context := hunkContext(p.lines[p.at]); context != "" {
			h.context = append(h.context, context)
		}
		p.at++
	}
	for ; p.at < len(p.lines) && !p.atHeader() && !strings.HasPrefix(p.lines[p.at], "@@"); p.at++ {
		line := p.lines[p.at]
		switch {
		case strings.TrimSpace(line) == patchEOF && line[0] == '*':
			h.end = true
			p.at++
			return h, h.check()
		case line == "":
			h.lines = append(h.lines, patchLine{' ', ""})
		case strings.IndexByte(" -+", line[0]) >= 0:
			h.lines = append(h.lines, patchLine{line[0], line[1:]})
		case strings.HasPrefix(line, `\ No newline`):
		default:
			return h, p.errorf("%q begins with none of blank (unchanged), - (removed) and + (added); mark every line of a hunk", clip(line, 60))
		}
	}
	return h, h.check()
}

// check refuses a hunk of empty lines.
func (h hunk) check() error {
	if slices.ContainsFunc(h.lines, func(l patchLine) bool { return l.mark != ' ' || l.text != "" }) {
		return nil
	}
	return fmt.Errorf("line %d of the patch: the hunk has no lines; give those that change and a few unchanged ones around them", h.line)
}

// hunkContext is the line that @@ names. Line numbers, as diff -u writes them, are not looked at: models guess them; the dots
// of aider's "@@ ... @@" name nothing.
func hunkContext(line string) string {
	if ranges.MatchString(line) {
		return ""
	}
	context := strings.TrimRight(strings.TrimPrefix(line, "@@"), " \t")
	context = strings.TrimRight(strings.TrimSuffix(context, "@@"), " \t")
	if strings.Trim(context, " .…") == "" {
		return ""
	}
	return strings.TrimPrefix(context, " ")
}
