import { join } from 'node:path';
import { bundleFunctions, ZipFunction } from './bundle.ts';
import { assembleRunnerImage } from './runner-image.ts';

/** Where the built code of each function lies: a folder to zip, and for the runner a folder to build an image from. */
export type Assets = { zip: (name: ZipFunction) => string; runnerImage: string };

/** Builds everything that deploys into `target`, which is emptied first. */
export const buildAssets = async (root: string, target: string): Promise<Assets> => {
  await bundleFunctions(root, [...ZipFunction.options, 'runner'], target);
  assembleRunnerImage(root, join(target, 'runner'), join(target, 'runner-image'));
  return { zip: (name) => join(target, name), runnerImage: join(target, 'runner-image') };
};
