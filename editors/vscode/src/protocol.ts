// The shapes that the server and this extension share beyond LSP.
import type { Diagnostic, Range } from "vscode-languageclient/node";

/** What this extension relies on in the server beyond LSP, as the server counts it in its initialize result. */
export const protocolRevision = 1;

/** One answer on offer. */
export interface Choice {
  reply: string;
  title: string;
}

/** Request opencode/permission, from the server. */
export interface Question {
  id: string;
  tool: string;
  subject: string;
  detail: string;
  diff?: string;
  actions: Choice[];
}

/** Its answer; without a reply it is none, and the server asks by a plain notification. */
export interface Answer {
  reply?: string;
  message?: string;
}

/** Notification opencode/event: what the extension reads of it. */
export interface Event {
  type: string;
  session: string;
  turn?: string;
  call?: { name: string };
  question?: {
    id: string;
    tool: string;
    subject: string;
    notes?: string[];
    preview: { kind?: string; text?: string };
    choices: Choice[];
  };
  answer?: { id: string };
}

/** Result of opencode.status. */
export interface Status {
  version: string;
  model: string;
  agent?: string;
  sessions: { id: string; title: string; status: string }[];
  pending: { id: string; subject: string }[];
  unsaved: string[];
}

/** One entry of opencode.session.list. */
export interface Session {
  id: string;
  title: string;
  status: string;
  updated: string;
}

/** Argument of opencode.action. */
export interface ActionArgs {
  action: string;
  uri: string;
  range: Range;
  diagnostics?: Diagnostic[];
}
