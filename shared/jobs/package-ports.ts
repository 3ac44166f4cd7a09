import type { StatedContent } from '../model/runner.ts';

/** Archives of packages in the bucket, each under its workspace and the hash of its content, put there once. */
export interface PackageArchives {
  /** GETs in the order asked for, each good for at least `seconds`, for whoever has no rights of his own. */
  links(workspace: string, hashes: string[], seconds: number): Promise<string[]>;
  /** PUTs in the order asked for, good for `seconds`: this content, and only where nothing is yet. */
  places(
    workspace: string,
    archives: StatedContent[],
    seconds: number,
  ): Promise<{ url: string; headers: Record<string, string> }[]>;
  /** Whether the archive is there, and is what its name says. Something else under its name is removed. */
  check(workspace: string, sha256: string): Promise<boolean>;
}
