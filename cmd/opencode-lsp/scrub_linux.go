package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// scrubEnviron overwrites a secret wherever it stands in the block that the kernel handed over at the start, which
// /proc/PID/environ goes on showing after an Unsetenv: a command that the agent runs could read it there. The Go runtime has
// its own copy.
func scrubEnviron(secret string) error {
	start, end, err := environBlock()
	if err != nil {
		return err
	}
	mem, err := os.OpenFile("/proc/self/mem", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer mem.Close()
	block := make([]byte, end-start)
	if _, err := mem.ReadAt(block, start); err != nil {
		return err
	}
	_, err = mem.WriteAt(bytes.ReplaceAll(block, []byte(secret), make([]byte, len(secret))), start)
	return err
}

// environBlock is where the block stands, by proc(5): fields 50 and 51 of /proc/self/stat.
func environBlock() (start, end int64, err error) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0, err
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // from field 3 on: the name before may hold blanks
	if len(f) < 49 {
		return 0, 0, errors.New("/proc/self/stat is short")
	}
	start, err1 := strconv.ParseInt(f[47], 10, 64)
	end, err2 := strconv.ParseInt(f[48], 10, 64)
	if err := errors.Join(err1, err2); err != nil || start <= 0 || end < start || end-start > 32<<20 {
		return 0, 0, fmt.Errorf("the environment's place is not known: %w", errors.Join(err, errors.ErrUnsupported))
	}
	return start, end, nil
}
