package workspace

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// pattern is one line of a .gitignore file, compiled (gitignore(5), "PATTERN FORMAT").
type pattern struct {
	negate   bool // "!": what matches is not ignored after all
	dirOnly  bool // it ended with "/"
	anchored bool // it holds a "/": matched from the file's folder down, otherwise against any base name
	// One of these is how it matches. Most patterns are names or extensions, which need no search.
	literal  string
	suffix   string
	segments []string // "**" stands for any number of folders
}

// parsePatterns reads a .gitignore file.
func parsePatterns(text string) []pattern {
	var list []pattern
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		if p, ok := parsePattern(strings.TrimRight(line, "\r\n")); ok {
			list = append(list, p)
		}
	}
	return list
}

// parsePattern reads one line; blank lines and comments are none.
func parsePattern(line string) (p pattern, ok bool) {
	if strings.HasPrefix(line, "#") {
		return p, false
	}
	for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
		line = line[:len(line)-1]
	}
	line, p.negate = strings.CutPrefix(line, "!")
	line, p.dirOnly = strings.CutSuffix(line, "/")
	p.anchored = strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	switch {
	case line == "":
		return p, false
	case !strings.ContainsAny(line, `*?[\`):
		p.literal = line
	case !p.anchored && line[0] == '*' && len(line) > 1 && !strings.ContainsAny(line[1:], `*?[\`):
		p.suffix = line[1:]
	default:
		p.segments = strings.Split(line, "/")
	}
	return p, true
}

// match reports whether the pattern is about the entry with this path, relative to the pattern file's folder.
func (p *pattern) match(rel, base string, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	name := base
	if p.anchored {
		name = rel
	}
	switch {
	case p.literal != "":
		return name == p.literal
	case p.suffix != "":
		return strings.HasSuffix(name, p.suffix)
	case !p.anchored:
		return matchName(p.segments[0], name)
	}
	return matchPath(p.segments, name)
}

// matchPath matches a path folder by folder. After a failure only the last "**" needs to take in one folder more, so the
// time is bounded by the product of the lengths.
func matchPath(segments []string, path string) bool {
	var again []string // what follows the last "**"
	retry, done := "", false
	for {
		switch {
		case len(segments) > 0 && segments[0] == "**":
			if segments = segments[1:]; len(segments) == 0 {
				return !done // "a/**" is everything in a, not a itself
			}
			again, retry = segments, path
			continue
		case len(segments) == 0 && done:
			return true
		case len(segments) > 0 && !done:
			name, rest, more := strings.Cut(path, "/")
			if matchName(segments[0], name) {
				segments, path, done = segments[1:], rest, !more
				continue
			}
		}
		var more bool
		if again == nil {
			return false
		}
		if _, retry, more = strings.Cut(retry, "/"); !more {
			return false
		}
		segments, path, done = again, retry, false
	}
}

// matchName matches one name against a shell pattern with "*", "?", "[a-z]" and backslashes, in the manner of matchPath.
func matchName(pat, name string) bool {
	again, retry := "", -1
	rest := name
	for {
		if pat == "" && rest == "" {
			return true
		}
		if pat != "" && pat[0] == '*' {
			pat = pat[1:]
			again, retry = pat, len(name)-len(rest)
			continue
		}
		if pat != "" && rest != "" {
			c, size := utf8.DecodeRuneInString(rest)
			if ok, n := matchChar(pat, c); ok {
				pat, rest = pat[n:], rest[size:]
				continue
			}
		}
		if retry < 0 || retry >= len(name) {
			return false
		}
		_, size := utf8.DecodeRuneInString(name[retry:])
		retry += size
		pat, rest = again, name[retry:]
	}
}

// matchChar matches one character against the start of a pattern and returns how much of the pattern that was.
func matchChar(pat string, c rune) (ok bool, n int) {
	want, size := utf8.DecodeRuneInString(pat)
	switch {
	case want == '?':
		return true, 1
	case want == '[':
		return matchClass(pat, c)
	case want == '\\' && len(pat) > 1:
		want, size = utf8.DecodeRuneInString(pat[1:])
		return want == c, 1 + size
	}
	return want == c, size
}

// matchClass matches one character against the class that pat starts with. A class that does not end matches nothing.
func matchClass(pat string, c rune) (ok bool, n int) {
	i := 1
	negate := i < len(pat) && (pat[i] == '!' || pat[i] == '^')
	if negate {
		i++
	}
	for first := true; i < len(pat); first = false {
		if pat[i] == ']' && !first {
			return ok != negate, i + 1
		}
		if in, size := matchNamed(pat[i:], c); size > 0 {
			ok, i = ok || in, i+size
			continue
		}
		low, size := classChar(pat[i:])
		i += size
		high := low
		if i+1 < len(pat) && pat[i] == '-' && pat[i+1] != ']' {
			high, size = classChar(pat[i+1:])
			i += 1 + size
		}
		ok = ok || low <= c && c <= high
	}
	return false, 0
}

// classChar is the character at the start of pat, which a backslash may quote.
func classChar(pat string) (c rune, size int) {
	if pat[0] == '\\' && len(pat) > 1 {
		c, size = utf8.DecodeRuneInString(pat[1:])
		return c, size + 1
	}
	return utf8.DecodeRuneInString(pat)
}

// matchNamed matches a POSIX class such as "[:digit:]"; size is 0 where pat does not start with one.
func matchNamed(pat string, c rune) (ok bool, size int) {
	name, found := strings.CutPrefix(pat, "[:")
	if !found {
		return false, 0
	}
	name, _, found = strings.Cut(name, ":]")
	if !found {
		return false, 0
	}
	size = len("[:") + len(name) + len(":]")
	switch name {
	case "alpha":
		return unicode.IsLetter(c), size
	case "digit":
		return unicode.IsDigit(c), size
	case "alnum":
		return unicode.IsLetter(c) || unicode.IsDigit(c), size
	case "upper":
		return unicode.IsUpper(c), size
	case "lower":
		return unicode.IsLower(c), size
	case "space":
		return unicode.IsSpace(c), size
	case "punct":
		return unicode.IsPunct(c), size
	}
	return false, size
}
