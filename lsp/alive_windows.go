package lsp

import "os"

// alive reports whether a process of that id exists: on Windows FindProcess opens a handle and fails where there is none.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	p.Release()
	return true
}
