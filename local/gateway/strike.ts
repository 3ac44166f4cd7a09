import { unreachable } from '../../shared/model/errors.ts';
import type { Clock } from '../clock.ts';
import { AwsError } from '../services/aws-error.ts';
import type { FaultAction } from './faults.ts';

/** Thrown to cut the connection without an answer. */
export class CutConnection extends Error {}

const throttles: Record<string, [code: string, status: number]> = {
  s3: ['SlowDown', 503],
  lambda: ['TooManyRequestsException', 429],
  scheduler: ['ThrottlingException', 429],
};

const throttled = (service: string): AwsError => {
  const [code, status] = throttles[service] ?? ['ThrottlingException', 400];
  return new AwsError(code, status, 'Rate exceeded');
};

/** Applies what strikes before the service acts: may wait, throw AwsError, or throw CutConnection. */
export const strikeBefore = async (
  actions: FaultAction[],
  service: string,
  kill: () => void,
  clock: Clock,
): Promise<void> => {
  for (const action of actions) {
    switch (action.kind) {
      case 'refuse':
        throw new AwsError(action.code, action.status, 'refused by an injected fault');
      case 'throttle':
        throw throttled(service);
      case 'cut-before':
        throw new CutConnection();
      case 'delay':
        await clock.sleep(action.ms);
        break;
      case 'kill-before':
        kill();
        throw new CutConnection();
      case 'drop-answer':
      case 'duplicate':
      case 'kill-after':
      case 'redeliver':
        break;
      default:
        unreachable(action);
    }
  }
};

/** Applies what strikes after the service has acted: may throw CutConnection. */
export const strikeAfter = (actions: FaultAction[], kill: () => void): void => {
  const killed = actions.some((action) => action.kind === 'kill-after');
  if (killed) kill();
  if (killed || actions.some((action) => action.kind === 'drop-answer')) throw new CutConnection();
};
