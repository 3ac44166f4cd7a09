/**
 * The errors a caller is told about. Everything that is not one of these is a fault of ours: HTTP answers 500 without
 * details and logs it once, a queue message goes back to its queue.
 */
export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 429 | 500;

/** A refusal whose message is shown to the caller as plain text, so it names what is wrong and how to mend it. */
export class Problem extends Error {
  readonly status: ProblemStatus;

  constructor(status: ProblemStatus, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Problem';
    this.status = status;
  }
}

/** 400: a field, query value or body is not what the contract says. */
export const badRequest = (message: string, options?: ErrorOptions): Problem => new Problem(400, message, options);

/** 404 in the words of the reference: `Not found: <what>`. */
export const notFound = (what: string): Problem => new Problem(404, `Not found: ${what}`);

/** Marks a switch over a union as complete: a new member fails to compile. */
export const unreachable = (value: never): never => {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
};
