/** A task definition as its template describes it: one container, which plays the whole task. */
export type TaskDefinition = {
  /** With its revision. */
  arn: string;
  container: string;
  /** Folder that stands for the image's /var/task. */
  codeDir: string;
  /** File of `codeDir` that Node runs. */
  program: string;
  environment: Record<string, string>;
  memoryMb: number;
  /** Between SIGTERM and SIGKILL of a task that is stopped. */
  stopTimeoutSeconds: number;
  executionRoleArn: string;
  taskRoleArn?: string;
};

/** How a task ended. */
export type TaskStop = {
  code: 'EssentialContainerExited' | 'UserInitiated' | 'TaskFailedToStart' | 'SpotInterruption';
  reason: string;
};
