/** The job cannot be run at all, and trying again would not help. The message completes its error. */
export class NotRunnable extends Error {
  override readonly name = 'NotRunnable';
}
