import type { Roster } from '../model/roster.ts';

/** A person (or a machine a person set up), known by a stored token. */
export type UserPrincipal = {
  kind: 'user';
  email: string;
  /** His name where no workspace gives him another. */
  username: string;
  super_admin: boolean;
  /** The token is good in this workspace only. */
  workspace?: string;
  /** The token may read, and nothing else. */
  read_only?: boolean;
  /** Present: the token may do only what these name. */
  scopes?: string[];
};

/** A running attempt at a job, known by its `WM_TOKEN`: it has the rights of `permissioned_as`, in its own workspace only. */
export type JobPrincipal = {
  kind: 'job';
  workspace: string;
  job_id: string;
  attempt: number;
  permissioned_as: string;
  email: string;
  username: string;
  /** Who launched the job: what the job launches keeps him as its launcher. */
  created_by: string;
  /** True only when the job runs as a superadmin who is no member of the workspace. */
  super_admin: boolean;
};

/** A runner that asks about its own attempt: it may ask whether to go on, and nothing else. */
export type ControlPrincipal = { kind: 'control'; workspace: string; job_id: string; attempt: number };

/** Who makes a request on somebody's behalf. */
export type Principal = UserPrincipal | JobPrincipal;

/** Who makes a request. */
export type Caller = Principal | ControlPrincipal;

/** The tokens that users hold. Only their SHA-256 is stored. */
export interface TokenStore {
  /** Undefined: unknown, expired at `now` (milliseconds since 1970), or its user is disabled or gone. */
  find(sha256: string, now: number): Promise<UserPrincipal | undefined>;
}

/**
 * Checks the signed tokens of attempts. Undefined: malformed, expired, badly signed, or its attempt is over. What it
 * answers is not cached, so that a token is dead the moment its attempt ends.
 */
export interface AttemptTokenVerifier {
  verifyJobToken(token: string, now: number): Promise<JobPrincipal | undefined>;
  verifyControlToken(token: string, now: number): Promise<ControlPrincipal | undefined>;
}

/** Who is what in which workspace. */
export interface Rosters {
  /** At most 5 s old; `fresh`: at most 1 s. Undefined: there is no such workspace. */
  read(workspace: string, now: number, fresh?: boolean): Promise<Roster | undefined>;
}
