// Package agent runs conversations with a language model. A [Session] owns one conversation: it sends the history to a
// [Model], runs the tools that the reply calls for once the permission gate has passed them, and writes every fact as an
// [Event] to its log before anyone sees it. Fronts know the verbs Prompt, Answer and Cancel, and follow Events; they never
// see each other.
package agent
