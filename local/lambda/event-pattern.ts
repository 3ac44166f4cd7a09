import { z } from 'zod';
import { isJsonObject, type Json, parseJson } from '../../shared/model/json.ts';
import type { QueueMessage } from './definitions.ts';

const Rule = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.strictObject({ prefix: z.string() }),
  z.strictObject({ suffix: z.string() }),
  z.strictObject({ exists: z.boolean() }),
  z.strictObject({ 'anything-but': z.array(z.union([z.string(), z.number()])) }),
]);
type Rule = z.infer<typeof Rule>;

/** An event filter of the template: for each key a list of rules, of which one must hold, or a pattern one level down. */
export type EventPattern = { [key: string]: Rule[] | EventPattern };

const Pattern: z.ZodType<EventPattern> = z.lazy(() => z.record(z.string(), z.union([z.array(Rule), Pattern])));

/** Throws for rules that the local cloud does not know, instead of letting every message through. */
export const parsePattern = (text: string): EventPattern => Pattern.parse(JSON.parse(text));

const holds = (rule: Rule, value: Json | undefined): boolean => {
  if (typeof rule !== 'object' || rule === null) return rule === value;
  if ('exists' in rule) return rule.exists === (value !== undefined);
  if ('prefix' in rule) return typeof value === 'string' && value.startsWith(rule.prefix);
  if ('suffix' in rule) return typeof value === 'string' && value.endsWith(rule.suffix);
  return value !== undefined && !rule['anything-but'].some((other) => other === value);
};

const matches = (pattern: EventPattern, value: Json | undefined): boolean =>
  Object.entries(pattern).every(([key, rules]) => {
    const inner = value !== undefined && isJsonObject(value) ? value[key] : undefined;
    return Array.isArray(rules) ? rules.some((rule) => holds(rule, inner)) : matches(rules, inner);
  });

/** Whether an event passes a filter. */
export const matchesEvent = (pattern: EventPattern, event: Json): boolean => matches(pattern, event);

const EVENT_NAMES = ['INSERT', 'MODIFY', 'REMOVE'] as const;

/** The kinds of stream records that any of the filters could want; all without a filter. */
export const eventNamesOf = (patterns: EventPattern[]): (typeof EVENT_NAMES)[number][] =>
  EVENT_NAMES.filter((eventName) => {
    const wants = ({ eventName: rules }: EventPattern): boolean =>
      rules === undefined || matches({ eventName: rules }, { eventName });
    return patterns.length === 0 || patterns.some(wants);
  });

/** Whether a message passes a filter. The body counts as JSON when it is JSON, else as text. */
export const matchesMessage = (pattern: EventPattern, message: QueueMessage): boolean => {
  const body = parseJson(message.body);
  const { attributes, messageId } = message;
  return matches(pattern, { body: body.ok ? body.value : message.body, attributes, messageId });
};
