package workspace

import "os"

// mkfifo makes what is no regular file; Windows keeps its pipes outside the file system.
func mkfifo(path string) error { return os.Mkdir(path, 0o700) }
