/** What a queue says of jobs where there is no other lane than Lambda. */
export const lambdaOnly = {
  runsAsTask: () => false,
  timeLimits: () => ({ usual: 840, longest: 840 }),
};
