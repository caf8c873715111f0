//go:build !unix

package config

import "io/fs"

// own accepts every file: on Windows the user's profile folder is private by its access list.
func own(fs.FileInfo) error { return nil }
