package permission

import (
	"path"
	"slices"
	"strings"
)

// Place is where names are judged: what is inside the workspace and how names are completed. Paths are absolute and
// canonical, with "/".
type Place struct {
	// Roots are the workspace folders; the first is where relative names start when Cwd is empty.
	Roots []string
	// Home is the user's home folder, Cwd the folder that relative names of a command start from.
	Home, Cwd string
	// FoldCase says that the file system takes A and a for the same letter.
	FoldCase bool
	// Resolve follows the symlinks of an absolute name as far as it exists, its ".." where the links before them lead, as
	// the kernel does. Nil: there are no links.
	Resolve func(abs string) string
	// Match lists the files that a pattern of absolute names matches, as bash would; "/**" at its end is everything below
	// a folder. It may give up on too many with ok false. Nil: the files are not known.
	Match func(pattern string) (names []string, ok bool)
}

// maxPath is the longest path in bytes that systems take; nothing is looked up by a longer one.
const maxPath = 4096

// clean makes a name absolute, with "/" and without "..", as if there were no links.
func (p Place) clean(name string) string { return path.Clean(p.absolute(name)) }

// absolute makes a name absolute, with "/", and leaves its ".." alone: behind a link they mean another folder.
func (p Place) absolute(name string) string {
	if isWindows(p.start()) && len(name) > 1 && name[1] == ':' && !isWindows(name) {
		name = name[:2] + "/" + name[2:] // relative to another drive's folder, which is not known
	}
	switch {
	case IsAbs(name) && (isWindows(name) || !isWindows(p.start())):
	case isWindows(p.start()) && name != "" && (name[0] == '/' || name[0] == '\\'):
		name = p.start()[:2] + name // from the root of the drive
	default:
		name = p.start() + "/" + name
	}
	if isWindows(name) {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	return name
}

func (p Place) start() string {
	if p.Cwd != "" || len(p.Roots) == 0 {
		return p.Cwd
	}
	return p.Roots[0]
}

// IsAbs reports whether the name starts at a root: "/", a drive letter or a Windows share.
func IsAbs(name string) bool { return strings.HasPrefix(name, "/") || isWindows(name) }

// isWindows knows C:\x, C:/x and \\host\share.
func isWindows(name string) bool {
	if strings.HasPrefix(name, `\\`) {
		return true
	}
	return len(name) > 2 && name[1] == ':' && (name[2] == '\\' || name[2] == '/') && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
}

// real is the file that a name leads to.
func (p Place) real(name string) string {
	abs := p.absolute(name)
	if p.Resolve != nil && len(abs) <= maxPath {
		abs = p.Resolve(abs)
	}
	return p.clean(abs)
}

// within gives the name relative to the root that holds it, by whole components; a string prefix would take /ws-evil
// for a part of /ws.
func (p Place) within(abs string) (rel string, inside bool) {
	for _, root := range p.Roots {
		root = p.clean(root)
		if p.same(abs, root) {
			return ".", true
		}
		prefix := strings.TrimSuffix(root, "/") + "/"
		if len(abs) > len(prefix) && p.same(abs[:len(prefix)], prefix) {
			return abs[len(prefix):], true
		}
	}
	return abs, false
}

func (p Place) same(a, b string) bool {
	return a == b || (p.FoldCase || isWindows(a)) && strings.EqualFold(a, b)
}

// Inside reports whether the name, its symlinks followed, lies in one of the roots.
func (p Place) Inside(name string) bool {
	_, inside := p.within(p.real(name))
	return inside
}

// FileItems are the items of touching the file abs under the permission "read", "edit", "list", "glob" or "grep": the
// file by its relative and its absolute name and, outside the roots, its folder as external_directory. A protected file
// asks whatever the edit rules allow, a device or a process's file does so for reading too.
func FileItems(permission string, abs string, p Place) []Item {
	given := p.clean(abs)
	real := p.real(abs)
	rel, inside := p.within(real)
	it := Item{Permission: permission, Values: []string{rel}, Fold: p.FoldCase || isWindows(real)}
	if inside {
		it.Values = append(it.Values, real)
	}
	if given != real {
		other, _ := p.within(given)
		it.Aliases = append(it.Aliases, other, given)
	}
	it.Always = always(permission, rel, inside)
	if why := p.unsafe(permission, abs, given, real); why != "" {
		it.Strictness, it.Why, it.Always = AlwaysAsk, why, ""
	}
	if inside {
		return []Item{it}
	}
	return []Item{it, p.external(real)}
}

// always is the pattern to remember: all edits inside the workspace, else one file or the files beside it.
func always(permission, rel string, inside bool) string {
	switch {
	case !Literal(rel):
		return ""
	case !inside:
		return dirPattern(rel)
	case permission == "edit":
		return "*"
	default:
		return rel
	}
}

// dirPattern covers the files beside a name, but never a whole file system.
func dirPattern(abs string) string {
	dir := path.Dir(abs)
	if !Literal(dir) || strings.Count(dir, "/") < 1 || dir == "/" || dir == "." {
		return ""
	}
	return dir + "/*"
}

// external is the folder of a file that lies outside the roots.
func (p Place) external(abs string) Item {
	it := Item{
		Permission: "external_directory",
		Values:     []string{strings.TrimSuffix(path.Dir(abs), "/") + "/*", abs},
		Always:     dirPattern(abs),
		Fold:       p.FoldCase || isWindows(abs),
	}
	if p.Home != "" && p.same(path.Dir(abs), p.clean(p.Home)) {
		it.Always = "" // the home folder is everything that the user has
	}
	return it
}

// Physical is the absolute name with each ".." taken as the kernel does, behind the symlinks before it: what a program
// gets that is handed the name as it stands. [Place] itself takes ".." off the text.
func (p Place) Physical(abs string) string {
	if p.Resolve == nil || !strings.Contains(abs, "/..") || isWindows(abs) {
		return abs
	}
	out := "/"
	for part := range strings.SplitSeq(abs, "/") {
		switch part {
		case "..":
			out = path.Dir(path.Clean(p.Resolve(out)))
		default:
			out = path.Join(out, part)
		}
	}
	return out
}

// unsafe says why a file asks whatever the rules allow, "" where it does not.
func (p Place) unsafe(permission, raw, given, real string) string {
	for _, abs := range slices.Compact([]string{given, real}) {
		if isDevice(abs) {
			return "it is a device or a process's own file"
		}
		if permission != "edit" {
			continue
		}
		rel, _ := p.within(abs)
		if rel == "." {
			return "it is the workspace itself"
		}
		if why := whyProtected(rel); why != "" {
			return why
		}
	}
	if len(given) > maxPath {
		return "its name is longer than any path may be"
	}
	if why := ambiguous(raw, given); why != "" {
		return why
	}
	if strings.ContainsFunc(raw, hidden) || strings.ContainsRune(raw, '\n') {
		return "its name holds characters that cannot be seen"
	}
	return ""
}

// ambiguous finds names that some programs take for another file than we do: a home folder, an address, a choice that
// leads upwards and, on Windows, devices, streams, short names and what Windows drops from the end.
func ambiguous(raw, given string) string {
	const why = "some programs read its name as another place"
	low := strings.ToLower(raw)
	for _, head := range [...]string{"~", "$home", "${home}", "file:"} {
		if strings.HasPrefix(low, head) {
			return why
		}
	}
	if strings.Contains(raw, "{") && (strings.Contains(raw, "..") || strings.Contains("/"+raw, "/.{")) {
		return why
	}
	if !isWindows(given) {
		return ""
	}
	for i, part := range strings.Split(strings.ReplaceAll(raw, `\`, "/"), "/") {
		trimmed := strings.TrimRight(part, " .")
		stem, _, _ := strings.Cut(strings.ToUpper(trimmed), ".")
		_, digits, short := strings.Cut(stem, "~")
		switch {
		case part != trimmed && part != "." && part != "..", i > 0 && strings.Contains(part, ":"), i == 0 && strings.LastIndexByte(part, ':') > 1:
			return why
		case short && digits != "" && digits[0] >= '0' && digits[0] <= '9', windowsDevice(stem):
			return why
		}
	}
	return ""
}

// windowsDevice knows the names that Windows takes for devices in every folder, whatever extension follows.
func windowsDevice(stem string) bool {
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}

// isDevice knows the trees whose files are not data at rest.
func isDevice(abs string) bool {
	for _, dir := range [...]string{"/dev", "/proc", "/sys"} {
		if abs == dir || strings.HasPrefix(abs, dir+"/") {
			return true
		}
	}
	return false
}

// DirItems is the folder itself as external_directory where it lies outside the roots: a command's working folder, the
// target of cd. Inside there is nothing to judge.
func DirItems(dir string, p Place) []Item {
	real := p.real(dir)
	if _, inside := p.within(real); inside {
		return nil
	}
	it := p.external(strings.TrimSuffix(real, "/") + "/.")
	it.Values[1] = real
	return []Item{it}
}
