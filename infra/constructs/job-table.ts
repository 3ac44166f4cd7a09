import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';

const text = (name: string): { name: string; type: AttributeType } => ({ name, type: AttributeType.STRING });

/** Index name -> its keys. Each is sparse: an item without the partition key is not in it. */
const INDEXES: Record<string, [partition: string, sort: string]> = {
  runs: ['runs', 'sort'],
  path: ['by_path', 'sort'],
  live: ['live', 'due'],
  failed: ['failed', 'sort'],
};

/** Names of the job table's indexes, for rights that name them one by one. */
export const JOB_INDEXES = Object.keys(INDEXES);

/** Only what is fixed when a job is created, so that no transition ever rewrites an index row. */
const PROJECTED = [
  'id',
  'workspace',
  'kind',
  'created_by',
  'permissioned_as',
  'tag',
  'path',
  'schedule_path',
  'parent_job',
  'created_at',
  'scheduled_for',
];

/** Jobs and everything that lives as long as a job: huge, on demand, emptied by TTL (`expires`, seconds since 1970). */
export class JobTable extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string, props: { removal: RemovalPolicy; protect: boolean }) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      timeToLiveAttribute: 'expires',
      stream: StreamViewType.OLD_IMAGE,
      removalPolicy: props.removal,
      deletionProtection: props.protect,
    });
    for (const [indexName, [partition, sort]] of Object.entries(INDEXES)) {
      this.table.addGlobalSecondaryIndex({
        indexName,
        partitionKey: text(partition),
        sortKey: text(sort),
        projectionType: ProjectionType.INCLUDE,
        nonKeyAttributes: PROJECTED,
      });
    }
  }
}
