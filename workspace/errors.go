package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrStale says that a file is no longer what a Change was computed from. Nothing was changed.
var ErrStale = errors.New("the file changed meanwhile")

// TooLargeError refuses a file of more than [MaxFile] bytes.
type TooLargeError struct {
	Path string
	Size int64 // in bytes; at least, where the file grew while it was read
}

// Error says how large the file is and how to get at it all the same.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s is %d bytes and at most %d are read; look at a part of it with a shell command such as head, tail or sed",
		e.Path, e.Size, MaxFile)
}

// NotFileError refuses what is on disk but has no text: a folder, a device, a named pipe, a socket.
type NotFileError struct {
	Path string
	Kind string // "a folder", "a device", "a named pipe", "a socket", "a symbolic link", "a special file"
}

// Error says what it is instead and what to do.
func (e *NotFileError) Error() string {
	if e.Kind == "a folder" {
		return fmt.Sprintf("%s is a folder and not a file; list it, or name a file in it", e.Path)
	}
	return fmt.Sprintf("%s is %s and not a regular file; only regular files are read and written", e.Path, e.Kind)
}

// notFile names what mode is when it is no regular file.
func notFile(path string, mode fs.FileMode) *NotFileError {
	kind := "a special file"
	switch {
	case mode.IsDir():
		kind = "a folder"
	case mode&fs.ModeDevice != 0:
		kind = "a device"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a named pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	case mode&fs.ModeSymlink != 0:
		kind = "a symbolic link"
	}
	return &NotFileError{Path: path, Kind: kind}
}

// NotTextError refuses to edit content that an editor could not carry: binary data, or text in another encoding.
type NotTextError struct {
	Path   string
	Binary bool // it holds NUL bytes; otherwise it is merely not UTF-8
}

// Error says why the file cannot be edited and what to do.
func (e *NotTextError) Error() string {
	if e.Binary {
		return fmt.Sprintf("%s is a binary file, which cannot be edited as text; make it anew with the program that it belongs to", e.Path)
	}
	return fmt.Sprintf("%s is not UTF-8 text; convert it first, for example with iconv", e.Path)
}

// ReadOnlyError refuses to replace a file that nobody may write.
type ReadOnlyError struct{ Path string }

// Error says what to do if the file should be changed all the same.
func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("%s is read-only; make it writable first if it should be changed", e.Path)
}

// UnsyncedError says that an editor's change did not fit the buffer, so that nobody knows what the editor shows.
type UnsyncedError struct{ Path string }

// Error says how the user mends it.
func (e *UnsyncedError) Error() string {
	return fmt.Sprintf("%s is open in the editor but out of step with it; close and open it again there", e.Path)
}

// NotOpenError says that a document was changed which the editor has not opened.
type NotOpenError struct{ Path string }

// Error names the document.
func (e *NotOpenError) Error() string { return fmt.Sprintf("%s is not open in the editor", e.Path) }

// cause strips the operation and the partial name that os and [os.Root] put before an error; the caller names the file.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		return le.Err
	}
	return err
}
