import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CloudOptions, type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { imagePath } from '../../local/image-path.ts';
import { Client } from './client.ts';

const sharedIn = (home: string): string => join(home, 'shared');

/** A whole Millrace in this process, on a state folder of its own. */
export class Millrace extends Client {
  readonly cloud: LocalCloud;
  readonly home: string;
  /** A folder that scripts may read and write, unlike the rest of this machine. */
  readonly shared: string;
  /** What the local cloud reported, one line each. */
  readonly reports: string[];

  private constructor(cloud: LocalCloud, home: string, reports: string[]) {
    super(cloud.url, cloud.adminToken);
    this.cloud = cloud;
    this.home = home;
    this.shared = sharedIn(home);
    this.reports = reports;
  }

  static async start(options: Partial<CloudOptions> = {}): Promise<Millrace> {
    const home = options.home ?? (await mkdtemp(join(tmpdir(), 'millrace-test-')));
    await mkdir(sharedIn(home), { recursive: true });
    const reports: string[] = [];
    const root = resolve(import.meta.dirname, '../..');
    const begun = startLocalCloud({
      home,
      port: 0,
      share: [sharedIn(home)],
      imagePath: imagePath(root, process.env.PATH ?? ''),
      report: (line) => reports.push(line),
      ...options,
    });
    const cloud = await begun.catch(async (error: unknown) => {
      await rm(home, { recursive: true, force: true });
      throw error;
    });
    return new Millrace(cloud, home, reports);
  }

  async stop(): Promise<void> {
    await this.cloud.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}
