package agent

// Compaction says how a conversation that outgrows its model is shortened; numbers are tokens, 0: the session decides.
type Compaction struct {
	// Auto shortens it before it is too long, and when the provider says that it is.
	Auto bool
	// Prune drops old tool results first.
	Prune bool
	// TailTurns and PreserveRecent bound what is kept word for word.
	TailTurns, PreserveRecent int64
	// Reserved is kept free for the reply.
	Reserved int64
}

// OpenCode's figures.
const (
	maxReserved = 20_000
	maxReply    = 32_000
	maxTail     = 15_000
	minTail     = 2_000
)

// maxSummary bounds a summary, in tokens; it is less where the model's context is small.
const maxSummary = 4_000

// room is how the context of a model is divided, in tokens.
type room struct {
	// context is all of it, 0: not known. usable is what a request may fill before the conversation is shortened.
	context, usable int64
}

// divide reserves room for the reply; never so much that a model with a small context could not be used at all.
func divide(info ModelInfo, set Compaction) room {
	reserved := min(maxReserved, reply(info), info.Context/4)
	if set.Reserved > 0 {
		reserved = min(set.Reserved, info.Context/2)
	}
	return room{context: info.Context, usable: info.Context - reserved}
}

// reply is how long a reply may be.
func reply(info ModelInfo) int64 {
	if info.Output > 0 {
		return min(info.Output, maxReply)
	}
	return maxReply
}

// summary is how long a summary may be.
func (r room) summary() int64 { return min(maxSummary, r.usable/8) }

// tail is how much is kept word for word.
func (r room) tail(set Compaction) int64 {
	if set.PreserveRecent > 0 {
		return set.PreserveRecent
	}
	return min(maxTail, max(minTail, r.usable/4))
}
