import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { DynamoDbService } from '../../../../local/services/dynamodb/dynamodb-service.ts';

const place = { accountId: '000000000000', region: 'us-east-1' };
const NEXT_NUMBER =
  "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 'jobs'";

test('a write to a table with a stream finds its sequence number by an index, after a restart too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-stream-index-'));
  try {
    for (const _start of [1, 2]) {
      const service = await DynamoDbService.start({ folder, place });
      await service.close();
    }
    const database = new DatabaseSync(join(folder, 'dynamodb.db'));
    const [step] = database.prepare(`EXPLAIN QUERY PLAN ${NEXT_NUMBER}`).all();
    database.close();
    expect(step?.detail).toContain('USING COVERING INDEX millrace_sequence');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
