import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DeployedScript, ScriptDirectory } from '../jobs/plan-run.ts';
import type { Grants } from '../model/roster.ts';
import { onlyStated } from '../model/run-settings.ts';
import { ScriptReads } from './catalog-scripts.ts';

/** Deployed scripts as run routes name them: an archived one is not found by its path, but its hashes run for ever. */
export class AwsScriptDirectory implements ScriptDirectory {
  readonly #reads: ScriptReads;

  constructor(db: DynamoDBClient, table: string) {
    this.#reads = new ScriptReads(db, table);
  }

  async newest(workspace: string, path: string): Promise<DeployedScript | undefined> {
    const head = await this.#reads.head(workspace, path);
    return head === undefined || head.archived ? undefined : head;
  }

  async version(workspace: string, hash: string): Promise<DeployedScript | undefined> {
    const version = await this.#reads.version(workspace, hash);
    if (version === undefined || version.deleted) return undefined;
    const { path, language, tag, timeout, priority, labels, visible_to_runner_only, on_behalf_of } = version;
    return {
      path,
      hash,
      language,
      tag: tag ?? undefined,
      timeout: timeout ?? undefined,
      priority: priority ?? undefined,
      labels: labels ?? undefined,
      visible_to_runner_only: visible_to_runner_only ?? undefined,
      settings: onlyStated(version),
      on_behalf_of,
    };
  }

  async grants(workspace: string, path: string): Promise<Grants> {
    return (await this.#reads.head(workspace, path))?.extra_perms ?? {};
  }
}
