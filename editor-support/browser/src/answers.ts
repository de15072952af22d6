// What the server says on the socket `desk` (nbadsl/browser/desk.py and look.py).

export interface Place {
  name: string;
  line: number;
}

export interface FileText {
  name: string;
  text: string;
  tag: string;
}

export interface Step {
  stage: string;
  reason: string;
  stopped: number;
  unknown: number;
  left: number;
  place: Place | null;
}

export interface Candidate {
  name: string;
  considered: number;
  steps: Step[];
  chosen: number;
}

export interface ActionFigures {
  name: string;
  chosen: number;
  candidates: Candidate[];
}

interface Count {
  name: string;
  people: number;
}

export interface Figures {
  sample: string;
  now: string;
  people: number;
  decided: number;
  contacts: number;
  limits: boolean;
  rejected: Count[];
  actions: ActionFigures[];
  nothing: Count[];
  customers: [string, string][];
}

export interface TestResult {
  name: string;
  place: Place | null;
  failures: { expected: string; got: string; place: Place | null }[];
  story: string;
}

export interface Told {
  candidate: string;
  fate: string;
  said: string;
  why: string;
  place: Place | null;
  values: [string, string][];
  blocked_by_unknown: boolean;
  tier: string;
  score: number | null;
  limit: { said: string } | null;
}

export interface Story {
  customer: string;
  decision: string;
  reason: string;
  probability: number | null;
  arms: [string, string][];
  candidates: Told[];
  profile: Record<string, string>;
}

/** A part that cannot be worked out: `missing` says what to do, `error` what went wrong. */
export type Maybe<T> = T | { missing: string } | { error: string };

export type Message =
  | { what: 'hello'; policy: string; folder: string; uri: string; files: string[] }
  | ({ what: 'file' | 'conflict' | 'changed' } & FileText)
  | { what: 'saved'; name: string; tag: string }
  | { what: 'refused'; name: string; message: string }
  | { what: 'note'; id: number; text: string }
  | { what: 'mistakes'; id: number; errors: number; error?: string }
  | ({ what: 'tests'; id: number } & Maybe<{ tests: TestResult[] }>)
  | ({ what: 'story'; id: number } & Maybe<Story>)
  | ({ what: 'figures'; id: number } & Maybe<Figures>);
