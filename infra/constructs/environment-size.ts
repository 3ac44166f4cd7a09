import { Stack } from 'aws-cdk-lib';
import type { Construct, IValidation } from 'constructs';

/** What Lambda takes of a function's environment, which it measures as JSON: the quotes of JSON within it count as escaped. */
const LIMIT_BYTES = 4096;
/** Lambda counts its own settings of the function in, too. */
const RESERVE_BYTES = 100;
/** What CloudFormation fills in, at its longest: by what the reference to it speaks of, the first that fits. */
const FILLED_IN: [RegExp, number][] = [
  [/QueueName/, 80],
  [/Subnet|SecurityGroup|GroupId/, 24],
  // An ARN or a URL of the longest name, in the region with the longest one.
  [/./, 134],
];

/** Bytes of a resolved value at most: what only CloudFormation knows is counted as its longest. */
const bytesOf = (value: unknown): number => {
  if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value)) - 2;
  if (typeof value !== 'object' || value === null) return String(value).length;
  if ('Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [, parts]: unknown[] = value['Fn::Join'];
    return Array.isArray(parts) ? parts.reduce((sum: number, part: unknown) => sum + bytesOf(part), 0) : 0;
  }
  const reference = JSON.stringify(value);
  return FILLED_IN.find(([speaksOf]) => speaksOf.test(reference))?.[1] ?? 0;
};

/** Bytes that a function's environment may take once it is deployed. */
const environmentBytes = (scope: Construct, environment: Record<string, string>): number =>
  Object.entries(environment).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(`"${name}":"",`) + bytesOf(Stack.of(scope).resolve(value)),
    0,
  );

/** Fails synth where Lambda would refuse a deployment, which has by then changed half of what it should. */
export const environmentFits = (scope: Construct, environment: Record<string, string>): IValidation => ({
  validate: () => {
    const bytes = environmentBytes(scope, environment);
    if (bytes <= LIMIT_BYTES - RESERVE_BYTES) return [];
    const largest = Object.entries(environment)
      .map(([name, value]): [string, number] => [name, bytesOf(Stack.of(scope).resolve(value))])
      .sort(([, one], [, other]) => other - one)
      .slice(0, 3)
      .map(([name, size]) => `${name} ${size}`);
    return [
      `its environment may take ${bytes} bytes and Lambda takes ${LIMIT_BYTES - RESERVE_BYTES} ` +
        `(${largest.join(', ')}): serve fewer tags, or fewer worker groups, with this deployment`,
    ];
  },
});
