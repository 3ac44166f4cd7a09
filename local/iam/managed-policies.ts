import type { Statement } from './policy.ts';

const logs: Statement[] = [
  { Effect: 'Allow', Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'], Resource: ['*'] },
];

const known: Record<string, Statement[]> = { 'service-role/AWSLambdaBasicExecutionRole': logs };

/** The statements of a policy AWS keeps. Throws for one that is not written down here: nothing is allowed by guess. */
export const managedPolicy = (arn: string): Statement[] => {
  const name = arn.slice(arn.indexOf(':policy/') + ':policy/'.length);
  const statements = known[name];
  if (statements === undefined) throw new Error(`AWS managed policy ${arn} is not known to the local cloud`);
  return statements;
};
