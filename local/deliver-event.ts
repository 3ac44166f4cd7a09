import { Json } from '../shared/model/json.ts';
import type { EventRule } from './assembly/event-rules.ts';
import { matchesEvent } from './lambda/event-pattern.ts';
import type { LambdaService } from './lambda/lambda-service.ts';
import type { TaskEvent } from './services/ecs/ecs-service.ts';

/** Hands an event to the functions of every rule that it passes, as EventBridge does: without waiting, and tried again. */
export const deliverEvent =
  (rules: readonly EventRule[], lambda: LambdaService, report: (line: string) => void) =>
  (event: TaskEvent): void => {
    const text = JSON.stringify(event);
    const json = Json.parse(JSON.parse(text));
    for (const { functions } of rules.filter(({ pattern }) => matchesEvent(pattern, json)))
      for (const name of functions)
        lambda
          .invokeAsync(name, Buffer.from(text))
          .catch((error: unknown) => report(`an event did not reach ${name}: ${String(error)}`));
  };
