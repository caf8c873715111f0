package workspace

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

// fileTime is the clock by which files get their times.
func fileTime() time.Time { return coarse() }

// inodeOf is nothing: Windows tells neither without opening the file.
func inodeOf(fs.FileInfo) (changed time.Time, inode uint64) { return time.Time{}, 0 }

// born is when the file came into being, whatever its name was then; zero where the file system does not tell.
func born(path string) time.Time {
	info, err := os.Lstat(path)
	if err != nil {
		return time.Time{}
	}
	if st, ok := info.Sys().(*syscall.Win32FileAttributeData); ok {
		return time.Unix(0, st.CreationTime.Nanoseconds())
	}
	return time.Time{}
}
