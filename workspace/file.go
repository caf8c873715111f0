package workspace

import "io/fs"

// File is one immutable snapshot of a file: what the user would see on opening it now.
type File struct {
	// Path is absolute and canonical: cleaned, with symlinks resolved.
	Path string
	// Text is the whole content, byte for byte, BOM and line ends included.
	Text string
	// Open says that Text is an editor's buffer, then at Version; otherwise it is the disk's.
	Open    bool
	Version int32
	// Exists is false for a file that is neither open nor on disk.
	Exists bool
	// Mode is the mode on disk, zero where there is no file.
	Mode fs.FileMode
}

// Same reports whether both snapshots show the same content of the same file.
func (f File) Same(g File) bool {
	return f.Path == g.Path && f.Exists == g.Exists && f.Text == g.Text
}
