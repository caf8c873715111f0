package shell

// maxPath is the longest path in bytes that systems take. A folder beyond it is not followed further: each of many cd
// would be read with all those before it.
const maxPath = 4096

// tooLong reports whether a name below one of the folders is longer than any path.
func tooLong(dirs []string, name string) bool {
	for _, dir := range dirs {
		if len(dir)+len(name) > maxPath {
			return true
		}
	}
	return len(name) > maxPath
}
