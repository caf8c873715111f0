package workspace

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

// fileTime is the clock by which files get their times.
func fileTime() time.Time { return coarse() }

// inodeOf is when the inode was last changed, and its number.
func inodeOf(info fs.FileInfo) (changed time.Time, inode uint64) {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Ctimespec.Unix()), st.Ino
	}
	return time.Time{}, 0
}

// born is when the file came into being, whatever its name was then; zero where the file system does not tell.
func born(path string) time.Time {
	info, err := os.Lstat(path)
	if err != nil {
		return time.Time{}
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(st.Birthtimespec.Unix())
	}
	return time.Time{}
}
