import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const bunFolders = (root: string): string[] => {
  const scope = join(root, 'node_modules', '@oven');
  if (!existsSync(scope)) return [];
  return readdirSync(scope)
    .map((name) => join(scope, name, 'bin'))
    .filter((folder) => existsSync(join(folder, 'bun')));
};

/** npm installs the program without its executable bit. Where that cannot be mended, the user's own uv is found instead. */
const uvFolders = (root: string): string[] => {
  const folder = join(root, 'node_modules', '@manzt', 'uv-linux-x64', 'bin');
  try {
    chmodSync(join(folder, 'uv'), 0o755);
    return [folder];
  } catch {
    return [];
  }
};

/**
 * PATH of the stand-in for the runner's image: bun and uv of the package list and this Node first, then the user's own PATH
 * without the folders npm puts before it.
 */
export const imagePath = (root: string, userPath: string): string => {
  const own = userPath.split(delimiter).filter((folder) => folder !== '' && !folder.includes('node_modules'));
  return [...new Set([...bunFolders(root), ...uvFolders(root), dirname(process.execPath), ...own])].join(delimiter);
};
