package main

import (
	"context"
	"io/fs"
	"os"
)

// private: modes say nothing here; the user's profile folder is the user's.
func private(fs.FileInfo) bool { return true }

// rotations: no signal asks for one here.
func rotations() (<-chan os.Signal, func()) { return nil, func() {} }

// untilHangup: a closed console is an interrupt here.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
