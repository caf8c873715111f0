//go:build unix

package config

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func own(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("has an unknown owner")
	}
	return ownedBy(uint32(os.Getuid()), stat.Uid, stat.Gid, info.Mode())
}

// ownedBy judges owner, group and mode. A group of the same number as its user is that user's private one, as several
// systems give each user; a folder with the sticky bit lets nobody replace another's file.
func ownedBy(me, owner, group uint32, mode fs.FileMode) error {
	switch {
	case owner != me && owner != 0:
		return errors.New("belongs to another user")
	case mode.IsDir() && mode&fs.ModeSticky != 0:
		return nil
	case mode.Perm()&0o002 != 0:
		return errors.New("can be written by everybody")
	case mode.Perm()&0o020 != 0 && group != owner:
		return errors.New("can be written by a group")
	}
	return nil
}
