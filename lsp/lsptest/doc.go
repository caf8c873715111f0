// Package lsptest is a scripted user at a scripted editor. [Editor] is a language client that does for real what editors
// do, with the faults that real ones have as flags ([Behaviour], [Presets]); [Script] plays txtar files against any server
// that a [Host] starts. The package knows the protocol only, never the server's code, and serves tests and the demo.
//
// # Scripts
//
// A script is a txtar file. Its head holds one command a line, as rsc.io/script reads them: words are separated by blanks,
// 'single quotes' keep blanks and switch $variables off, ” is a quote inside quotes, # begins a comment, and a comment at
// the start of a line begins a section. "! command" must fail, "? command" may. $WORK is the script's folder, $ROOT its
// workspace, $session and $turn come from the last result that had them.
//
// After each command the host settles: in a synctest bubble that is when every goroutine waits for something, so nothing
// in a script waits for time to pass unless it says so. Then the script fails if the editor has something to complain of
// ([Editor.Complaints]). When a script fails the end of the wire log and the open questions are printed.
//
// # Files
//
//	model              what the scripted model answers, for the host to read
//	settings.json      initializationOptions, and the section "opencode" of workspace/configuration
//	capabilities.json  merged into the client's capabilities (RFC 7386): {"window": {"showMessage": null}}; an editor that
//	                   loses window.showMessage or workspace.applyEdit does not know these requests either
//	experimental.json  what the editor's opencode plugin can do: {"permission": true, "save": true, "events": true, "deltas": true}
//	behaviour.json     flags of [Behaviour] on top of the editor's: {"LieApplied": true}
//	editor             the name of a preset: vscode, neovim, neovim-0.7, helix, helix-25.07, zed, eglot, kate
//	rules              for the host
//	home/…             the user's own files: home/.config/opencode/opencode.json
//	want/…             goldens for cmp
//	later/…            texts that commands use later
//	anything else      the workspace
//
// # The user's hands
//
//	open PATH                 open a file; relative paths start at the workspace
//	edit PATH OLD NEW         type NEW over the only OLD of the buffer; an empty OLD is its end; \n \t \r \\ are known
//	save PATH                 write the buffer to disk
//	close PATH                close the buffer, unsaved text is lost
//	reload PATH               take the text on disk into the buffer
//	touch PATH [FILE]         change the file on disk to FILE of the script, later/PATH by default
//	select PATH [TEXT]        select the only TEXT of the buffer, or the whole of it
//	diagnose PATH TEXT MSG    another server's error at the only TEXT of the buffer
//
// # Talking to the agent
//
//	actions                   list the code actions at the selection: title [kind]
//	action TITLE              run the one that is or begins with TITLE; "OpenCode: " may be left out; prints the result
//	prompt [-new] TEXT        run opencode.prompt, with -new in a new session; prints the result
//	command NAME [JSON]       run any command and print its result; with & behind it in the background until wait
//	cancel [TOKEN]            click the cancel of the newest task, or of TOKEN ("command opencode.cancel" is the other way)
//	configure JSON            change the section "opencode" of the settings
//	model FILE                give the model further steps
//
// # Questions
//
//	asked REGEXP              fail unless an open question matches; prints it: message, [actions], diff
//	answer TITLE [WORDS]      answer it with the action that is or begins with TITLE; WORDS are for the model and reach it only
//	                          through an opencode plugin
//	answer -null              close it without an answer; -empty ({}), -error and -unknown (a title not on offer) too
//	noquestion                fail if one is open
//
// The question at hand is the one that asked found last, until it is answered; otherwise the oldest open one. A question
// that the server has cancelled is not open any more, but one at hand can still be answered: a late answer.
//
// # Looking
//
//	buffer PATH               the buffer's text
//	buffers                   the open buffers: path, then hidden, modified, unknown to the server
//	disk PATH                 the text on disk
//	question                  the question at hand
//	progress                  the tasks: token, state, title: message
//	messages                  the messages shown: type: text
//	shown                     the URIs of the documents shown
//	events                    the opencode/event notifications
//	transcript [SESSION]      the transcript, through opencode.session.open
//	requests [-last]          what the model was sent, as JSON
//	log                       every message: "-->" from the editor, "<--" to it
//
// All of these print, and then:
//
//	stdout REGEXP, ! stdout REGEXP      as in rsc.io/script, like stderr, grep, exists, cat, cp, rm, echo, env, stop
//	cmp GOT WANT              GOT is stdout, question, transcript, buffer:PATH, disk:PATH or a file; WANT a file of the
//	                          script, which Script.Update rewrites
//
// # Time and accidents
//
//	wait                      let the server settle and collect background commands
//	wait DURATION             let time pass: an hour takes no time in a bubble; [!real] before it leaves it out elsewhere
//	drop                      the editor is gone without a word, unsaved text with it
//	kill                      the server is gone; the editor keeps its buffers
//	restart                   a new server on the same data: in good order if the old one runs; after drop a new editor
package lsptest
