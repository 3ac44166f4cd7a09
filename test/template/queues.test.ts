import { describe, expect, it } from 'vitest';
import { type Cfn, Synthesized } from './synthesized.ts';

const cloud = new Synthesized();
const queues = [...cloud.all('AWS::SQS::Queue')];
const mappings = [...cloud.all('AWS::Lambda::EventSourceMapping')];
const streams = mappings.filter(([, { Properties }]) => 'StartingPosition' in Properties);
const polled = mappings.filter((mapping) => !streams.includes(mapping));
const tagQueues = queues.filter(([id]) => /^(Tag|Priority)/.test(id));

describe('queues', () => {
  it('are one a tag, one a group for jobs with a priority, dead letters, those of schedules, and what expiry could not deal with', () => {
    expect(tagQueues.map(([id]) => id.replace(/Queue.*/, ''))).toEqual([
      'Prioritydefault',
      'Tagpython3',
      'Tagbash',
      'Tagbun',
      'Tagdependency',
    ]);
    expect(queues).toHaveLength(8);
  });

  it.each(queues)('%s is encrypted by SQS', (_id, { Properties }) => {
    expect(Properties.SqsManagedSseEnabled).toBe(true);
  });

  it.each(queues)('%s refuses plain HTTP', (id) => {
    const statements = [...cloud.all('AWS::SQS::QueuePolicy').values()]
      .filter(({ Properties }) => Properties.Queues.some((queue: Cfn) => queue.Ref === id))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    expect(statements).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
    expect(statements.filter((statement: Cfn) => statement.Effect === 'Allow')).toEqual([]);
  });

  it.each(tagQueues)('%s gives a message up after five receives', (_id, { Properties }) => {
    expect(Properties.RedrivePolicy.maxReceiveCount).toBe(5);
    expect(cloud.text(Properties.RedrivePolicy.deadLetterTargetArn)).toMatch(/^DeadLettersQueue/);
  });
});

describe('event source mappings', () => {
  it('feed dispatch from the tags, deadletter from the dead letters, and expiry from the stream of jobs', () => {
    const pairs = mappings.map(([, { Properties }]) =>
      [Properties.EventSourceArn, Properties.FunctionName].map((each) => cloud.text(each).replace(/[0-9A-F]{8}.*/, '')),
    );
    expect(pairs).toEqual([
      ['Tagpython3Queue', 'GroupdefaultDispatchFunction'],
      ['TagbashQueue', 'GroupdefaultDispatchFunction'],
      ['TagbunQueue', 'GroupdefaultDispatchFunction'],
      ['TagdependencyQueue', 'GroupdefaultDispatchFunction'],
      ['PrioritydefaultQueue', 'GroupdefaultDispatchFunction'],
      ['DeadLettersQueue', 'DeadletterFunction'],
      ['JobsTable', 'UpkeepExpiryFunction'],
    ]);
  });

  it.each(polled)('%s bounds its concurrency and reports failures one by one', (_id, { Properties }) => {
    expect(Properties.ScalingConfig.MaximumConcurrency).toBeGreaterThanOrEqual(2);
    expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  });

  it.each(polled)('%s keeps a message invisible at least as long as its function may run', (_id, { Properties }) => {
    const queue = cloud.all('AWS::SQS::Queue').get(cloud.text(Properties.EventSourceArn).replace(/\.Arn$/, ''))!;
    const fn = cloud.all('AWS::Lambda::Function').get(cloud.text(Properties.FunctionName))!;
    expect(queue.Properties.VisibilityTimeout).toBeGreaterThan(fn.Properties.Timeout);
  });

  it('hand expiry the jobs that their time to live removed, and nothing else', () => {
    const [, { Properties }] = streams[0]!;
    expect(JSON.parse(Properties.FilterCriteria.Filters[0].Pattern)).toEqual({
      eventName: ['REMOVE'],
      userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] },
      dynamodb: { Keys: { sk: { S: ['job'] } } },
    });
    expect(Properties).toMatchObject({
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(Properties.MaximumRetryAttempts).toBeGreaterThan(0);
    expect(cloud.text(Properties.DestinationConfig.OnFailure.Destination)).toMatch(/^UpkeepLostQueue/);
  });

  it('hand out one message at a time unless the group says otherwise', () => {
    const small = new Synthesized({
      workerGroups: [
        { name: 'default', tags: ['python3'], runnerConcurrency: 90 },
        {
          name: 'quick',
          tags: ['quick'],
          timeLimitSeconds: 60,
          batchSize: 10,
          maxConcurrency: 4,
          priorityConcurrency: 2,
          runnerConcurrency: 60,
        },
      ],
    });
    const sizes = [...small.all('AWS::Lambda::EventSourceMapping')].map(([id, { Properties }]) => [
      id.replace(/[0-9A-F]{8}$/, ''),
      Properties.BatchSize,
    ]);
    expect(sizes).toEqual([
      ['GroupdefaultFrompython3', 1],
      ['GroupdefaultFromPriority', 1],
      ['GroupquickFromquick', 10],
      ['GroupquickFromPriority', 10],
      ['FromDeadLetters', 10],
      ['UpkeepFromRemovals', 100],
    ]);
  });
});

describe('a second worker group', () => {
  const two = new Synthesized({
    workerGroups: [
      { name: 'default', tags: ['python3'], runnerConcurrency: 90 },
      { name: 'big', tags: ['big'], memoryMb: 8192, timeLimitSeconds: 300, runnerConcurrency: 30 },
    ],
  });

  it('has a runner of its own, that only its own dispatch invokes', () => {
    expect(two.fn('GroupbigRunnerFunction').Properties).toMatchObject({
      MemorySize: 8192,
      Timeout: 330,
      TenancyConfig: { TenantIsolationMode: 'PER_TENANT' },
      ReservedConcurrentExecutions: 30,
    });
    expect(two.rolesThatMay('lambda:InvokeFunction', /^GroupbigRunner/)).toEqual(['GroupbigDispatchRole']);
  });

  it('takes messages only from its own tags, and may send to all', () => {
    expect(two.rolesThatMay('sqs:ReceiveMessage', /^(Tag|Priority)big/)).toEqual(['GroupbigDispatchRole']);
    expect(two.rolesThatMay('sqs:SendMessage', /^Prioritybig/)).toContain('GroupdefaultDispatchRole');
    expect(two.rolesThatMay('sqs:SendMessage', /^Tagpython3/)).toContain('GroupbigDispatchRole');
  });
});

describe('the reaper', () => {
  it('is called once a minute and not again when it fails', () => {
    const [, schedule] = [...cloud.all('AWS::Scheduler::Schedule')].find(([id]) => id.startsWith('Reaper'))!;
    expect(schedule!.Properties).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { RetryPolicy: { MaximumRetryAttempts: 0 } },
    });
    expect(cloud.text(schedule!.Properties.Target.Arn)).toMatch(/^ReaperFunction/);
  });
});
