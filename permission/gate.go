package permission

import (
	"context"
	"fmt"
)

// Reply is a person's answer to a question.
type Reply string

// The replies of OpenCode.
const (
	Once   Reply = "once"
	Always Reply = "always"
	Reject Reply = "reject"
)

// Question is what a person is asked: the access, and what "always" would cover ("" where it is not offered).
type Question struct {
	Access Access
	// Asks are the items that need consent, a subset of Access.Items, with the reason for each.
	Asks []Verdict
	// Always are the grants that the answer "always" would remember; nil where "always" is not offered.
	Always []Grant
}

// Answer is the reply with the words that the model shall read, if any.
type Answer struct {
	Reply   Reply  `json:"reply"`
	Message string `json:"message,omitempty"`
}

// Asker puts a question to a person and waits for the answer. It returns ctx's cause when ctx ends first.
type Asker interface {
	Ask(ctx context.Context, q Question) (Answer, error)
}

// DeniedError says that a rule forbids the operation.
type DeniedError struct{ Verdict Verdict }

func (e *DeniedError) Error() string { return fmt.Sprintf("denied: %s", e.Verdict.Reason) }

// RejectedError says that the user rejected the operation. With a Message the model reads it and goes on, without one the
// turn ends.
type RejectedError struct{ Message string }

func (e *RejectedError) Error() string {
	if e.Message == "" {
		return "the user rejected this"
	}
	return "the user rejected this: " + e.Message
}
