package llm_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a reader, a timer's context or a connection outlives its test.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
