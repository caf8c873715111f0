package agent

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/tliron/commonlog"
)

// newID returns an id in OpenCode's form: a prefix, the time in twelve hex digits so that ids sort by age, and random text.
func newID(prefix string) string {
	return fmt.Sprintf("%s_%012x%s", prefix, time.Now().UnixMilli(), rand.Text()[:14])
}

func logger() commonlog.Logger { return commonlog.GetLogger("opencode.agent") }
