//go:build unix

package config

import (
	"io/fs"
	"testing"
)

func TestOwnedBy(t *testing.T) {
	for name, tc := range map[string]struct {
		owner, group uint32
		mode         fs.FileMode
		fine         bool
	}{
		"mine":                       {1000, 100, 0o644, true},
		"root's":                     {0, 0, 0o444, true},
		"another's":                  {1001, 1001, 0o600, false},
		"everybody's":                {1000, 1000, 0o602, false},
		"my private group's":         {1000, 1000, 0o664, true},
		"a group's":                  {1000, 100, 0o664, false},
		"root's, for a group":        {0, 100, 0o664, false},
		"sticky folder":              {0, 0, 0o777 | fs.ModeDir | fs.ModeSticky, true},
		"open folder":                {1000, 1000, 0o777 | fs.ModeDir, false},
		"another's in sticky folder": {1001, 1001, 0o777 | fs.ModeDir | fs.ModeSticky, false},
	} {
		if err := ownedBy(1000, tc.owner, tc.group, tc.mode); (err == nil) != tc.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}
