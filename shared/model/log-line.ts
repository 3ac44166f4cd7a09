/** An error and its causes as plain data: names, messages and stacks; never the objects they carry. */
const describe = (error: unknown, depth = 0): unknown => {
  if (!(error instanceof Error)) return String(error);
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause === undefined || depth > 4 ? {} : { cause: describe(error.cause, depth + 1) }),
  };
};

/**
 * One JSON line for the platform's own log (CloudWatch). Callers pass ids only: no arguments, results, headers or
 * tokens, so that nothing secret can reach a log.
 */
export const errorLine = (message: string, error: unknown, ids: Record<string, string> = {}): string =>
  JSON.stringify({ level: 'ERROR', message, ...ids, error: describe(error) });
