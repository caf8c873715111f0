package workspace

import (
	"io/fs"
	"strings"
	"unicode/utf8"
)

// MaxFile is the size in bytes up to which files are read; larger ones are refused with *TooLargeError.
const MaxFile = 20 << 20

// sniffLen is how much of a file is looked at to tell text from binary data.
const sniffLen = 8 << 10

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
	// Mode is the mode on disk, zero where there is no file. A File that does not exist but has a Mode is created with it
	// (the reverse of a removal).
	Mode fs.FileMode
}

// Same reports whether both snapshots show the same content of the same file.
func (f File) Same(g File) bool {
	return f.Path == g.Path && f.Exists == g.Exists && f.Text == g.Text
}

// Editable returns a *NotTextError where the content is not UTF-8 text: no editor and no JSON string would carry it
// unharmed.
func (f File) Editable() error {
	switch {
	case IsBinary(f.Text):
		return &NotTextError{Path: f.Path, Binary: true}
	case !utf8.ValidString(f.Text):
		return &NotTextError{Path: f.Path}
	}
	return nil
}

// IsBinary reports whether text is not for people to read: a NUL among the first 8 KiB, which is git's rule.
func IsBinary(text string) bool {
	return strings.IndexByte(text[:min(len(text), sniffLen)], 0) >= 0
}
