package permission

import "time"

// Grant is one remembered "always".
type Grant struct {
	ID         string    `json:"id"`
	Workspace  string    `json:"workspace"`
	Session    string    `json:"session,omitempty"` // set: the grant ends with that session
	Permission string    `json:"permission"`
	Pattern    string    `json:"pattern"`
	Created    time.Time `json:"created"`
}
