/** What one operation cost: calls, capacity units as the table reported them, bytes on the wire both ways. */
export type Usage = {
  calls: number;
  readUnits: number;
  writeUnits: number;
  bytesIn: number;
  bytesOut: number;
  errors: number;
};

/** Usage by operation, as `dynamodb:PutItem`. */
export type UsageByOperation = Record<string, Usage>;

export type MeterReading = {
  /** By function name; calls of the local cloud itself (event source polls, schedules) stand under `event-sources`. */
  functions: Record<string, UsageByOperation>;
  /** By the id a function sent in `x-millrace-job`. */
  jobs: Record<string, UsageByOperation>;
  /** Invocations by function name. */
  invocations: Record<string, { count: number; cold: number; errors: number; durationMs: number }>;
};

const maxJobs = 20_000;

const nothing = (): Usage => ({ calls: 0, readUnits: 0, writeUnits: 0, bytesIn: 0, bytesOut: 0, errors: 0 });

const add = (group: Record<string, UsageByOperation>, name: string, operation: string, usage: Partial<Usage>): void => {
  group[name] ??= {};
  group[name][operation] ??= nothing();
  const total = group[name][operation];
  total.calls += usage.calls ?? 1;
  total.readUnits += usage.readUnits ?? 0;
  total.writeUnits += usage.writeUnits ?? 0;
  total.bytesIn += usage.bytesIn ?? 0;
  total.bytesOut += usage.bytesOut ?? 0;
  total.errors += usage.errors ?? 0;
};

/** Counts what would be billed. Figures are sums since the start or the last `reset`. */
export class Meter {
  #reading: MeterReading = { functions: {}, jobs: {}, invocations: {} };
  #jobs = 0;

  /** `usage.calls` defaults to 1. Jobs beyond the first 20,000 are counted under their function only. */
  count(functionName: string, operation: string, usage: Partial<Usage> = {}, jobId?: string): void {
    add(this.#reading.functions, functionName, operation, usage);
    if (jobId === undefined) return;
    if (!Object.hasOwn(this.#reading.jobs, jobId)) {
      if (this.#jobs >= maxJobs) return;
      this.#jobs += 1;
    }
    add(this.#reading.jobs, jobId, operation, usage);
  }

  countInvocation(functionName: string, record: { cold: boolean; failed: boolean; durationMs: number }): void {
    const { invocations } = this.#reading;
    invocations[functionName] ??= { count: 0, cold: 0, errors: 0, durationMs: 0 };
    const total = invocations[functionName];
    total.count += 1;
    total.cold += record.cold ? 1 : 0;
    total.errors += record.failed ? 1 : 0;
    total.durationMs += record.durationMs;
  }

  /** A copy: later calls do not change it. */
  read(): MeterReading {
    return structuredClone(this.#reading);
  }

  reset(): void {
    this.#reading = { functions: {}, jobs: {}, invocations: {} };
    this.#jobs = 0;
  }
}
